// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of SCSI ports, in user space: the module's own src/protocol_id.c,
 * called with good and bad names, each name also cut short at every length.
 * Output is TAP.
 */
#include <stdlib.h>

#include "protocol_id.h"
#include "unit.h"

/* The name in memory of exactly its size, so that a sanitizer sees more. */
static int parse_as(enum protocol_role role, const char *given, size_t len,
		    struct protocol_name *name,
		    struct protocol_name_error *error)
{
	char *copy = malloc(len ? len : 1);
	int ret;

	memcpy(copy, given, len);
	ret = protocol_name_parse(role, copy, len, name, error);
	free(copy);
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

static const struct {
	const char *given;
	size_t at;
} bad[] = {
	{ "", 0 },
	{ "naa", 0 },
	{ "xnaa.5001405000000001", 0 },
	{ "NAA.5001405000000001", 0 },
	{ "eui.", 4 },
	{ "eui.0123456789abcde", 19 },
	{ "eui.0123456789abcdefa", 20 },
	{ "eui.0123456789abcdeg", 19 },
	/* an ISID is for an initiator port */
	{ "iqn.2003-01.org:a,i,0x00023d000001", 17 },
	{ "naa.", 4 },
	{ "naa.xyz", 4 },
	{ "naa.0001405000000001", 4 },
	{ "naa.4001405000000001", 4 },
	{ "naa.b001405000000001", 4 },
	{ "naa.500140500000000", 19 },
	{ "naa.50014050000000011", 20 },
	{ "naa.500140500000000g", 19 },
	{ "naa.6001405000000001000000000000000", 35 },
	{ "naa.600140500000000100000000000000012", 36 },
	{ "fc.", 3 },
	{ "fc.21:00:00:24:ff:00:00", 23 },
	{ "fc.21:00:00:24:ff:00:00:0g", 25 },
	{ "fc.21:00:00:24:ff:00:00:01:", 26 },
	{ "fc.2100:0024ff000001", 7 },
	{ "fc.21:0000:24:ff:00:00:01", 8 },
	{ "iqn.", 4 },
	{ "iqn.2003-00.org", 10 },
	{ "iqn.2003-13.org", 10 },
	{ "iqn.2003-20.org", 10 },
	{ "iqn.203-01.org", 7 },
	{ "iqn.2003-01.", 12 },
	{ "iqn.2003-01.Org", 12 },
	{ "iqn.2003-01.o rg", 13 },
	{ "iqn.2003-01.o..rg", 14 },
	{ "iqn.2003-01.org.", 15 },
	{ "iqn.2003-01.org:a b", 17 },
	{ "iqn.2003-01.org\t", 15 },
};

/* Initiator ports: the same names, and iSCSI's with an ISID. */
static const struct {
	const char *given;
	const char *text;
	const char *isid; /* NULL: refused at the character at */
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
			check(ret && error.at == initiators[i].at,
			      "initiator refused at the right character",
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
	check(parse(name, PROTOCOL_ISCSI_NAME_MAX + 1, &parsed, &error) &&
		      error.at == PROTOCOL_ISCSI_NAME_MAX,
	      "a longer one is refused at its end", "224 bytes");
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

		check(ret && error.at == bad[i].at && error.accepted &&
			      *error.accepted,
		      "refused at the right character", bad[i].given);
		if (ret && error.at != bad[i].at)
			printf("# expected %zu, got %zu\n", bad[i].at,
			       error.at);
	}
	initiator_names();
	long_names();
	return finish();
}
