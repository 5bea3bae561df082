// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer: any bytes as a TransportID.  What is accepted must be built again
 * from its name, and read back as the same name.
 */
#include <stdlib.h>

#include "protocol_id.h"
#include "unit.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	unsigned char id[TRANSPORT_ID_SIZE];
	struct protocol_name name, back;
	int parsed, built;

	parsed = transport_id_parse(data, size, &name);
	if (parsed < 0)
		return 0;
	if (parsed < 24 || (size_t)parsed > size)
		abort();
	built = transport_id_build(&name, id, sizeof(id));
	if (built < 24 || built > parsed || id[0] != (data[0] & 0xcf))
		abort();
	if (transport_id_parse(id, built, &back) != built ||
	    back.protocol != name.protocol || strcmp(back.text, name.text) ||
	    strcmp(back.isid, name.isid))
		abort();
	return 0;
}
