// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of SCSI ports, and the bytes that they stand for, see
 * include/protocol_id.h.
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

static char hex_char(unsigned int nibble)
{
	return "0123456789abcdef"[nibble & 0xf];
}

/**
 * protocol_hex_digit - what a hexadecimal digit stands for
 * @c: the digit, of either case
 *
 * Return: its value, or -1 if it is none.
 */
int protocol_hex_digit(char c)
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
		if (protocol_hex_digit(given[i]) < 0 || i == 4 + 32 ||
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
		if (protocol_hex_digit(given[i]) < 0 || digits == 16) {
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
		if (protocol_hex_digit(given[i]) < 0 || i == 4 + 16) {
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
 * A protocol with a prefix has names that a user may write.  The parser: given
 * begins with the prefix, at counts from the start of the whole name.  It
 * returns 0, or -EINVAL with *at at the offending character.
 *
 * before and separator: how the bytes of a name are written.
 */
struct protocol {
	enum protocol_id id;
	const char *string;
	const char *prefix;
	int (*parse)(const char *given, size_t len, size_t *at, char *text);
	const char *accepted[2]; /* by role */
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
		.before = "naa.",
	},
	{
		.id = PROTOCOL_ID_FCP,
		.string = "FC",
		.prefix = "fc.",
		.parse = parse_fc,
		.accepted = { FC_ACCEPTED, FC_ACCEPTED },
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
		.before = "0x",
	},
	{
		.id = PROTOCOL_ID_SBP,
		.string = "SBP",
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
		if (n == PROTOCOL_ISID_DIGITS ||
		    protocol_hex_digit(given[i]) < 0)
			break;
		isid[n] = hex_char(protocol_hex_digit(given[i]));
	}
	if (i < len ||
	    len - start != ISID_SEPARATOR_LEN + PROTOCOL_ISID_DIGITS) {
		*at = i;
		return -EINVAL;
	}
	isid[PROTOCOL_ISID_DIGITS] = '\0';
	return 0;
}

/**
 * protocol_name_to_bytes - the bytes that a name stands for
 * @protocol: SAS, FC, SRP or SBP
 * @text: the name, in the form of struct protocol_name; more may follow
 * @bytes: where they go
 * @count: how many are wanted
 *
 * Return: 0, or -EINVAL if the name has another form or fewer bytes.
 */
int protocol_name_to_bytes(enum protocol_id protocol, const char *text,
			   u8 *bytes, size_t count)
{
	const struct protocol *p = protocol_by_id(protocol);
	size_t before = strlen(p->before), i;
	int high, low;

	if (strncmp(text, p->before, before))
		return -EINVAL;
	text += before;
	for (i = 0; i < count; i++) {
		if (i && p->separator && *text++ != p->separator)
			return -EINVAL;
		high = protocol_hex_digit(text[0]);
		low = high < 0 ? -1 : protocol_hex_digit(text[1]);
		if (low < 0)
			return -EINVAL;
		bytes[i] = high << 4 | low;
		text += 2;
	}
	return 0;
}

/**
 * protocol_name_from_bytes - the name that stands for bytes
 * @protocol: SAS, FC, SRP or SBP
 * @bytes: the bytes
 * @count: how many there are
 * @text: where the name goes, in the form of struct protocol_name
 */
void protocol_name_from_bytes(enum protocol_id protocol, const u8 *bytes,
			      size_t count, char *text)
{
	const struct protocol *p = protocol_by_id(protocol);
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
 *
 * Kernel defect: full-status-names
 */
static void name_port(struct protocol_name *name)
{
	unsigned long long hash = 0xcbf29ce484222325ULL;
	const char *c;
	u8 naa[8];
	int i;

	if (protocol_name_to_bytes(name->protocol, name->text, naa,
				   sizeof(naa))) {
		for (c = name->text; *c; c++)
			hash = (hash ^ (unsigned char)*c) * 0x100000001b3ULL;
		for (i = 7; i >= 0; i--, hash >>= 8)
			naa[i] = hash;
		naa[0] = 0x30 | (naa[0] & 0xf);
	}
	protocol_name_from_bytes(name->protocol, naa, sizeof(naa), name->port);
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
		name_port(name);
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
