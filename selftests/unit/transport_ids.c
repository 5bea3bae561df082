// SPDX-License-Identifier: GPL-2.0-only
/*
 * TransportIDs: vectors worked out from SPC-4 r37, 7.6.4, for each protocol
 * and format; built, parsed, and parsed cut short at every length.
 */
#include <errno.h>

#include "protocol_id.h"
#include "unit.h"

static const struct {
	const char *what;
	struct protocol_name name;
	const char *bytes;
} vectors[] = {
	/* 7.6.4.7: SAS ADDRESS in bytes 4 to 11 */
	{ "SAS",
	  { PROTOCOL_ID_SAS, "naa.5001405000000002", "" },
	  "06 000000 5001405000000002 00000000 00000000 00000000" },
	/* 7.6.4.2: N_PORT_NAME in bytes 8 to 15 */
	{ "FCP",
	  { PROTOCOL_ID_FCP, "21:00:00:24:ff:00:00:02", "" },
	  "00 000000 00000000 21000024ff000002 00000000 00000000" },
	/* 7.6.4.4: EUI-64 NAME in bytes 8 to 15 */
	{ "SBP",
	  { PROTOCOL_ID_SBP, "0050c50123456789", "" },
	  "03 000000 00000000 0050c50123456789 00000000 00000000" },
	/* 7.6.4.5: INITIATOR PORT IDENTIFIER in bytes 8 to 23 */
	{ "SRP",
	  { PROTOCOL_ID_SRP, "0xfe800000000000000002c90300a1b2c3", "" },
	  "04 000000 00000000 fe800000000000000002c90300a1b2c3" },
	/* 7.6.4.6, table 507: the name, a NUL, padded to four bytes */
	{ "iSCSI, 22 characters: one NUL and one of padding",
	  { PROTOCOL_ID_ISCSI, "iqn.2003-01.org.lab:ab", "" },
	  "05 00 0018 69716e2e323030332d30312e6f72672e6c61623a6162 0000" },
	{ "iSCSI, 23 characters: one NUL and no padding",
	  { PROTOCOL_ID_ISCSI, "iqn.2003-01.org.lab:abc", "" },
	  "05 00 0018 69716e2e323030332d30312e6f72672e6c61623a616263 00" },
	{ "iSCSI, 24 characters: one NUL and three of padding",
	  { PROTOCOL_ID_ISCSI, "iqn.2003-01.org.lab:abcd", "" },
	  "05 00 001c 69716e2e323030332d30312e6f72672e6c61623a61626364 00000000" },
	/* the ADDITIONAL LENGTH shall be at least 20 */
	{ "iSCSI, 13 characters: padded to 20",
	  { PROTOCOL_ID_ISCSI, "iqn.2003-01.a", "" },
	  "05 00 0014 69716e2e323030332d30312e61 00000000000000" },
	{ "iSCSI, eui.",
	  { PROTOCOL_ID_ISCSI, "eui.02004567a425678d", "" },
	  "05 00 0018 6575692e30323030343536376134323536373864 00000000" },
	/* table 508: the name, ",i,0x", the ISID, a NUL, padded */
	{ "iSCSI with ISID",
	  { PROTOCOL_ID_ISCSI, "iqn.2003-01.org.lab:one", "00023d000001" },
	  "45 00 002c 69716e2e323030332d30312e6f72672e6c61623a6f6e65 2c692c3078 303030323364303030303031 00000000" },
};

#define NR_VECTORS (sizeof(vectors) / sizeof(vectors[0]))

static int same_name(const struct protocol_name *a,
		     const struct protocol_name *b)
{
	return a->protocol == b->protocol && !strcmp(a->text, b->text) &&
	       !strcmp(a->isid, b->isid);
}

/* In memory of exactly that size, so that a sanitizer sees more. */
static int parse(const unsigned char *bytes, size_t len,
		 struct protocol_name *name)
{
	unsigned char *copy = exactly(len);
	int ret;

	memcpy(copy, bytes, len);
	ret = transport_id_parse(copy, len, name);
	free_exactly(copy);
	return ret;
}

static void one_vector(size_t i)
{
	unsigned char want[TRANSPORT_ID_SIZE], got[TRANSPORT_ID_SIZE];
	size_t len = unhex(vectors[i].bytes, want), cut;
	struct protocol_name name;
	int ret;

	memset(got, 0xff, sizeof(got));
	ret = transport_id_build(&vectors[i].name, got, sizeof(got));
	check(ret == (int)len && !memcmp(want, got, len), "built",
	      vectors[i].what);
	if (ret > 0 && (ret != (int)len || memcmp(want, got, len)))
		show("got", got, ret);
	check(parse(want, len, &name) == (int)len &&
		      same_name(&name, &vectors[i].name),
	      "parsed", vectors[i].what);

	for (cut = 0; cut < len; cut++) {
		if (transport_id_build(&vectors[i].name, got, cut) != -ENOSPC)
			break;
		if (parse(want, cut, &name) >= 0)
			break;
	}
	check(cut == len, "refused when cut short anywhere", vectors[i].what);
}

static const struct {
	const char *what;
	const char *bytes;
} bad[] = {
	{ "a protocol without TransportIDs",
	  "01 000000 0001000000000000 00000000 00000000 00000000" },
	{ "a reserved protocol",
	  "0e 000000 0001000000000000 00000000 00000000 00000000" },
	{ "SAS in format 1",
	  "46 000000 5001405000000002 00000000 00000000 00000000" },
	{ "iSCSI in format 2",
	  "85 00 0018 69716e2e323030332d30312e6f72672e6c61623a6162 0000" },
	{ "iSCSI, ADDITIONAL LENGTH below 20",
	  "05 00 0010 69716e2e323030332d30312e61000000 00000000" },
	{ "iSCSI, ADDITIONAL LENGTH not a multiple of four",
	  "05 00 0017 69716e2e323030332d30312e6f72672e6c61623a6162 0000" },
	{ "iSCSI without a NUL",
	  "05 00 0018 69716e2e323030332d30312e6f72672e6c61623a61626364" },
	{ "iSCSI in format 0 with an ISID",
	  "05 00 002c 69716e2e323030332d30312e6f72672e6c61623a6f6e65 2c692c3078 303030323364303030303031 00000000" },
	{ "iSCSI in format 1 without an ISID",
	  "45 00 0018 69716e2e323030332d30312e6f72672e6c61623a6162 0000" },
	{ "iSCSI with a name that is none",
	  "05 00 0018 78716e2e323030332d30312e6f72672e6c61623a6162 0000" },
	{ "iSCSI with a SAS name",
	  "05 00 0018 6e61612e35303031343035303030303030303032 00000000" },
};

static void bad_names(void)
{
	static const struct protocol_name names[] = {
		{ PROTOCOL_ID_SAS, "naa.500140500000000", "" },
		{ PROTOCOL_ID_SAS, "5001405000000002", "" },
		{ PROTOCOL_ID_FCP, "21000024ff000002", "" },
		{ PROTOCOL_ID_FCP, "21:00:00:24:ff:00:00:", "" },
		{ PROTOCOL_ID_SRP, "0xfe80", "" },
		{ PROTOCOL_ID_SBP, "", "" },
		{ PROTOCOL_ID_ADT, "x", "" },
	};
	unsigned char buf[TRANSPORT_ID_SIZE];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		check(transport_id_build(&names[i], buf, sizeof(buf)) ==
			      -EINVAL,
		      "not built from", names[i].text);
}

int main(void)
{
	unsigned char bytes[TRANSPORT_ID_SIZE];
	struct protocol_name name;
	size_t i, len;

	begin();
	for (i = 0; i < NR_VECTORS; i++)
		one_vector(i);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		len = unhex(bad[i].bytes, bytes);
		check(parse(bytes, len, &name) < 0, "refused", bad[i].what);
	}
	bad_names();
	return finish();
}
