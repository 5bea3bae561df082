/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The EVPD 0x83 protocol-identifier library: names of SCSI ports.
 *
 * Pure functions over byte buffers: no kernel object, no allocation, no
 * locale.  Any context may call them.  The same source is built into the
 * module and into user-space tests.
 */
#ifndef TCM_LOOP_PROTOCOL_ID_H
#define TCM_LOOP_PROTOCOL_ID_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stddef.h>
#include <stdint.h>
typedef uint8_t u8;
typedef uint64_t u64;
#endif

/* PROTOCOL IDENTIFIER: SPC-4 r37, 7.6.1, table 477 */
enum protocol_id {
	PROTOCOL_ID_FCP = 0x0,
	PROTOCOL_ID_ISCSI = 0x5,
	PROTOCOL_ID_SAS = 0x6,
};

/* An iSCSI name is at most 223 bytes: RFC 7143, 4.2.7.2 */
#define PROTOCOL_ISCSI_NAME_MAX 223
#define PROTOCOL_NAME_SIZE (PROTOCOL_ISCSI_NAME_MAX + 1)

/**
 * struct protocol_name - a target's or an initiator port's name
 * @protocol: which transport protocol it belongs to
 * @text: the name in the form that the target core expects: "naa." and
 *	hexadecimal digits, eight hexadecimal bytes separated by colons for FC,
 *	or the iSCSI name
 */
struct protocol_name {
	enum protocol_id protocol;
	char text[PROTOCOL_NAME_SIZE];
};

/**
 * struct protocol_name_error - why a name was refused
 * @at: index of the first character that cannot be accepted; the length of
 *	the name if it ended too early
 * @accepted: what would have been accepted
 */
struct protocol_name_error {
	size_t at;
	const char *accepted;
};

int protocol_name_parse(const char *given, size_t len,
			struct protocol_name *name,
			struct protocol_name_error *error);
const char *protocol_id_string(enum protocol_id protocol);
const char *protocol_name_accepted(enum protocol_id protocol);

#endif /* TCM_LOOP_PROTOCOL_ID_H */
