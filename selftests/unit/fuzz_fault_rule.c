// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer: any bytes as a line of fault rules.  What is taken must print as a
 * line that is taken as the same; of what is refused the field must be told.
 */
#include <stdlib.h>

#include "fault_rule.h"
#include "unit.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	const char *line = (const char *)data;
	char text[FAULT_RULE_SIZE], again[FAULT_RULE_SIZE];
	struct fault_rule rule, back;
	struct fault_error error;
	unsigned char sense[FAULT_SENSE_SIZE];
	int ret, len;

	ret = fault_rule_parse(line, size, &rule, &error);
	if (ret < 0) {
		if (!error.field || !error.accepted || error.len > size + 1)
			abort();
		return 0;
	}
	if (ret != FAULT_LINE_ADD)
		return 0;
	len = fault_rule_print(&rule, text, sizeof(text));
	if (len >= FAULT_RULE_SIZE || len != (int)strlen(text) ||
	    fault_rule_parse(text, len, &back, &error) != FAULT_LINE_ADD)
		abort();
	fault_rule_print(&back, again, sizeof(again));
	if (strcmp(text, again))
		abort();
	if (size < 16)
		return 0;
	fault_rule_is_for(&rule, data);
	fault_rule_sense(&rule, data, size & 1, sense);
	return 0;
}
