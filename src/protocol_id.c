// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of SCSI ports: which protocol a name belongs to, and whether it is one.
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
	"naa. and 16 hexadecimal digits that begin with 1, 2, 3, 5 or 6, "     \
	"or 32 that begin with 6"
#define FC_ACCEPTED                                                            \
	"fc. and 16 hexadecimal digits, or eight hexadecimal bytes "           \
	"separated by colons"
#define IQN_ACCEPTED                                                           \
	"iqn.yyyy-mm.reversed.domain[:anything] in lower case, "               \
	"at most 223 characters"

/*
 * A parser: given points behind the prefix, at counts from the start of the
 * whole name.  It returns 0, or -EINVAL with *at at the offending character.
 */
struct protocol {
	enum protocol_id id;
	const char *prefix;
	const char *string;
	const char *accepted;
	int (*parse)(const char *given, size_t len, size_t *at, char *text);
};

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
 * those that begin with 1 are the old IEEE format, which overlaybd uses.
 */
static int parse_naa(const char *given, size_t len, size_t *at, char *text)
{
	size_t i;

	for (i = 4; i < len; i++) {
		if (hex_digit(given[i]) < 0 || i == 4 + 32 ||
		    (i == 4 && !strchr("12356", given[i])) ||
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

static const struct protocol protocols[] = {
	{ PROTOCOL_ID_SAS, "naa.", "SAS", NAA_ACCEPTED, parse_naa },
	{ PROTOCOL_ID_FCP, "fc.", "FC", FC_ACCEPTED, parse_fc },
	{ PROTOCOL_ID_ISCSI, "iqn.", "iSCSI", IQN_ACCEPTED, parse_iqn },
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

/**
 * protocol_id_string - the everyday name of a protocol
 * @protocol: the protocol
 *
 * Return: "SAS", "FC" or "iSCSI"; "unknown" for any other.
 */
const char *protocol_id_string(enum protocol_id protocol)
{
	const struct protocol *p = protocol_by_id(protocol);

	return p ? p->string : "unknown";
}

/**
 * protocol_name_accepted - what the names of a protocol look like
 * @protocol: the protocol
 *
 * Return: a phrase for a message to the user.
 */
const char *protocol_name_accepted(enum protocol_id protocol)
{
	const struct protocol *p = protocol_by_id(protocol);

	return p ? p->accepted : "nothing";
}

/**
 * protocol_name_parse - read a port's name
 * @given: what the user wrote; need not end with a NUL
 * @len: its length in bytes
 * @name: where the name goes; undefined on error
 * @error: where the reason goes on error
 *
 * The prefix decides the protocol and must be the first characters.
 *
 * Return: 0, or -EINVAL with @error filled in.
 */
int protocol_name_parse(const char *given, size_t len,
			struct protocol_name *name,
			struct protocol_name_error *error)
{
	size_t i;

	for (i = 0; i < NR_PROTOCOLS; i++) {
		const struct protocol *p = &protocols[i];
		size_t prefix = strlen(p->prefix);

		if (len < prefix || memcmp(given, p->prefix, prefix))
			continue;
		name->protocol = p->id;
		error->accepted = p->accepted;
		return p->parse(given, len, &error->at, name->text);
	}
	error->at = 0;
	error->accepted =
		"naa. (SAS), fc. (Fibre Channel) or iqn. (iSCSI) at the start";
	return -EINVAL;
}
