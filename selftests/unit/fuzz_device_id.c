// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer: any bytes as a page 0x83.  A completed page must be well formed,
 * have the logical unit's designators as they were, and be complete.
 */
#include <stdlib.h>

#include "protocol_id.h"
#include "unit.h"

#define ROOM 4096

/* The designators of the logical unit, one after the other. */
static size_t lu_designators(const unsigned char *page, size_t len,
			     unsigned char *out)
{
	struct designator d;
	size_t at = 0, used = 0;
	int ret;

	while ((ret = designator_next(page, len, &at, &d)) == 1) {
		if (d.association != DESIGNATOR_OF_LU)
			continue;
		memcpy(out + used, d.data - 4, d.len + 4);
		used += d.len + 4;
	}
	if (ret)
		abort();
	return used;
}

static void one_target(const struct protocol_name *target,
		       const unsigned char *page, size_t len)
{
	static unsigned char out[ROOM], again[ROOM], before[ROOM], after[ROOM];
	size_t lu;
	int ret;

	ret = device_id_complete(page, len, out, sizeof(out), target, 0xabcd);
	if (ret < 0)
		return;
	if (ret < 4 || ret != 4 + (out[2] << 8 | out[3]))
		abort();
	lu = lu_designators(page, len, before);
	if (lu_designators(out, ret, after) != lu || memcmp(before, after, lu))
		abort();
	if (device_id_complete(out, ret, again, sizeof(again), target,
			       0xabcd) != ret ||
	    memcmp(out, again, ret))
		abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static const struct protocol_name targets[] = {
		{ PROTOCOL_ID_SAS, "naa.5001405000000001", "" },
		{ PROTOCOL_ID_SAS, "naa.60014050000000010000000000000001", "" },
		{ PROTOCOL_ID_FCP, "21:00:00:24:ff:00:00:01", "" },
		{ PROTOCOL_ID_ISCSI, "iqn.2003-01.a:b", "" },
	};
	size_t i;

	if (size > ROOM / 2)
		return 0;
	for (i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		one_target(&targets[i], data, size);
	return 0;
}
