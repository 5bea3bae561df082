// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of SCSI ports, in user space: the module's own src/protocol_name.c,
 * called with good and bad names, each name also cut short at every length.
 * Output is TAP.
 */
#include <errno.h>

#include "protocol_id.h"
#include "unit.h"

/* The name in memory of exactly its size, so that a sanitizer sees more. */
static int parse_as(enum protocol_role role, const char *given, size_t len,
		    struct protocol_name *name,
		    struct protocol_name_error *error)
{
	char *copy = exactly(len);
	int ret;

	memcpy(copy, given, len);
	ret = protocol_name_parse(role, copy, len, name, error);
	free_exactly(copy);
	return ret;
}

static int parse(const char *given, size_t len, struct protocol_name *name,
		 struct protocol_name_error *error)
{
	return parse_as(PROTOCOL_TARGET, given, len, name, error);
}

static const struct {
	const char *given;
	enum protocol_id protocol;
	const char *text;
} good[] = {
	{ "naa.5001405000000001", PROTOCOL_ID_SAS, "naa.5001405000000001" },
	{ "naa.200140500000000f", PROTOCOL_ID_SAS, "naa.200140500000000f" },
	{ "naa.3001405ABCDEF001", PROTOCOL_ID_SAS, "naa.3001405ABCDEF001" },
	/* overlaybd, and the tcm_loop page of the LIO wiki */
	{ "naa.1990000000000123", PROTOCOL_ID_SAS, "naa.1990000000000123" },
	{ "naa.600140554cf3a18e", PROTOCOL_ID_SAS, "naa.600140554cf3a18e" },
	{ "naa.c001405000000001", PROTOCOL_ID_SAS, "naa.c001405000000001" },
	{ "naa.F001405000000001", PROTOCOL_ID_SAS, "naa.F001405000000001" },
	{ "naa.60014050000000010000000000000001", PROTOCOL_ID_SAS,
	  "naa.60014050000000010000000000000001" },
	{ "fc.21:00:00:24:ff:00:00:01", PROTOCOL_ID_FCP,
	  "21:00:00:24:ff:00:00:01" },
	{ "fc.21000024ff000001", PROTOCOL_ID_FCP, "21:00:00:24:ff:00:00:01" },
	{ "iqn.2003-01.org.linux-iscsi", PROTOCOL_ID_ISCSI,
	  "iqn.2003-01.org.linux-iscsi" },
	{ "iqn.1999-12.a:b:c.d-e", PROTOCOL_ID_ISCSI, "iqn.1999-12.a:b:c.d-e" },
	{ "iqn.2003-01.org:\xc3\xa4", PROTOCOL_ID_ISCSI,
	  "iqn.2003-01.org:\xc3\xa4" },
	{ "eui.02004567A425678D", PROTOCOL_ID_ISCSI, "eui.02004567A425678D" },
};

/* Names that only have a prefix, and what cannot be used at all. */
static const struct {
	const char *given;
	size_t at;
	int ret;
} bad[] = {
	{ "", 0, -EINVAL },
	{ "naa", 0, -EINVAL },
	{ "xnaa.5001405000000001", 0, -EINVAL },
	{ "NAA.5001405000000001", 0, -EINVAL },
	{ "eui.", 4, -EINVAL },
	{ "eui.0123456789abcde", 19, 1 },
	{ "eui.0123456789abcdefa", 20, 1 },
	{ "eui.0123456789abcdeg", 19, 1 },
	/* an ISID is for an initiator port */
	{ "iqn.2003-01.org:a,i,0x00023d000001", 17, 1 },
	{ "naa.", 4, -EINVAL },
	{ "naa.xyz", 4, 1 },
	{ "naa.0001405000000001", 4, 1 },
	{ "naa.4001405000000001", 4, 1 },
	{ "naa.b001405000000001", 4, 1 },
	{ "naa.500140500000000", 19, 1 },
	{ "naa.50014050000000011", 20, 1 },
	{ "naa.500140500000000g", 19, 1 },
	{ "naa.6001405000000001000000000000000", 35, 1 },
	{ "naa.600140500000000100000000000000012", 36, 1 },
	{ "fc.", 3, -EINVAL },
	{ "fc.21:00:00:24:ff:00:00", 23, 1 },
	{ "fc.21:00:00:24:ff:00:00:0g", 25, 1 },
	{ "fc.21:00:00:24:ff:00:00:01:", 26, 1 },
	{ "fc.2100:0024ff000001", 7, 1 },
	{ "fc.21:0000:24:ff:00:00:01", 8, 1 },
	{ "iqn.", 4, -EINVAL },
	{ "iqn.2003-00.org", 10, 1 },
	{ "iqn.2003-13.org", 10, 1 },
	{ "iqn.2003-20.org", 10, 1 },
	{ "iqn.203-01.org", 7, 1 },
	{ "iqn.2003-01.", 12, 1 },
	{ "iqn.2003-01.Org", 12, 1 },
	{ "iqn.2003-01.o rg", 13, -EINVAL },
	{ "iqn.2003-01.o..rg", 14, 1 },
	{ "iqn.2003-01.org.", 15, 1 },
	{ "iqn.2003-01.org:a b", 17, -EINVAL },
	{ "iqn.2003-01.org\t", 15, -EINVAL },
};

/* Initiator ports: the same names, and iSCSI's with an ISID. */
static const struct {
	const char *given;
	const char *text;
	const char *
		isid; /* NULL: none of its protocol, from the character at on */
	size_t at;
} initiators[] = {
	{ "naa.5001405000000001", "naa.5001405000000001", "", 0 },
	{ "fc.21000024ff000001", "21:00:00:24:ff:00:00:01", "", 0 },
	{ "iqn.2003-01.org:a", "iqn.2003-01.org:a", "", 0 },
	{ "iqn.2003-01.org:a,i,0x00023D00000f", "iqn.2003-01.org:a",
	  "00023d00000f", 0 },
	{ "eui.02004567a425678d,i,0x80123456789a", "eui.02004567a425678d",
	  "80123456789a", 0 },
	{ "iqn.2003-01.org:a,", NULL, NULL, 18 },
	{ "iqn.2003-01.org:a,t,0x0001", NULL, NULL, 18 },
	{ "iqn.2003-01.org:a,i,0x", NULL, NULL, 22 },
	{ "iqn.2003-01.org:a,i,0x00023d00000", NULL, NULL, 33 },
	{ "iqn.2003-01.org:a,i,0x00023d0000001", NULL, NULL, 34 },
	{ "iqn.2003-01.org:a,i,0x00023d00000g", NULL, NULL, 33 },
	{ "iqn.2003-01.org:A,i,0x00023d000001", NULL, NULL, 16 },
	{ "naa.5001405000000001,i,0x00023d000001", NULL, NULL, 20 },
};

static void initiator_names(void)
{
	struct protocol_name_error error;
	struct protocol_name name;
	size_t i, len;
	int ret;

	for (i = 0; i < sizeof(initiators) / sizeof(initiators[0]); i++) {
		const char *given = initiators[i].given;

		ret = parse_as(PROTOCOL_INITIATOR, given, strlen(given), &name,
			       &error);
		if (!initiators[i].isid) {
			check(ret == 1 && error.at == initiators[i].at,
			      "initiator odd from the right character on",
			      given);
			if (ret && error.at != initiators[i].at)
				printf("# expected %zu, got %zu\n",
				       initiators[i].at, error.at);
			continue;
		}
		check(!ret && !strcmp(name.text, initiators[i].text) &&
			      !strcmp(name.isid, initiators[i].isid),
		      "initiator accepted", given);
		for (len = 0; len < strlen(given); len++)
			if (parse_as(PROTOCOL_INITIATOR, given, len, &name,
				     &error) &&
			    error.at > len)
				check(0, "position lies within the name",
				      given);
	}
}

static void long_names(void)
{
	char name[PROTOCOL_ISCSI_NAME_MAX + 2] = "iqn.2003-01.org:";
	struct protocol_name_error error;
	struct protocol_name parsed;
	size_t used = strlen(name);

	memset(name + used, 'a', sizeof(name) - 1 - used);
	name[sizeof(name) - 1] = '\0';
	check(!parse(name, PROTOCOL_ISCSI_NAME_MAX, &parsed, &error),
	      "longest iSCSI name is accepted", "223 bytes");
	check(parse(name, PROTOCOL_ISCSI_NAME_MAX + 1, &parsed, &error) < 0 &&
		      error.at == PROTOCOL_ISCSI_NAME_MAX,
	      "a longer one is refused at its end", "224 bytes");
}

/* FC names have no prefix in the target core. */
static int ends_with(const char *given, const struct protocol_name *name)
{
	return !strcmp(given + (name->protocol == PROTOCOL_ID_FCP ? 3 : 0),
		       name->text);
}

/* Initiator ports, and the names by which the target core knows them. */
static const struct {
	const char *given;
	const char
		*port; /* one that is made from the name: what it begins with */
	const char *isid;
	int odd;
} ports[] = {
	{ "naa.5001405000000001", "naa.5001405000000001", "", 0 },
	{ "naa.5001405ABCDEF001", "naa.5001405abcdef001", "", 0 },
	{ "naa.600140500000000A0000000000000001", "naa.600140500000000a", "",
	  0 },
	{ "fc.21:00:00:24:FF:00:00:01", "21:00:00:24:ff:00:00:01", "", 0 },
	{ "naa.726163636f6f6e73", "naa.726163636f6f6e73", "", 1 },
	{ "naa.50014050000000011", "naa.5001405000000001", "", 1 },
	{ "naa.123456789abcdef", "naa.3", "", 1 },
	{ "naa.6001405r1d41d8cd9", "naa.3", "", 1 },
	{ "fc.21:00:00:24:ff:00:00:01:02", "21:00:00:24:ff:00:00:01", "", 1 },
	{ "fc.21000024ff00000155", "3", "", 1 },
	{ "fc.racoon", "3", "", 1 },
	{ "iqn.Racoon", "iqn.Racoon", "", 1 },
	{ "iqn.Racoon,i,0x00023D000001", "iqn.Racoon", "00023d000001", 1 },
	{ "iqn.Racoon,i,0x00023d00000", "iqn.Racoon,i,0x00023d00000", "", 1 },
	{ "eui.x,i,0x00023d000001", "eui.x", "00023d000001", 1 },
	{ "eui.,i,0x00023d000001", "eui.,i,0x00023d000001", "", 1 },
	/* the target core would end the name at the first separator */
	{ "iqn.a,i,0x12,i,0x00023d000001", "iqn.a,i,0x12,i,0x00023d000001", "",
	  1 },
	{ "iqn.a,t,0x1", "iqn.a,t,0x1", "", 1 },
};

static void port_names(void)
{
	struct protocol_name name, again, other, id;
	struct protocol_name_error error;
	u8 buf[TRANSPORT_ID_SIZE];
	size_t i;

	for (i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		const char *given = ports[i].given, *port = ports[i].port;
		int ret = parse_as(PROTOCOL_INITIATOR, given, strlen(given),
				   &name, &error);
		int len = transport_id_build(&name, buf, sizeof(buf));
		const char *known = protocol_name_of_port(&name);

		check(ret == ports[i].odd && name.odd == ports[i].odd &&
			      !strcmp(name.isid, ports[i].isid),
		      "initiator port", given);
		check(!strncmp(known, port, strlen(port)) &&
			      (strlen(known) == strlen(port) ||
			       !strcmp(port, "naa.3") || !strcmp(port, "3")),
		      "is known by the right name", given);
		/* or nobody could register it */
		check(len > 0 && transport_id_parse(buf, len, &id) == len &&
			      !strcmp(id.isid, name.isid) &&
			      !strcmp(id.text, known),
		      "which its TransportID reads back as", given);
		parse_as(PROTOCOL_INITIATOR, given, strlen(given), &again,
			 &error);
		check(!strcmp(protocol_name_of_port(&again), known),
		      "and which is the same each time", given);
	}
	parse_as(PROTOCOL_INITIATOR, "naa.xyz", 7, &name, &error);
	parse_as(PROTOCOL_INITIATOR, "naa.xyy", 7, &other, &error);
	check(strcmp(name.port, other.port), "two names are known by two",
	      "naa.xyz");
	check(parse("naa.xyz", 7, &name, &error) == 1 && !name.port[0],
	      "a target needs none", "naa.xyz");
	check(parse("naa.%s", 6, &name, &error) == -EINVAL,
	      "a target's name is no format", "naa.%s");
}

int main(void)
{
	struct protocol_name_error error;
	struct protocol_name name;
	size_t i, len;

	begin();
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		int ret = parse(good[i].given, strlen(good[i].given), &name,
				&error);

		check(!ret && name.protocol == good[i].protocol &&
			      !strcmp(name.text, good[i].text),
		      "accepted", good[i].given);
		/* whatever it is when cut short: no byte beyond it is read */
		for (len = 0; len < strlen(good[i].given); len++)
			if (parse(good[i].given, len, &name, &error) &&
			    error.at > len)
				check(0, "position lies within the name",
				      good[i].given);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int ret = parse(bad[i].given, strlen(bad[i].given), &name,
				&error);

		check(ret == bad[i].ret && error.at == bad[i].at &&
			      error.accepted && *error.accepted,
		      ret > 0 ? "odd from the right character on"
			      : "refused at the right character",
		      bad[i].given);
		check(ret < 0 || (name.odd && ends_with(bad[i].given, &name)),
		      "taken as it was given", bad[i].given);
		if (ret && error.at != bad[i].at)
			printf("# expected %zu, got %zu\n", bad[i].at,
			       error.at);
	}
	initiator_names();
	port_names();
	long_names();
	return finish();
}
