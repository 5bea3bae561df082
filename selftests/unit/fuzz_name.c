// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer: any bytes as a name.  What is accepted must have a TransportID
 * that reads back as the same; of an odd name only an initiator port must have
 * one.
 */
#include <stdlib.h>

#include "protocol_id.h"
#include "unit.h"

static void one_role(enum protocol_role role, const char *given, size_t len)
{
	struct protocol_name name, back;
	struct protocol_name_error error;
	unsigned char id[TRANSPORT_ID_SIZE];
	int ret;

	ret = protocol_name_parse(role, given, len, &name, &error);
	if (ret && (error.at > len || !error.accepted))
		abort();
	if (ret < 0)
		return;
	if (name.odd != ret || strlen(name.text) > PROTOCOL_ISCSI_NAME_MAX)
		abort();
	if (name.odd && role == PROTOCOL_TARGET)
		return;
	ret = transport_id_build(&name, id, sizeof(id));
	if (ret < 24 || ret % 4)
		abort();
	if (transport_id_parse(id, ret, &back) != ret ||
	    back.protocol != name.protocol || strcmp(back.isid, name.isid))
		abort();
	/* Letters of hexadecimal digits, and 32 digits of SAS, do not return.
	 */
	if (name.protocol == PROTOCOL_ID_ISCSI && strcmp(back.text, name.text))
		abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	one_role(PROTOCOL_TARGET, (const char *)data, size);
	one_role(PROTOCOL_INITIATOR, (const char *)data, size);
	return 0;
}
