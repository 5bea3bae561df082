/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The EVPD 0x83 protocol-identifier library: names of SCSI ports, TransportIDs
 * and the designators of the Device Identification VPD page.
 *
 * Pure functions over byte buffers: no kernel object, no allocation, no
 * locale.  Any context may call them, and no lock is needed.  The same source
 * is built into the module and into user-space tests.
 *
 * Clauses are those of SPC-4 revision 37 where nothing else is said; a table
 * is cited where its number was at hand.
 */
#ifndef TCM_LOOP_PROTOCOL_ID_H
#define TCM_LOOP_PROTOCOL_ID_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
typedef uint8_t u8;
typedef uint16_t u16;
#endif

/*
 * PROTOCOL IDENTIFIER field values: SPC-4, 7.6.1; UAS, SOP and PCIe came with
 * SPC-4 and SPC-5.
 */
enum protocol_id {
	PROTOCOL_ID_FCP = 0x0,
	PROTOCOL_ID_SPI = 0x1,
	PROTOCOL_ID_SSA = 0x2,
	PROTOCOL_ID_SBP = 0x3,
	PROTOCOL_ID_SRP = 0x4,
	PROTOCOL_ID_ISCSI = 0x5,
	PROTOCOL_ID_SAS = 0x6,
	PROTOCOL_ID_ADT = 0x7,
	PROTOCOL_ID_ATA = 0x8,
	PROTOCOL_ID_UAS = 0x9,
	PROTOCOL_ID_SOP = 0xa,
	PROTOCOL_ID_PCIE = 0xb,
	PROTOCOL_ID_NONE = 0xf,
};

/* An iSCSI name is at most 223 bytes: RFC 7143, 4.2.7.2 */
#define PROTOCOL_ISCSI_NAME_MAX 223
#define PROTOCOL_NAME_SIZE (PROTOCOL_ISCSI_NAME_MAX + 1)

/* An ISID is 6 bytes, written in hexadecimal: RFC 7143, 11.12.5 and 4.2.7.1 */
#define PROTOCOL_ISID_DIGITS 12

/* Between an iSCSI name and an ISID: RFC 7143, 4.2.7.1; SPC-4, table 508 */
#define ISID_SEPARATOR ",i,0x"
#define ISID_SEPARATOR_LEN (sizeof(ISID_SEPARATOR) - 1)

/**
 * enum protocol_role - what is named
 * @PROTOCOL_TARGET: a SCSI target device
 * @PROTOCOL_INITIATOR: a SCSI initiator port
 */
enum protocol_role {
	PROTOCOL_TARGET,
	PROTOCOL_INITIATOR,
};

/* The longest name of a SAS or FC initiator port that has a TransportID. */
#define PROTOCOL_PORT_SIZE sizeof("00:00:00:00:00:00:00:00")

/**
 * struct protocol_name - a target's or an initiator port's name
 * @protocol: which transport protocol it belongs to
 * @text: the name in the form that the target core expects: "naa." and
 *	hexadecimal digits, eight hexadecimal bytes separated by colons for FC,
 *	the iSCSI name, "0x" and 32 hexadecimal digits for SRP, 16 for SBP; of
 *	an odd name, what was given, for FC without the prefix
 * @isid: of an iSCSI initiator port, its initiator session identifier as 12
 *	hexadecimal digits in lower case; empty where none was given
 * @port: of a SAS or FC initiator port, the name that its TransportID reads
 *	back as; else empty
 * @odd: the name only has the protocol's prefix, and is none of its names
 */
struct protocol_name {
	enum protocol_id protocol;
	char text[PROTOCOL_NAME_SIZE];
	char isid[PROTOCOL_ISID_DIGITS + 1];
	char port[PROTOCOL_PORT_SIZE];
	bool odd;
};

/**
 * struct protocol_name_error - why a name is none of its protocol's
 * @at: index of the first character that cannot be accepted; the length of
 *	the name if it ended too early
 * @accepted: what would have been accepted
 */
struct protocol_name_error {
	size_t at;
	const char *accepted;
};

int protocol_hex_digit(char c);
int protocol_name_parse(enum protocol_role role, const char *given, size_t len,
			struct protocol_name *name,
			struct protocol_name_error *error);
const char *protocol_name_of_port(const struct protocol_name *name);
const char *protocol_id_string(enum protocol_id protocol);
const char *protocol_name_accepted(enum protocol_role role,
				   enum protocol_id protocol);
int protocol_name_to_bytes(enum protocol_id protocol, const char *text,
			   u8 *bytes, size_t count);
void protocol_name_from_bytes(enum protocol_id protocol, const u8 *bytes,
			      size_t count, char *text);

/* The longest TransportID is that of an iSCSI initiator port. */
#define TRANSPORT_ID_SIZE                                                      \
	((4 + PROTOCOL_ISCSI_NAME_MAX + 5 + PROTOCOL_ISID_DIGITS + 1 + 3) & ~3)

int transport_id_build(const struct protocol_name *name, u8 *buf, size_t size);
int transport_id_parse(const u8 *buf, size_t len, struct protocol_name *name);

/* PAGE CODE of the Device Identification VPD page: SPC-4, 7.8.6.1 */
#define DEVICE_ID_PAGE 0x83

/* CODE SET field: SPC-4, 7.8.6.1 */
enum designator_code_set {
	DESIGNATOR_BINARY = 1,
	DESIGNATOR_ASCII = 2,
	DESIGNATOR_UTF8 = 3,
};

/* ASSOCIATION field: SPC-4, 7.8.6.1 */
enum designator_association {
	DESIGNATOR_OF_LU = 0,
	DESIGNATOR_OF_PORT = 1,
	DESIGNATOR_OF_DEVICE = 2,
};

/* DESIGNATOR TYPE field: SPC-4, 7.8.6.1; each has its clause below that */
enum designator_type {
	DESIGNATOR_VENDOR_SPECIFIC = 0,
	DESIGNATOR_T10_VENDOR_ID = 1,
	DESIGNATOR_EUI64 = 2,
	DESIGNATOR_NAA = 3,
	DESIGNATOR_RELATIVE_PORT = 4,
	DESIGNATOR_PORT_GROUP = 5,
	DESIGNATOR_LU_GROUP = 6,
	DESIGNATOR_MD5 = 7,
	DESIGNATOR_NAME_STRING = 8,
};

/**
 * struct designator - one designation descriptor, decoded
 * @protocol: of a port or device whose PIV bit is set; else PROTOCOL_ID_NONE
 * @code_set: an enum designator_code_set, or a reserved value
 * @association: an enum designator_association, or 3, which is reserved
 * @type: an enum designator_type, or a later one
 * @len: DESIGNATOR LENGTH
 * @data: the designator, within the page
 */
struct designator {
	enum protocol_id protocol;
	u8 code_set;
	u8 association;
	u8 type;
	u8 len;
	const u8 *data;
};

/* How much longer device_id_complete() may make a page, at most. */
#define DEVICE_ID_GROWTH (4 + 16 + 2 * (4 + 256))

int designator_next(const u8 *page, size_t len, size_t *at,
		    struct designator *designator);
int device_id_complete(const u8 *page, size_t len, u8 *out, size_t size,
		       const struct protocol_name *target, u16 tag);

#endif /* TCM_LOOP_PROTOCOL_ID_H */
