// SPDX-License-Identifier: GPL-2.0-only
/*
 * The EVPD 0x83 protocol-identifier library, see include/protocol_id.h.
 */
#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/string.h>
#else
#include <errno.h>
#include <string.h>
#endif

#include "protocol_id.h"

#define NAA_ACCEPTED                                                           \
	"naa. and 16 hexadecimal digits that begin with 1, 2, 3, 5, 6 "        \
	"or C to F, or 32 that begin with 6"
#define FC_ACCEPTED                                                            \
	"fc. and 16 hexadecimal digits, or eight hexadecimal bytes "           \
	"separated by colons"
#define ISCSI_ACCEPTED                                                         \
	"iqn.yyyy-mm.reversed.domain[:anything] in lower case, "               \
	"at most 223 characters, or eui. and 16 hexadecimal digits"
#define ISID_ACCEPTED                                                          \
	ISCSI_ACCEPTED "; then nothing, or ,i,0x and the 12 hexadecimal "      \
		       "digits of the ISID"

/* Between an iSCSI name and an ISID: RFC 7143, 4.2.7.1; SPC-4, table 508 */
#define ISID_SEPARATOR ",i,0x"
#define ISID_SEPARATOR_LEN (sizeof(ISID_SEPARATOR) - 1)

static char hex_char(unsigned int nibble)
{
	return "0123456789abcdef"[nibble & 0xf];
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/*
 * NAA identifiers: SPC-4 r37, 7.8.6.6.  Locally assigned (3), IEEE extended
 * (2) and registered (5) ones have 16 digits, registered extended ones (6)
 * have 32.  Sixteen digits that begin with 6 are no identifier by the
 * standard, but targetcli and the LIO documentation have always used them;
 * those that begin with 1 are the old IEEE format, which overlaybd uses.  C to
 * F are EUI-64 mapped names of Fibre Channel, which targetcli accepts.
 */
static int parse_naa(const char *given, size_t len, size_t *at, char *text)
{
	size_t i;

	for (i = 4; i < len; i++) {
		if (hex_digit(given[i]) < 0 || i == 4 + 32 ||
		    (i == 4 && !strchr("12356CDEFcdef", given[i])) ||
		    (i == 4 + 16 && given[4] != '6')) {
			*at = i;
			return -EINVAL;
		}
	}
	if (len != 4 + 16 && len != 4 + 32) {
		*at = len;
		return -EINVAL;
	}
	memcpy(text, given, len);
	text[len] = '\0';
	return 0;
}

/* An FC Name_Identifier, eight bytes: FC-FS-3, 18.  The colons are optional. */
static int parse_fc(const char *given, size_t len, size_t *at, char *text)
{
	const int colons = len > 5 && given[5] == ':';
	size_t i, digits = 0;
	char *out = text;

	for (i = 3; i < len; i++) {
		if (colons && digits && digits % 2 == 0 && out[-1] != ':') {
			if (given[i] != ':' || digits == 16) {
				*at = i;
				return -EINVAL;
			}
			*out++ = ':';
			continue;
		}
		if (hex_digit(given[i]) < 0 || digits == 16) {
			*at = i;
			return -EINVAL;
		}
		if (!colons && digits && digits % 2 == 0)
			*out++ = ':';
		*out++ = given[i];
		digits++;
	}
	if (digits != 16) {
		*at = len;
		return -EINVAL;
	}
	*out = '\0';
	return 0;
}

static int is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/*
 * An iSCSI qualified name: RFC 7143, 4.2.7.4, with the characters of RFC 3722.
 * Letters outside ASCII (bytes above 0x7f, UTF-8) pass as they are.
 */
static int parse_iqn(const char *given, size_t len, size_t *at, char *text)
{
	static const char form[] = "iqn.dddd-dd.";
	size_t i, colon = len;

	for (i = 0; i < len; i++) {
		char c = given[i];

		if (i == PROTOCOL_ISCSI_NAME_MAX)
			break;
		if (i < sizeof(form) - 1) {
			if (form[i] == 'd' ? c < '0' || c > '9' : c != form[i])
				break;
			/* a month, 01 to 12 */
			if (i == 10 &&
			    ((given[9] == '0' && c == '0') ||
			     (given[9] == '1' && c > '2') || given[9] > '1'))
				break;
			continue;
		}
		if (c == ':' && i > sizeof(form) - 1) {
			if (colon == len && given[i - 1] == '.')
				break;
			if (colon == len)
				colon = i;
			continue;
		}
		/* the domain name has labels, none of them empty */
		if (c == '.' && colon == len &&
		    (given[i - 1] == '.' || i + 1 == len))
			break;
		if (!is_lower_or_digit(c) && c != '.' && c != '-' &&
		    !((unsigned char)c & 0x80))
			break;
	}
	if (i < len || len < sizeof(form)) {
		*at = i;
		return -EINVAL;
	}
	memcpy(text, given, len);
	text[len] = '\0';
	return 0;
}

/* An EUI-64 in the iSCSI format "eui.": RFC 7143, 4.2.7.5. */
static int parse_eui(const char *given, size_t len, size_t *at, char *text)
{
	size_t i;

	for (i = 4; i < len; i++) {
		if (hex_digit(given[i]) < 0 || i == 4 + 16) {
			*at = i;
			return -EINVAL;
		}
	}
	if (len != 4 + 16) {
		*at = len;
		return -EINVAL;
	}
	memcpy(text, given, len);
	text[len] = '\0';
	return 0;
}

/*
 * The first byte of the name in a TransportID, and how many there are: SPC-4,
 * 7.6.4.2 (FCP), 7.6.4.4 (SBP), 7.6.4.5 (SRP), 7.6.4.7 (SAS).  The length of
 * an iSCSI TransportID is not fixed: 7.6.4.6.
 */
struct transport_id_layout {
	u8 offset;
	u8 bytes;
};

/*
 * A protocol with a prefix has names that a user may write.  The parser: given
 * begins with the prefix, at counts from the start of the whole name.  It
 * returns 0, or -EINVAL with *at at the offending character.
 *
 * before and separator: how the bytes of a TransportID become a name.
 */
struct protocol {
	enum protocol_id id;
	const char *string;
	const char *prefix;
	int (*parse)(const char *given, size_t len, size_t *at, char *text);
	const char *accepted[2]; /* by role */
	struct transport_id_layout layout;
	const char *before;
	char separator;
};

static const struct protocol protocols[] = {
	{
		.id = PROTOCOL_ID_SAS,
		.string = "SAS",
		.prefix = "naa.",
		.parse = parse_naa,
		.accepted = { NAA_ACCEPTED, NAA_ACCEPTED },
		.layout = { 4, 8 },
		.before = "naa.",
	},
	{
		.id = PROTOCOL_ID_FCP,
		.string = "FC",
		.prefix = "fc.",
		.parse = parse_fc,
		.accepted = { FC_ACCEPTED, FC_ACCEPTED },
		.layout = { 8, 8 },
		.before = "",
		.separator = ':',
	},
	{
		.id = PROTOCOL_ID_ISCSI,
		.string = "iSCSI",
		.prefix = "iqn.",
		.parse = parse_iqn,
		.accepted = { ISCSI_ACCEPTED, ISID_ACCEPTED },
	},
	{
		.id = PROTOCOL_ID_ISCSI,
		.string = "iSCSI",
		.prefix = "eui.",
		.parse = parse_eui,
		.accepted = { ISCSI_ACCEPTED, ISID_ACCEPTED },
	},
	{
		.id = PROTOCOL_ID_SRP,
		.string = "SRP",
		.layout = { 8, 16 },
		.before = "0x",
	},
	{
		.id = PROTOCOL_ID_SBP,
		.string = "SBP",
		.layout = { 8, 8 },
		.before = "",
	},
};

#define NR_PROTOCOLS (sizeof(protocols) / sizeof(protocols[0]))

static const struct protocol *protocol_by_id(enum protocol_id id)
{
	size_t i;

	for (i = 0; i < NR_PROTOCOLS; i++)
		if (protocols[i].id == id)
			return &protocols[i];
	return NULL;
}

static const struct protocol *protocol_by_prefix(const char *given, size_t len)
{
	size_t i, prefix;

	for (i = 0; i < NR_PROTOCOLS; i++) {
		if (!protocols[i].prefix)
			continue;
		prefix = strlen(protocols[i].prefix);
		if (len >= prefix &&
		    !memcmp(given, protocols[i].prefix, prefix))
			return &protocols[i];
	}
	return NULL;
}

/**
 * protocol_id_string - the everyday name of a protocol
 * @protocol: the protocol
 *
 * Return: "SAS", "FC", "iSCSI", "SRP" or "SBP"; "unknown" for any other.
 */
const char *protocol_id_string(enum protocol_id protocol)
{
	const struct protocol *p = protocol_by_id(protocol);

	return p ? p->string : "unknown";
}

/**
 * protocol_name_accepted - what the names of a protocol look like
 * @role: whose names
 * @protocol: the protocol
 *
 * Return: a phrase for a message to the user.
 */
const char *protocol_name_accepted(enum protocol_role role,
				   enum protocol_id protocol)
{
	const struct protocol *p = protocol_by_id(protocol);

	return p && p->accepted[role] ? p->accepted[role] : "nothing";
}

/* ",i,0x" and 12 digits at the end of an initiator port's name. */
static int parse_isid(const char *given, size_t len, size_t start, size_t *at,
		      char *isid)
{
	size_t i;

	for (i = start; i < len; i++) {
		size_t n = i - start;

		if (n < ISID_SEPARATOR_LEN) {
			if (given[i] != ISID_SEPARATOR[n])
				break;
			continue;
		}
		n -= ISID_SEPARATOR_LEN;
		if (n == PROTOCOL_ISID_DIGITS || hex_digit(given[i]) < 0)
			break;
		isid[n] = hex_char(hex_digit(given[i]));
	}
	if (i < len ||
	    len - start != ISID_SEPARATOR_LEN + PROTOCOL_ISID_DIGITS) {
		*at = i;
		return -EINVAL;
	}
	isid[PROTOCOL_ISID_DIGITS] = '\0';
	return 0;
}

/* The hexadecimal digits of text as bytes; separators between bytes may be. */
static int text_to_bytes(const struct protocol *p, const char *text, u8 *bytes,
			 size_t count)
{
	size_t before = strlen(p->before), i;
	int high, low;

	if (strncmp(text, p->before, before))
		return -EINVAL;
	text += before;
	for (i = 0; i < count; i++) {
		if (i && p->separator && *text++ != p->separator)
			return -EINVAL;
		high = hex_digit(text[0]);
		low = high < 0 ? -1 : hex_digit(text[1]);
		if (low < 0)
			return -EINVAL;
		bytes[i] = high << 4 | low;
		text += 2;
	}
	return 0;
}

static void bytes_to_text(const struct protocol *p, const u8 *bytes,
			  size_t count, char *text)
{
	size_t before = strlen(p->before), i;

	memcpy(text, p->before, before);
	text += before;
	for (i = 0; i < count; i++) {
		if (i && p->separator)
			*text++ = p->separator;
		*text++ = hex_char(bytes[i] >> 4);
		*text++ = hex_char(bytes[i]);
	}
	*text = '\0';
}

/* A name of the protocol, with or without an ISID. */
static int parse_well_formed(const struct protocol *p, enum protocol_role role,
			     const char *given, size_t len,
			     struct protocol_name *name, size_t *at)
{
	const char *comma = NULL;
	size_t text_len = len;

	if (role == PROTOCOL_INITIATOR && p->id == PROTOCOL_ID_ISCSI)
		comma = memchr(given, ',', len);
	if (comma)
		text_len = comma - given;
	if (p->parse(given, text_len, at, name->text))
		return -EINVAL;
	if (comma)
		return parse_isid(given, len, text_len, at, name->isid);
	return 0;
}

static bool is_printable(const char *given, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)given[i] <= ' ' || given[i] == 0x7f)
			return false;
	return true;
}

/*
 * The name by which the target core knows a SAS or FC initiator port.  The core
 * makes the port's TransportID of the name, and finds the port by what a
 * TransportID reads back as: in lower case, with 16 digits.  A name that has no
 * 16 digits gets a locally assigned NAA identifier (SPC-4 r37, 7.8.6.6), the
 * same for the same name on each machine: 60 bits of the name's FNV-1a hash.
 */
static void name_port(const struct protocol *p, struct protocol_name *name)
{
	unsigned long long hash = 0xcbf29ce484222325ULL;
	const char *c;
	u8 naa[8];
	int i;

	if (text_to_bytes(p, name->text, naa, sizeof(naa))) {
		for (c = name->text; *c; c++)
			hash = (hash ^ (unsigned char)*c) * 0x100000001b3ULL;
		for (i = 7; i >= 0; i--, hash >>= 8)
			naa[i] = hash;
		naa[0] = 0x30 | (naa[0] & 0xf);
	}
	bytes_to_text(p, naa, sizeof(naa), name->port);
}

static bool has_separator(const char *given, size_t len)
{
	size_t i;

	for (i = 0; i + ISID_SEPARATOR_LEN <= len; i++)
		if (!memcmp(given + i, ISID_SEPARATOR, ISID_SEPARATOR_LEN))
			return true;
	return false;
}

/*
 * A name that only has the prefix: what the kernel's own tcm_loop takes.  The
 * target core keeps 223 bytes of an initiator port's name, and ends an iSCSI
 * name at the first separator before an ISID.  Old kernels take the name of a
 * directory for a format (configfs, at least until 3.4).
 */
static int parse_odd(const struct protocol *p, enum protocol_role role,
		     const char *given, size_t len, struct protocol_name *name)
{
	const size_t isid_len = ISID_SEPARATOR_LEN + PROTOCOL_ISID_DIGITS;
	size_t skip = p->id == PROTOCOL_ID_FCP ? strlen(p->prefix) : 0, at;
	size_t min = strlen(p->prefix);

	name->isid[0] = '\0';
	if (role == PROTOCOL_INITIATOR && p->id == PROTOCOL_ID_ISCSI &&
	    len > min + isid_len && !has_separator(given, len - isid_len) &&
	    !parse_isid(given, len, len - isid_len, &at, name->isid))
		len -= isid_len;
	else
		name->isid[0] = '\0';
	if (len <= min || len > PROTOCOL_ISCSI_NAME_MAX ||
	    !is_printable(given, len) ||
	    (role == PROTOCOL_TARGET && memchr(given, '%', len)))
		return -EINVAL;
	name->odd = true;
	memcpy(name->text, given + skip, len - skip);
	name->text[len - skip] = '\0';
	return 0;
}

/**
 * protocol_name_parse - read a target's or an initiator port's name
 * @role: which of the two; only an iSCSI initiator port may have an ISID
 * @given: what the user wrote; need not end with a NUL
 * @len: its length in bytes
 * @name: where the name goes; undefined on error
 * @error: where the reason goes, unless the name is one of its protocol
 *
 * The prefix decides the protocol and must be the first characters.  Printable
 * characters after it, 223 in all, are a name that can be used, but for a % in
 * a target's; such a name that is none of its protocol is odd.
 *
 * Return: 0; 1 for an odd name, with @error filled in; -EINVAL with @error
 * filled in for what cannot be used.
 */
int protocol_name_parse(enum protocol_role role, const char *given, size_t len,
			struct protocol_name *name,
			struct protocol_name_error *error)
{
	const struct protocol *p = protocol_by_prefix(given, len);

	if (!p) {
		error->at = 0;
		error->accepted =
			"naa. (SAS), fc. (Fibre Channel), iqn. or eui. (iSCSI) at the start";
		return -EINVAL;
	}
	error->accepted = p->accepted[role];
	name->protocol = p->id;
	name->odd = false;
	name->isid[0] = '\0';
	name->port[0] = '\0';
	if (parse_well_formed(p, role, given, len, name, &error->at) &&
	    parse_odd(p, role, given, len, name))
		return -EINVAL;
	if (role == PROTOCOL_INITIATOR && p->id != PROTOCOL_ID_ISCSI)
		name_port(p, name);
	return name->odd;
}

/**
 * protocol_name_of_port - how the target core is to know an initiator port
 * @name: its name
 *
 * Any context.
 *
 * Return: a name whose TransportID the target core can make, and reads back.
 */
const char *protocol_name_of_port(const struct protocol_name *name)
{
	return name->port[0] ? name->port : name->text;
}

/* All but iSCSI: SPC-4, 7.6.4.1 */
#define FIXED_TRANSPORT_ID 24

/* FORMAT CODE of an iSCSI TransportID, in byte 0: SPC-4, 7.6.4.6 */
#define ISCSI_FORMAT_DEVICE 0x00 /* table 507: the name alone */
#define ISCSI_FORMAT_PORT 0x40	 /* table 508: name and ISID */
#define FORMAT_CODE_MASK 0xc0
#define PROTOCOL_ID_MASK 0x0f

/* ADDITIONAL LENGTH of an iSCSI TransportID, at least: SPC-4, 7.6.4.6 */
#define ISCSI_ADDITIONAL_MIN 20

static unsigned int get_be16(const u8 *bytes)
{
	return bytes[0] << 8 | bytes[1];
}

static void put_be16(u8 *bytes, unsigned int value)
{
	bytes[0] = value >> 8;
	bytes[1] = value;
}

static int build_iscsi(const struct protocol_name *name, u8 *buf, size_t size)
{
	size_t text = strlen(name->text), isid = strlen(name->isid);
	size_t used = text + (isid ? ISID_SEPARATOR_LEN + isid : 0) + 1;
	size_t additional = (used + 3) & ~(size_t)3;

	if (text > PROTOCOL_ISCSI_NAME_MAX)
		return -EINVAL;
	if (additional < ISCSI_ADDITIONAL_MIN)
		additional = ISCSI_ADDITIONAL_MIN;
	if (size < 4 + additional)
		return -ENOSPC;

	memset(buf, 0, 4 + additional);
	buf[0] = PROTOCOL_ID_ISCSI;
	put_be16(buf + 2, additional);
	memcpy(buf + 4, name->text, text);
	if (isid) {
		buf[0] |= ISCSI_FORMAT_PORT;
		memcpy(buf + 4 + text, ISID_SEPARATOR, ISID_SEPARATOR_LEN);
		memcpy(buf + 4 + text + ISID_SEPARATOR_LEN, name->isid, isid);
	}
	return 4 + additional;
}

/**
 * transport_id_build - the TransportID of an initiator port
 * @name: the port's name
 * @buf: where it goes
 * @size: how much room there is; TRANSPORT_ID_SIZE is always enough
 *
 * SPC-4, 7.6.4.  An iSCSI port with an ISID gets the initiator port format,
 * one without it the initiator device format.  Of a SAS name of 32 digits the
 * first 16 are taken, as the target core does: a SAS address has no more.
 *
 * Return: the TransportID's length; -ENOSPC if @size is less; -EINVAL if the
 * name is none of a protocol that has TransportIDs here.
 */
int transport_id_build(const struct protocol_name *name, u8 *buf, size_t size)
{
	const struct protocol *p = protocol_by_id(name->protocol);

	if (!p)
		return -EINVAL;
	if (p->id == PROTOCOL_ID_ISCSI)
		return build_iscsi(name, buf, size);
	if (size < FIXED_TRANSPORT_ID)
		return -ENOSPC;
	memset(buf, 0, FIXED_TRANSPORT_ID);
	buf[0] = p->id;
	if (text_to_bytes(p, protocol_name_of_port(name),
			  buf + p->layout.offset, p->layout.bytes))
		return -EINVAL;
	return FIXED_TRANSPORT_ID;
}

static int parse_iscsi(const u8 *buf, size_t len, struct protocol_name *name)
{
	const int format = buf[0] & FORMAT_CODE_MASK;
	const char *given = (const char *)buf + 4;
	struct protocol_name_error error;
	size_t additional, given_len;
	const char *end;

	additional = get_be16(buf + 2);
	if (additional < ISCSI_ADDITIONAL_MIN || additional % 4 ||
	    len < 4 + additional)
		return -EINVAL;
	/* What follows the first NUL does not count. */
	end = memchr(given, '\0', additional);
	if (!end)
		return -EINVAL;
	given_len = end - given;
	if (protocol_name_parse(PROTOCOL_INITIATOR, given, given_len, name,
				&error) < 0 ||
	    name->protocol != PROTOCOL_ID_ISCSI)
		return -EINVAL;
	if (format != (name->isid[0] ? ISCSI_FORMAT_PORT : ISCSI_FORMAT_DEVICE))
		return -EINVAL;
	return 4 + additional;
}

/**
 * transport_id_parse - read a TransportID
 * @buf: where it begins
 * @len: how many bytes there are; more may follow the TransportID
 * @name: where the port's name goes; undefined on error
 *
 * SPC-4, 7.6.4.  Reserved fields are not looked at.
 *
 * Return: the TransportID's length, or -EINVAL: cut short, of a protocol
 * without a known form, or not a name.
 */
int transport_id_parse(const u8 *buf, size_t len, struct protocol_name *name)
{
	const struct protocol *p;

	if (len < FIXED_TRANSPORT_ID)
		return -EINVAL;
	p = protocol_by_id(buf[0] & PROTOCOL_ID_MASK);
	if (!p)
		return -EINVAL;
	if (p->id == PROTOCOL_ID_ISCSI)
		return parse_iscsi(buf, len, name);
	if (buf[0] & FORMAT_CODE_MASK)
		return -EINVAL;
	name->protocol = p->id;
	name->odd = false;
	name->isid[0] = '\0';
	name->port[0] = '\0';
	bytes_to_text(p, buf + p->layout.offset, p->layout.bytes, name->text);
	return FIXED_TRANSPORT_ID;
}

/* Bytes of a designation descriptor: SPC-4, 7.8.6.1 */
#define DESCRIPTOR_HEADER 4
#define PAGE_HEADER 4
#define PIV 0x80

/**
 * designator_next - walk over the designation descriptors of a page 0x83
 * @page: the page
 * @len: how many bytes of it there are
 * @at: 0 at first; then for the function's use
 * @designator: where the next one goes
 *
 * SPC-4, 7.8.6.1.
 *
 * Return: 1 with @designator filled in; 0 at the end of the page; -EINVAL if
 * it is another page, is cut short, or a descriptor does not fit in.
 */
int designator_next(const u8 *page, size_t len, size_t *at,
		    struct designator *designator)
{
	const u8 *d;
	size_t end;

	if (len < PAGE_HEADER || page[1] != DEVICE_ID_PAGE)
		return -EINVAL;
	end = PAGE_HEADER + get_be16(page + 2);
	if (!*at)
		*at = PAGE_HEADER;
	if (end > len || *at > end)
		return -EINVAL;
	if (*at == end)
		return 0;
	d = page + *at;
	if (end - *at < DESCRIPTOR_HEADER ||
	    end - *at - DESCRIPTOR_HEADER < d[3])
		return -EINVAL;

	designator->code_set = d[0] & 0x0f;
	designator->association = d[1] >> 4 & 3;
	designator->type = d[1] & 0x0f;
	designator->len = d[3];
	designator->data = d + DESCRIPTOR_HEADER;
	designator->protocol = PROTOCOL_ID_NONE;
	if (d[1] & PIV && (designator->association == DESIGNATOR_OF_PORT ||
			   designator->association == DESIGNATOR_OF_DEVICE))
		designator->protocol = d[0] >> 4;
	*at += DESCRIPTOR_HEADER + d[3];
	return 1;
}

/* A page that is being written. */
struct page_writer {
	u8 *page;
	size_t size;
	size_t used;
};

static int put_bytes(struct page_writer *w, const void *bytes, size_t len)
{
	if (w->size - w->used < len)
		return -ENOSPC;
	memcpy(w->page + w->used, bytes, len);
	w->used += len;
	return 0;
}

static int put_designator(struct page_writer *w, enum protocol_id protocol,
			  enum designator_code_set code_set,
			  enum designator_association association,
			  enum designator_type type, const void *data,
			  size_t len)
{
	const u8 header[DESCRIPTOR_HEADER] = {
		protocol << 4 | code_set,
		PIV | association << 4 | type,
		0,
		len,
	};
	int ret;

	ret = put_bytes(w, header, sizeof(header));
	return ret ? ret : put_bytes(w, data, len);
}

/*
 * The name of a target device or, with ",t,0x" and its tag, of a target port,
 * as a SCSI name string: SPC-4, 7.8.6.11.  It begins with naa., eui. or iqn.,
 * ends with a NUL and is padded with NULs to a multiple of four.
 */
static int put_name_string(struct page_writer *w,
			   const struct protocol_name *target,
			   enum designator_association association, u16 tag)
{
	/* room for a name of 223 bytes, ",t,0x", four digits and a NUL */
	char text[PROTOCOL_NAME_SIZE + 16] = { 0 };
	const char *from = target->text;
	size_t len = 0;
	int shift;

	if (target->protocol == PROTOCOL_ID_FCP) {
		memcpy(text, "naa.", 4);
		for (len = 4; *from; from++)
			if (*from != ':')
				text[len++] = *from;
	} else {
		len = strlen(from);
		memcpy(text, from, len);
	}
	if (association == DESIGNATOR_OF_PORT) {
		memcpy(text + len, ",t,0x", 5);
		len += 5;
		for (shift = 12; shift >= 0; shift -= 4)
			text[len++] = hex_char(tag >> shift);
	}
	len = (len + 1 + 3) & ~(size_t)3;
	return put_designator(w, target->protocol, DESIGNATOR_UTF8, association,
			      DESIGNATOR_NAME_STRING, text, len);
}

static bool is_name_string(const struct designator *d)
{
	return d->len >= 4 &&
	       (!memcmp(d->data, "naa.", 4) || !memcmp(d->data, "eui.", 4) ||
		!memcmp(d->data, "iqn.", 4));
}

/*
 * The target port's identifier as an NAA designator, which SPL (a SAS address)
 * and FCP (a Port_Name) want in this page.  Only what is an NAA identifier by
 * SPC-4, 7.8.6.6, has one: NAA 2, 3 and 5 with eight bytes, 6 with sixteen.
 */
static int put_naa(struct page_writer *w, const struct protocol_name *target)
{
	const struct protocol *p = protocol_by_id(target->protocol);
	size_t len = 8;
	u8 naa[16];

	if (p->id == PROTOCOL_ID_SAS && strlen(target->text) == 4 + 32)
		len = 16;
	if (text_to_bytes(p, target->text, naa, len))
		return -EINVAL;
	switch (naa[0] >> 4) {
	case 2:
	case 3:
	case 5:
		if (len != 8)
			return 0;
		break;
	case 6:
		if (len != 16)
			return 0;
		break;
	default:
		return 0;
	}
	return put_designator(w, p->id, DESIGNATOR_BINARY, DESIGNATOR_OF_PORT,
			      DESIGNATOR_NAA, naa, len);
}

/**
 * device_id_complete - what the target core's page 0x83 lacks
 * @page: the whole page
 * @len: how many bytes there are
 * @out: where the completed page goes; not @page
 * @size: how much room there is; @len + DEVICE_ID_GROWTH is enough for a page
 *	with at most one name string of the port and one of the device
 * @target: the target's name
 * @tag: the target portal group's tag
 *
 * SPC-4, 7.8.6.  Whatever the page has stays as and where it is, but for SCSI
 * name strings of the port and the device that do not begin as they must; what
 * it lacks follows: an NAA designator of a SAS or FC target port, and name
 * strings of the port and the device.
 *
 * Return: the length of the page in @out; -EINVAL if @page is malformed, or
 * has a port or a device of another protocol; -ENOSPC if @size is too small.
 */
int device_id_complete(const u8 *page, size_t len, u8 *out, size_t size,
		       const struct protocol_name *target, u16 tag)
{
	struct page_writer w = { .page = out, .size = size };
	bool naa = target->protocol == PROTOCOL_ID_ISCSI;
	bool port = false, device = false;
	struct designator d;
	size_t at = 0;
	int ret, more;

	if (len < PAGE_HEADER)
		return -EINVAL;
	ret = put_bytes(&w, page, PAGE_HEADER);
	while (!ret && (more = designator_next(page, len, &at, &d)) != 0) {
		if (more < 0)
			return more;
		if (d.protocol != PROTOCOL_ID_NONE &&
		    d.protocol != target->protocol)
			return -EINVAL;
		if (d.association == DESIGNATOR_OF_PORT) {
			naa = naa || d.type == DESIGNATOR_NAA;
			port = port || d.type == DESIGNATOR_NAME_STRING;
		}
		if (d.association == DESIGNATOR_OF_DEVICE)
			device = device || d.type == DESIGNATOR_NAA ||
				 d.type == DESIGNATOR_NAME_STRING;
		if (d.type == DESIGNATOR_NAME_STRING &&
		    d.protocol == target->protocol && !is_name_string(&d))
			ret = put_name_string(&w, target, d.association, tag);
		else
			ret = put_bytes(&w, d.data - DESCRIPTOR_HEADER,
					DESCRIPTOR_HEADER + d.len);
	}
	if (!ret && !naa)
		ret = put_naa(&w, target);
	if (!ret && !port)
		ret = put_name_string(&w, target, DESIGNATOR_OF_PORT, tag);
	if (!ret && !device)
		ret = put_name_string(&w, target, DESIGNATOR_OF_DEVICE, tag);
	if (ret)
		return ret;
	if (w.used - PAGE_HEADER > 0xffff)
		return -ENOSPC;
	put_be16(out + 2, w.used - PAGE_HEADER);
	return w.used;
}
