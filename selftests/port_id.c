// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's protocol-identifier library on the command line, to compare
 * what the target returns with:
 *
 *	port_id transport-id NAME	the TransportID of an initiator port
 *	port_id complete NAME TAG <PAGE	the page 0x83 of a target port completed
 *
 * Names are as in configfs.  Output is in hexadecimal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol_id.h"

static void print_hex(const u8 *bytes, int len)
{
	while (len-- > 0)
		printf("%02x", *bytes++);
	printf("\n");
}

static void parse(enum protocol_role role, const char *given,
		  struct protocol_name *name)
{
	struct protocol_name_error error;

	if (protocol_name_parse(role, given, strlen(given), name, &error) >= 0)
		return;
	fprintf(stderr,
		"port_id: \"%s\": wrong at character %zu; accepted: %s\n",
		given, error.at + 1, error.accepted);
	exit(1);
}

int main(int argc, char **argv)
{
	static u8 page[65536 + 4], out[sizeof(page) + DEVICE_ID_GROWTH];
	struct protocol_name name;
	int ret;

	if (argc == 3 && !strcmp(argv[1], "transport-id")) {
		parse(PROTOCOL_INITIATOR, argv[2], &name);
		ret = transport_id_build(&name, out, sizeof(out));
	} else if (argc == 4 && !strcmp(argv[1], "complete")) {
		parse(PROTOCOL_TARGET, argv[2], &name);
		ret = device_id_complete(
			page, fread(page, 1, sizeof(page), stdin), out,
			sizeof(out), &name, strtoul(argv[3], NULL, 0));
	} else {
		fprintf(stderr,
			"usage: port_id transport-id NAME | complete NAME TAG\n");
		return 2;
	}
	if (ret < 0) {
		fprintf(stderr, "port_id: %s\n", strerror(-ret));
		return 1;
	}
	print_hex(out, ret);
	return 0;
}
