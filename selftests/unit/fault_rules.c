// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lines of fault rules, in user space: the module's own src/fault_rule.c,
 * called with good and bad lines, each also cut short at every length.  Output
 * is TAP.
 */
#include <errno.h>

#include "fault_rule.h"
#include "unit.h"

/* The line in memory of exactly its size, so that a sanitizer sees more. */
static int parse(const char *line, size_t len, struct fault_rule *rule,
		 struct fault_error *error, char *field)
{
	char *copy = exactly(len);
	int ret;

	memcpy(copy, line, len);
	memset(error, 0, sizeof(*error));
	ret = fault_rule_parse(copy, len, rule, error);
	if (field)
		snprintf(field, 80, "%s: %.*s",
			 error->field ? error->field : "", (int)error->len,
			 error->len ? error->given : "");
	free_exactly(copy);
	return ret;
}

/* It is taken, printed as that, and what was printed is the same rule. */
static void taken(const char *line, const char *printed)
{
	struct fault_rule rule, again;
	struct fault_error error;
	char text[FAULT_RULE_SIZE], second[FAULT_RULE_SIZE];
	int good, len;

	good = parse(line, strlen(line), &rule, &error, NULL) == FAULT_LINE_ADD;
	len = fault_rule_print(&rule, text, sizeof(text));
	good = good && len == (int)strlen(text) && !strcmp(text, printed) &&
	       parse(text, len, &again, &error, NULL) == FAULT_LINE_ADD &&
	       fault_rule_same(&rule, &again);
	fault_rule_print(&again, second, sizeof(second));
	check(good && !strcmp(text, second), "taken", line);
}

static void is(const char *line, int what)
{
	struct fault_rule rule;
	struct fault_error error;

	check(parse(line, strlen(line), &rule, &error, NULL) == what, "is",
	      line);
}

static void refused(const char *line, const char *field)
{
	struct fault_rule rule;
	struct fault_error error;
	char found[80];
	int good = parse(line, strlen(line), &rule, &error, found) == -EINVAL &&
		   !strcmp(found, field) && error.accepted;

	if (!good)
		printf("# %s\n", found);
	check(good, "refused", line);
}

static void cut(const char *line)
{
	struct fault_rule rule;
	struct fault_error error;
	int good = 1, ret;
	size_t len;

	for (len = 0; len <= strlen(line); len++) {
		ret = parse(line, len, &rule, &error, NULL);
		good = good && (ret >= 0 || (error.field && error.accepted));
	}
	check(good, "cut short", line);
}

static void is_for(const char *line, const char *cdb, int expected)
{
	struct fault_rule rule;
	struct fault_error error;
	unsigned char bytes[16] = { 0 };

	unhex(cdb, bytes);
	parse(line, strlen(line), &rule, &error, NULL);
	printf("# %s\n", line);
	check(fault_rule_is_for(&rule, bytes) == expected,
	      expected ? "is for" : "is not for", cdb);
}

static void sense(const char *line, const char *cdb, int descriptor,
		  const char *expected)
{
	unsigned char bytes[16] = { 0 }, want[FAULT_SENSE_SIZE] = { 0 };
	unsigned char *got = exactly(FAULT_SENSE_SIZE);
	struct fault_rule rule;
	struct fault_error error;

	unhex(cdb, bytes);
	unhex(expected, want);
	parse(line, strlen(line), &rule, &error, NULL);
	fault_rule_sense(&rule, bytes, descriptor, got);
	if (memcmp(got, want, FAULT_SENSE_SIZE))
		show("got", got, FAULT_SENSE_SIZE);
	check(!memcmp(got, want, FAULT_SENSE_SIZE), "sense data", cdb);
	free_exactly(got);
}

#define MEDIUM "2 1 ff 0 0 2 3 11 0"

int main(void)
{
	begin();
	taken("0 -10 0x12", "0 -10 0x12");
	taken("0 1 12", "0 1 0x12");
	taken(" 0\t-2  ff ", "0 -2 0xff");
	taken("1 1 0x12 0x1055", "1 1 0x12 0x1055");
	taken("2 -10 0x88 0 0 0x2 0x3 0x11 0x0",
	      "2 -10 0x88 0x0 0x0 0x2 0x3 0x11 0x0");
	taken("3 0 FF", "3 0 0xff");
	taken("4 2147483647 0", "4 2147483647 0x0");
	taken("0 -2147483647 0", "0 -2147483647 0x0");
	taken("16 1 28 250", "16 1 0x28 250");
	taken("17 -1 ff 6 2a 9", "17 -1 0xff 0x6 0x2a 0x9");
	taken("21 -1 2a p=100 lba=7", "21 -1 0x2a lba=7+1 p=100");
	taken("0 1 ff lba=0x10+0x8 every=3 p=5",
	      "0 1 0xff lba=16+8 every=3 p=5");
	is("", FAULT_LINE_EMPTY);
	is(" \r", FAULT_LINE_EMPTY);
	is("0", FAULT_LINE_CLEAR);
	is("- 0 ff", FAULT_LINE_REMOVE);
	refused("1", "count: ");
	refused("5 1 ff", "type: 5");
	refused("256 1 ff", "type: 256");
	refused("-1 1 ff", "type: -1");
	refused("0 - 1 ff", "count: -");
	refused("0 2147483648 ff", "count: 2147483648");
	refused("0 1", "opcode: ");
	refused("0 1 0x", "opcode: 0x");
	refused("0 1 100", "opcode: 100");
	refused("1 1 ff 1054", "return value of queuecommand: 1054");
	refused("2 1 ff 0 0 2 3", "additional sense code: ");
	refused("2 1 ff 0 0 2 10 0 0", "sense key: 10");
	refused("16 1 ff 0", "delay: 0");
	refused("16 1 ff 300001", "delay: 300001");
	refused("17 1 ff 5 0 0", "sense key: 5");
	refused("0 1 ff 5", "end of the line: 5");
	refused("0 1 ff lba=", "lba: ");
	refused("0 1 ff lba=1+", "lba: 1+");
	refused("0 1 ff lba=1+0", "lba: 1+0");
	refused("0 1 ff lba=0xffffffffffffffff+2", "lba: 0xffffffffffffffff+2");
	refused("0 1 ff every=0", "every: 0");
	refused("0 1 ff p=101", "p: 101");
	refused("- 0", "opcode: ");
	refused("- 0 ff 1", "end of the line: 1");
	refused("0 1 \x01", "line: ?");
	cut("2 -1 0x88 0 0 0x2 0x3 0x11 0x0 lba=1000+8 every=3 p=50");
	cut("- 21 0x2a");

	is_for("0 1 28", "28 00 00 00 00 00 00 00 08 00", 1);
	is_for("0 1 28", "2a 00 00 00 00 00 00 00 08 00", 0);
	is_for("0 1 ff", "12", 1);
	is_for("17 1 ff 6 2a 9", "12", 0);
	is_for("17 1 ff 6 2a 9", "a0", 0);
	is_for("17 1 ff 6 2a 9", "03", 0);
	is_for("17 1 ff 6 2a 9", "00", 1);
	is_for("0 1 ff lba=8+8", "12", 0);
	is_for("0 1 ff lba=8+8", "28 00 00 00 00 00 00 00 08 00", 0);
	is_for("0 1 ff lba=8+8", "28 00 00 00 00 00 00 00 09 00", 1);
	is_for("0 1 ff lba=8+8", "28 00 00 00 00 0f 00 00 01 00", 1);
	is_for("0 1 ff lba=8+8", "28 00 00 00 00 10 00 00 01 00", 0);
	is_for("0 1 ff lba=8+8", "28 00 00 00 00 08 00 00 00 00", 0);
	is_for("0 1 ff lba=255+1", "08 00 00 00 00", 1);
	is_for("0 1 ff lba=0x1fffff", "0a ff ff ff 01", 1);
	is_for("0 1 ff lba=9", "a8 00 00 00 00 09 00 00 00 01", 1);
	is_for("0 1 ff lba=0x123456789a+1",
	       "88 00 00 00 00 12 34 56 78 9a 00 00 00 01", 1);
	is_for("0 1 ff lba=9", "89 00 00 00 00 00 00 00 00 08 00 00 00 02", 1);
	is_for("0 1 ff lba=9", "9c 00 00 00 00 00 00 00 00 08 00 00 00 02", 1);
	is_for("0 1 ff lba=99", "41 00 00 00 00 08 00 00 00", 1);
	is_for("0 1 ff lba=7", "93 00 00 00 00 00 00 00 00 08", 0);
	is_for("0 1 ff lba=0xffffffffffffffff+1", "28 00 ff ff ff ff 00 00 01",
	       0);

	sense(MEDIUM, "28", 0, "70 00 03 00 00 00 00 0a 00 00 00 00 11");
	sense(MEDIUM, "28", 1, "72 03 11");
	sense(MEDIUM " lba=1000+8", "28 00 00 00 03 e1 00 00 08", 0,
	      "f0 00 03 00 00 03 e8 0a 00 00 00 00 11");
	sense(MEDIUM " lba=1000+8", "28 00 00 00 03 ef 00 00 08", 0,
	      "f0 00 03 00 00 03 ef 0a 00 00 00 00 11");
	sense(MEDIUM " lba=0x10004ccb0+8",
	      "88 00 00 00 00 01 00 04 cc b2 00 00 00 08", 0,
	      "70 00 03 00 00 00 00 0a 00 00 00 00 11");
	sense(MEDIUM " lba=0x10004ccb0+8",
	      "88 00 00 00 00 01 00 04 cc b2 00 00 00 08", 1,
	      "72 03 11 00 00 00 00 0c 00 0a 80 00 00 00 00 01 00 04 cc b2");
	return finish();
}
