// SPDX-License-Identifier: GPL-2.0-only
/*
 * The Device Identification VPD page (SPC-4 r37, 7.8.6): walked and completed;
 * each vector also cut short at every length, and completed with too little
 * room.
 */
#include <errno.h>

#include "protocol_id.h"
#include "unit.h"

#define ROOM 2048

/* Designators of a logical unit, as the target core has them. */
#define LU                                                                     \
	"01030010 6001405de000000000000000000000 00 "                          \
	"02010019 4c494f2d4f524720 52414d4449534b2d4d43503a64656d6f 00 "
#define LU_GROUP "01060004 00000000 "

/* "naa.5001405000000001", as the name of a port with tag 1 and of a device */
#define SAS_NAMES                                                                      \
	"63980020 6e61612e35303031343035303030303030303031 2c742c307830303031 000000 " \
	"63a80018 6e61612e35303031343035303030303030303031 00000000 "
#define SAS_PORT "61940004 0000fffe 61950004 00000000 "

#define FC_PORT "01940004 0000fffe 01950004 00000000 "
/* what the core says: "21:00:00:24:ff:00:00:01", with and without ",t,0x0001"
 */
#define FC_CORE_NAMES                                                                          \
	"03980024 32313a30303a30303a32343a66663a30303a30303a3031 2c742c307830303031 00000000 " \
	"03a80018 32313a30303a30303a32343a66663a30303a30303a3031 00 "
/* what it should be: "naa.21000024ff000001" */
#define FC_NAMES                                                                       \
	"03980020 6e61612e32313030303032346666303030303031 2c742c307830303031 000000 " \
	"03a80018 6e61612e32313030303032346666303030303031 00000000 "

/* "iqn.2003-01.a:b" */
#define ISCSI_PORT "51940004 0000fffe 51950004 00000000 "
#define ISCSI_NAMES                                                            \
	"53980018 69716e2e323030332d30312e613a62 2c742c307830303031 "          \
	"53a80010 69716e2e323030332d30312e613a62 00 "

static const struct {
	const char *what;
	struct protocol_name target;
	const char *page;      /* without the header */
	const char *completed; /* NULL: refused */
} vectors[] = {
	{ "SAS: the NAA identifier of the port is added",
	  { PROTOCOL_ID_SAS, "naa.5001405000000001", "" },
	  LU SAS_PORT LU_GROUP SAS_NAMES,
	  LU SAS_PORT LU_GROUP SAS_NAMES "61930008 5001405000000001" },
	{ "SAS, 32 digits: 16 bytes",
	  { PROTOCOL_ID_SAS, "naa.60014050000000010000000000000001", "" },
	  SAS_PORT
	  "63980030 6e61612e3630303134303530303030303030303130303030303030303030303030303031 2c742c307830303031 000000"
	  "63a80028 6e61612e3630303134303530303030303030303130303030303030303030303030303031 00000000",
	  SAS_PORT
	  "63980030 6e61612e3630303134303530303030303030303130303030303030303030303030303031 2c742c307830303031 000000"
	  "63a80028 6e61612e3630303134303530303030303030303130303030303030303030303030303031 00000000"
	  "61930010 60014050000000010000000000000001" },
	/* the page of the LIO wiki: 16 digits that begin with 6 are no NAA */
	{ "SAS, 16 digits that begin with 6: nothing to add",
	  { PROTOCOL_ID_SAS, "naa.600140554cf3a18e", "" },
	  "63980020 6e61612e36303031343035353463663361313865 2c742c307830303031 000000"
	  "63a80018 6e61612e36303031343035353463663361313865 00000000",
	  "63980020 6e61612e36303031343035353463663361313865 2c742c307830303031 000000"
	  "63a80018 6e61612e36303031343035353463663361313865 00000000" },
	{ "SAS, NAA 1 of overlaybd: nothing to add but names",
	  { PROTOCOL_ID_SAS, "naa.1990000000000123", "" },
	  LU,
	  LU
	  "63980020 6e61612e31393930303030303030303030313233 2c742c307830303031 000000"
	  "63a80018 6e61612e31393930303030303030303030313233 00000000" },
	{ "SAS: a page with the logical unit alone gets a port and a device",
	  { PROTOCOL_ID_SAS, "naa.5001405000000001", "" },
	  LU,
	  LU "61930008 5001405000000001" SAS_NAMES },
	{ "SAS: an empty page, too",
	  { PROTOCOL_ID_SAS, "naa.5001405000000001", "" },
	  "",
	  "61930008 5001405000000001" SAS_NAMES },
	{ "SAS: a port that has its NAA identifier keeps it alone",
	  { PROTOCOL_ID_SAS, "naa.5001405000000001", "" },
	  "61930008 5000c50012345678 61a30008 5000c50012345670",
	  "61930008 5000c50012345678 61a30008 5000c50012345670"
	  "63980020 6e61612e35303031343035303030303030303031 2c742c307830303031 000000" },
	{ "FC: names begin with naa., and the NAA identifier is added",
	  { PROTOCOL_ID_FCP, "21:00:00:24:ff:00:00:01", "" },
	  LU FC_PORT LU_GROUP FC_CORE_NAMES,
	  LU FC_PORT LU_GROUP FC_NAMES "01930008 21000024ff000001" },
	{ "iSCSI: nothing to add",
	  { PROTOCOL_ID_ISCSI, "iqn.2003-01.a:b", "" },
	  LU ISCSI_PORT LU_GROUP ISCSI_NAMES,
	  LU ISCSI_PORT LU_GROUP ISCSI_NAMES },
	{ "another protocol's port is left alone",
	  { PROTOCOL_ID_SAS, "naa.5001405000000001", "" },
	  LU ISCSI_PORT,
	  NULL },
	{ "a PROTOCOL IDENTIFIER of a logical unit does not count",
	  { PROTOCOL_ID_ISCSI, "iqn.2003-01.a:b", "" },
	  "11830008 5001405000000009" ISCSI_NAMES,
	  "11830008 5001405000000009" ISCSI_NAMES },
	{ "without PIV, a port's PROTOCOL IDENTIFIER does not count",
	  { PROTOCOL_ID_ISCSI, "iqn.2003-01.a:b", "" },
	  "61140004 00000001" ISCSI_NAMES,
	  "61140004 00000001" ISCSI_NAMES },
	{ "a designator one byte beyond the end of the page",
	  { PROTOCOL_ID_SAS, "naa.5001405000000001", "" },
	  "01060004 000000",
	  NULL },
	{ "a designator far beyond the end of the page",
	  { PROTOCOL_ID_SAS, "naa.5001405000000001", "" },
	  "01030010 6001405de0000000",
	  NULL },
	{ "half a descriptor header at the end of the page",
	  { PROTOCOL_ID_SAS, "naa.5001405000000001", "" },
	  "01060004 00000000 0106",
	  NULL },
};

#define NR_VECTORS (sizeof(vectors) / sizeof(vectors[0]))

static size_t make_page(const char *text, unsigned char *page)
{
	size_t len = unhex(text, page + 4);

	page[0] = 0;
	page[1] = DEVICE_ID_PAGE;
	page[2] = len >> 8;
	page[3] = len;
	return 4 + len;
}

/* Both in memory of exactly their size, so that a sanitizer sees more. */
static int complete(const unsigned char *page, size_t len, unsigned char *out,
		    size_t size, const struct protocol_name *target)
{
	unsigned char *in = exactly(len);
	unsigned char *to = exactly(size);
	int ret;

	memcpy(in, page, len);
	ret = device_id_complete(in, len, to, size, target, 1);
	if (ret > 0)
		memcpy(out, to, ret);
	free_exactly(in);
	free_exactly(to);
	return ret;
}

static void one_vector(size_t i)
{
	unsigned char page[ROOM], want[ROOM], got[ROOM], again[ROOM];
	const struct protocol_name *target = &vectors[i].target;
	size_t len = make_page(vectors[i].page, page), want_len, cut;
	int ret;

	ret = complete(page, len, got, len + DEVICE_ID_GROWTH, target);
	if (!vectors[i].completed) {
		check(ret == -EINVAL, "refused", vectors[i].what);
		return;
	}
	want_len = make_page(vectors[i].completed, want);
	check(ret == (int)want_len && !memcmp(want, got, want_len), "completed",
	      vectors[i].what);
	if (ret != (int)want_len || memcmp(want, got, want_len)) {
		show("expected", want, want_len);
		show("got", got, ret > 0 ? ret : 0);
	}
	check(complete(want, want_len, again, want_len + DEVICE_ID_GROWTH,
		       target) == (int)want_len &&
		      !memcmp(want, again, want_len),
	      "nothing to do the second time", vectors[i].what);
	for (cut = 0; cut < len; cut++)
		if (complete(page, cut, got, ROOM, target) != -EINVAL)
			break;
	check(cut == len, "refused when cut short anywhere", vectors[i].what);
	for (cut = 0; cut < want_len; cut++)
		if (complete(page, len, got, cut, target) != -ENOSPC)
			break;
	check(cut == want_len, "no room is no overflow", vectors[i].what);
}

static void walk(void)
{
	static const struct designator want[] = {
		{ PROTOCOL_ID_NONE, DESIGNATOR_BINARY, DESIGNATOR_OF_LU,
		  DESIGNATOR_NAA, 16, NULL },
		{ PROTOCOL_ID_NONE, DESIGNATOR_ASCII, DESIGNATOR_OF_LU,
		  DESIGNATOR_T10_VENDOR_ID, 25, NULL },
		{ PROTOCOL_ID_SAS, DESIGNATOR_BINARY, DESIGNATOR_OF_PORT,
		  DESIGNATOR_RELATIVE_PORT, 4, NULL },
		{ PROTOCOL_ID_SAS, DESIGNATOR_BINARY, DESIGNATOR_OF_PORT,
		  DESIGNATOR_PORT_GROUP, 4, NULL },
		{ PROTOCOL_ID_NONE, DESIGNATOR_BINARY, DESIGNATOR_OF_LU,
		  DESIGNATOR_LU_GROUP, 4, NULL },
		{ PROTOCOL_ID_SAS, DESIGNATOR_UTF8, DESIGNATOR_OF_PORT,
		  DESIGNATOR_NAME_STRING, 32, NULL },
		{ PROTOCOL_ID_SAS, DESIGNATOR_UTF8, DESIGNATOR_OF_DEVICE,
		  DESIGNATOR_NAME_STRING, 24, NULL },
	};
	unsigned char page[ROOM];
	size_t len = make_page(LU SAS_PORT LU_GROUP SAS_NAMES, page);
	size_t at = 0, i = 0;
	struct designator d;

	while (designator_next(page, len, &at, &d) == 1) {
		check(i < sizeof(want) / sizeof(want[0]) &&
			      d.protocol == want[i].protocol &&
			      d.code_set == want[i].code_set &&
			      d.association == want[i].association &&
			      d.type == want[i].type && d.len == want[i].len &&
			      d.data == page + at - d.len,
		      "a designator is walked over and decoded", "SAS");
		i++;
	}
	check(i == sizeof(want) / sizeof(want[0]) &&
		      designator_next(page, len, &at, &d) == 0,
	      "seven designators, then the end", "SAS");
	page[1] = 0x80;
	at = 0;
	check(designator_next(page, len, &at, &d) == -EINVAL,
	      "another page is refused", "0x80");
}

int main(void)
{
	size_t i;

	begin();
	walk();
	for (i = 0; i < NR_VECTORS; i++)
		one_vector(i);
	return finish();
}
