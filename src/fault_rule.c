// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of fault injection, see include/fault_rule.h.
 */
#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#else
#include <errno.h>
#include <stdio.h>
#include <string.h>
#endif

#include "fault_rule.h"
#include "protocol_id.h"

#define FIELDS 6

/* The longest delay: five minutes. */
#define MOST_MS 300000

struct field {
	const char *name;
	const char *accepted;
	u8 base;
	u32 least;
	u32 most;
};

static const struct field count_field = {
	"count",    "-N for N times, 1 for always, 0 for not now", 10, 0,
	0x7fffffff,
};

static const struct field opcode_field = {
	"opcode", "0 to fe, hexadecimal, or ff for all", 16, 0, 0xff
};

#define BYTE(name) { name, "0 to ff, hexadecimal", 16, 0, 0xff }

static const struct field not_taken_fields[] = {
	{ "return value of queuecommand", "1055 to 1058, hexadecimal", 16,
	  0x1055, 0x1058 },
	{ NULL },
};

static const struct field status_fields[] = {
	BYTE("host byte"),
	BYTE("driver byte"),
	BYTE("status"),
	{ "sense key", "0 to f, hexadecimal", 16, 0, 0xf },
	BYTE("additional sense code"),
	BYTE("additional sense code qualifier"),
	{ NULL },
};

static const struct field delay_fields[] = {
	{ "delay", "1 to 300000 ms", 10, 1, MOST_MS },
	{ NULL },
};

static const struct field attention_fields[] = {
	{ "sense key", "6", 16, 6, 6 },
	BYTE("additional sense code"),
	BYTE("additional sense code qualifier"),
	{ NULL },
};

static const struct field no_fields[] = {
	{ NULL },
};

#define TYPES "0, 1, 2, 3, 4, 16, 17, 21; 0 alone to clear"

/* The fields of a type, behind its opcode; or NULL. */
static const struct field *fields_of(u32 type)
{
	switch (type) {
	case FAULT_NO_ANSWER:
	case FAULT_ABORT_FAILS:
	case FAULT_RESET_FAILS:
	case FAULT_ANSWER_LOST:
		return no_fields;
	case FAULT_NOT_TAKEN:
		return not_taken_fields;
	case FAULT_STATUS:
		return status_fields;
	case FAULT_DELAY:
		return delay_fields;
	case FAULT_ATTENTION:
		return attention_fields;
	}
	return NULL;
}

struct words {
	const char *at;
	const char *end;
	struct fault_error *error;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blanks(struct words *words)
{
	while (words->at < words->end && is_blank(*words->at))
		words->at++;
}

/* The next word and its length, which is 0 at the end. */
static const char *next_word(struct words *words, size_t *len)
{
	const char *start;

	skip_blanks(words);
	start = words->at;
	while (words->at < words->end && !is_blank(*words->at))
		words->at++;
	*len = words->at - start;
	return start;
}

static int wrong(struct fault_error *error, const char *field,
		 const char *given, size_t len, const char *accepted)
{
	error->field = field;
	error->given = given;
	error->len = len;
	error->accepted = accepted;
	return -EINVAL;
}

/* A number of a base, or of 16 behind 0x. */
static bool parse_number(const char *text, size_t len, unsigned int base,
			 u64 *number)
{
	u64 value = 0;
	int digit;

	if (len > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
		len -= 2;
	}
	if (!len)
		return false;
	while (len--) {
		digit = protocol_hex_digit(*text++);
		if (digit < 0 || digit >= (int)base || value >> 60)
			return false;
		value = value * base + digit;
	}
	*number = value;
	return true;
}

static int next_field(struct words *words, const struct field *field,
		      u32 *value)
{
	size_t len;
	const char *word = next_word(words, &len);
	u64 number;

	if (!len || !parse_number(word, len, field->base, &number) ||
	    number < field->least || number > field->most)
		return wrong(words->error, field->name, word, len,
			     field->accepted);
	*value = number;
	return 0;
}

static int next_count(struct words *words, s32 *count)
{
	bool negative;
	u32 value;
	int ret;

	skip_blanks(words);
	negative = words->end - words->at > 1 && *words->at == '-' &&
		   !is_blank(words->at[1]);
	if (negative)
		words->at++;
	ret = next_field(words, &count_field, &value);
	if (!ret)
		*count = negative ? -(s32)value : (s32)value;
	return ret;
}

static bool starts_with(const char *word, size_t len, const char *key)
{
	return len >= strlen(key) && !memcmp(word, key, strlen(key));
}

/* START+COUNT, or START. */
static int parse_range(struct fault_rule *rule, const char *text, size_t len)
{
	const char *plus = memchr(text, '+', len);
	size_t first = plus ? (size_t)(plus - text) : len;

	rule->blocks = 1;
	if (!parse_number(text, first, 10, &rule->lba))
		return -EINVAL;
	if (plus && !parse_number(plus + 1, len - first - 1, 10, &rule->blocks))
		return -EINVAL;
	return rule->blocks && rule->lba + rule->blocks > rule->lba ? 0
								    : -EINVAL;
}

static int parse_key(struct fault_rule *rule, const char *word, size_t len,
		     struct fault_error *error)
{
	u64 number;

	if (starts_with(word, len, "lba="))
		return parse_range(rule, word + 4, len - 4)
			       ? wrong(error, "lba", word + 4, len - 4,
				       "START+COUNT, in logical blocks")
			       : 0;
	if (starts_with(word, len, "every=")) {
		if (!parse_number(word + 6, len - 6, 10, &number) || !number ||
		    number > 0x7fffffff)
			return wrong(error, "every", word + 6, len - 6,
				     "1 to 2147483647");
		rule->every = number;
		return 0;
	}
	if (starts_with(word, len, "p=")) {
		if (!parse_number(word + 2, len - 2, 10, &number) || !number ||
		    number > 100)
			return wrong(error, "p", word + 2, len - 2,
				     "1 to 100 percent");
		rule->percent = number;
		return 0;
	}
	return wrong(error, "end of the line", word, len,
		     "nothing, or lba=START+COUNT, every=N, p=PERCENT");
}

static int parse_fields(struct words *words, struct fault_rule *rule)
{
	const struct field *field = fields_of(rule->type);
	u32 values[FIELDS] = { 0 };
	unsigned int i;
	int ret;

	for (i = 0; field[i].name; i++) {
		ret = next_field(words, &field[i], &values[i]);
		if (ret)
			return ret;
	}
	switch (rule->type) {
	case FAULT_NOT_TAKEN:
	case FAULT_DELAY:
		rule->value = values[0];
		break;
	case FAULT_STATUS:
		rule->host = values[0];
		rule->driver = values[1];
		rule->status = values[2];
		rule->key = values[3];
		rule->asc = values[4];
		rule->ascq = values[5];
		break;
	case FAULT_ATTENTION:
		rule->status = 0x02; /* CHECK CONDITION: SAM-5, 5.3.1 */
		rule->key = values[0];
		rule->asc = values[1];
		rule->ascq = values[2];
		break;
	}
	return 0;
}

static int next_type(struct words *words, struct fault_rule *rule, bool *alone)
{
	size_t len, rest;
	const char *word = next_word(words, &len), *at;
	u64 type;

	if (!len || !parse_number(word, len, 10, &type) || type > 0xff ||
	    !fields_of(type))
		return wrong(words->error, "type", word, len, TYPES);
	rule->type = type;
	at = words->at;
	next_word(words, &rest);
	words->at = at;
	*alone = !rest;
	return 0;
}

/**
 * fault_rule_parse - read a line
 * @line: the line, without its end
 * @len: its length
 * @rule: the rule; of FAULT_LINE_REMOVE type and opcode only
 * @error: what is wrong
 *
 * Return: an enum fault_line, or -EINVAL with *@error.
 */
int fault_rule_parse(const char *line, size_t len, struct fault_rule *rule,
		     struct fault_error *error)
{
	struct words words = { line, line + len, error };
	const char *word;
	bool alone;
	size_t i;
	u32 value;
	int ret;

	memset(rule, 0, sizeof(*rule));
	for (i = 0; i < len; i++)
		if (!is_blank(line[i]) && (line[i] < '!' || line[i] > '~'))
			return wrong(error, "line", "?", 1,
				     "printable characters");
	word = next_word(&words, &i);
	if (!i)
		return FAULT_LINE_EMPTY;
	if (i == 1 && *word == '-') {
		ret = next_type(&words, rule, &alone);
		ret = ret ? ret : next_field(&words, &opcode_field, &value);
		if (ret)
			return ret;
		rule->opcode = value;
		word = next_word(&words, &i);
		return i ? wrong(error, "end of the line", word, i, "nothing")
			 : FAULT_LINE_REMOVE;
	}
	words.at = word;
	ret = next_type(&words, rule, &alone);
	if (ret)
		return ret;
	if (alone && !rule->type)
		return FAULT_LINE_CLEAR;
	ret = next_count(&words, &rule->count);
	ret = ret ? ret : next_field(&words, &opcode_field, &value);
	if (ret)
		return ret;
	rule->opcode = value;
	ret = parse_fields(&words, rule);
	while (!ret) {
		word = next_word(&words, &i);
		if (!i)
			return FAULT_LINE_ADD;
		ret = parse_key(rule, word, i, error);
	}
	return ret;
}

/**
 * fault_rule_print - print a rule as a line that adds it
 * @rule: the rule
 * @buffer: where to
 * @size: its size, FAULT_RULE_SIZE
 *
 * Return: the length printed.
 */
int fault_rule_print(const struct fault_rule *rule, char *buffer, size_t size)
{
	int len = snprintf(buffer, size, "%u %d 0x%x", rule->type, rule->count,
			   rule->opcode);

	switch (rule->type) {
	case FAULT_NOT_TAKEN:
		len += snprintf(buffer + len, size - len, " 0x%x", rule->value);
		break;
	case FAULT_STATUS:
		len += snprintf(buffer + len, size - len,
				" 0x%x 0x%x 0x%x 0x%x 0x%x 0x%x", rule->host,
				rule->driver, rule->status, rule->key,
				rule->asc, rule->ascq);
		break;
	case FAULT_DELAY:
		len += snprintf(buffer + len, size - len, " %u", rule->value);
		break;
	case FAULT_ATTENTION:
		len += snprintf(buffer + len, size - len, " 0x%x 0x%x 0x%x",
				rule->key, rule->asc, rule->ascq);
		break;
	}
	if (rule->blocks)
		len += snprintf(buffer + len, size - len, " lba=%llu+%llu",
				(unsigned long long)rule->lba,
				(unsigned long long)rule->blocks);
	if (rule->every)
		len += snprintf(buffer + len, size - len, " every=%u",
				rule->every);
	if (rule->percent)
		len += snprintf(buffer + len, size - len, " p=%u",
				rule->percent);
	return len;
}

/**
 * fault_rule_same - does a rule take the place of another?
 * @a: the one
 * @b: the other
 *
 * Return: true if type, opcode and blocks are the same.
 */
bool fault_rule_same(const struct fault_rule *a, const struct fault_rule *b)
{
	return a->type == b->type && a->opcode == b->opcode &&
	       a->lba == b->lba && a->blocks == b->blocks;
}

static u64 be(const u8 *bytes, unsigned int count)
{
	u64 value = 0;

	while (count--)
		value = value << 8 | *bytes++;
	return value;
}

/**
 * fault_cdb_range - which blocks a command is for
 * @cdb: its CDB
 * @lba: the first one
 * @blocks: how many; those of WRITE SAME may be 0, for all from @lba on
 *
 * Return: false if it is none of READ, WRITE, VERIFY, WRITE AND VERIFY, COMPARE
 * AND WRITE, ORWRITE, WRITE ATOMIC and WRITE SAME, of 6 to 16 bytes.
 */
bool fault_cdb_range(const u8 *cdb, u64 *lba, u64 *blocks)
{
	/* SBC-4, clause 5 */
	switch (cdb[0]) {
	case 0x08: /* READ(6) */
	case 0x0a: /* WRITE(6) */
		*lba = be(cdb + 1, 3) & 0x1fffff;
		*blocks = cdb[4] ? cdb[4] : 256;
		return true;
	case 0x28: /* READ(10) */
	case 0x2a: /* WRITE(10) */
	case 0x2e: /* WRITE AND VERIFY(10) */
	case 0x2f: /* VERIFY(10) */
	case 0x41: /* WRITE SAME(10) */
		*lba = be(cdb + 2, 4);
		*blocks = be(cdb + 7, 2);
		return true;
	case 0xa8: /* READ(12) */
	case 0xaa: /* WRITE(12) */
	case 0xae: /* WRITE AND VERIFY(12) */
	case 0xaf: /* VERIFY(12) */
		*lba = be(cdb + 2, 4);
		*blocks = be(cdb + 6, 4);
		return true;
	case 0x88: /* READ(16) */
	case 0x8a: /* WRITE(16) */
	case 0x8b: /* ORWRITE(16) */
	case 0x8e: /* WRITE AND VERIFY(16) */
	case 0x8f: /* VERIFY(16) */
	case 0x93: /* WRITE SAME(16) */
		*lba = be(cdb + 2, 8);
		*blocks = be(cdb + 10, 4);
		return true;
	case 0x89: /* COMPARE AND WRITE */
		*lba = be(cdb + 2, 8);
		*blocks = cdb[13];
		return true;
	case 0x9c: /* WRITE ATOMIC(16) */
		*lba = be(cdb + 2, 8);
		*blocks = be(cdb + 12, 2);
		return true;
	}
	return false;
}

/* The first block of both, if there is one. */
static bool first_of_both(const struct fault_rule *rule, const u8 *cdb,
			  u64 *first)
{
	u64 lba, blocks;

	if (!rule->blocks || !fault_cdb_range(cdb, &lba, &blocks))
		return false;
	if (!blocks && (cdb[0] == 0x41 || cdb[0] == 0x93))
		blocks = ~(u64)0 - lba;
	*first = lba > rule->lba ? lba : rule->lba;
	return *first - lba < blocks && *first - rule->lba < rule->blocks;
}

/**
 * fault_rule_is_for - is a rule for a command?
 * @rule: the rule
 * @cdb: the command's CDB
 *
 * What counts, and chance, are not looked at.
 *
 * Return: true if opcode and blocks are those of the rule.
 */
bool fault_rule_is_for(const struct fault_rule *rule, const u8 *cdb)
{
	u64 first;

	if (rule->opcode != FAULT_ANY_OPCODE && rule->opcode != cdb[0])
		return false;
	if (rule->blocks)
		return first_of_both(rule, cdb, &first);
	/* They would be lost: SPC-4 r37, 5.14 */
	return rule->type != FAULT_ATTENTION ||
	       (cdb[0] != 0x12 && cdb[0] != 0xa0 && cdb[0] != 0x03);
}

/**
 * fault_rule_sense - make a rule's sense data: SPC-4 r37, 4.5
 * @rule: the rule
 * @cdb: the command's CDB
 * @descriptor: in descriptor format
 * @sense: where to, FAULT_SENSE_SIZE bytes
 *
 * INFORMATION is the first block of the rule's that the command is for, where
 * the format can tell.
 */
void fault_rule_sense(const struct fault_rule *rule, const u8 *cdb,
		      bool descriptor, u8 *sense)
{
	u8 *information = sense + 3;
	unsigned int size = 4, i;
	u64 first;

	memset(sense, 0, FAULT_SENSE_SIZE);
	if (descriptor) {
		sense[0] = 0x72;
		sense[1] = rule->key;
		sense[2] = rule->asc;
		sense[3] = rule->ascq;
	} else {
		sense[0] = 0x70;
		sense[2] = rule->key;
		sense[7] = 10;
		sense[12] = rule->asc;
		sense[13] = rule->ascq;
	}
	if (!first_of_both(rule, cdb, &first) || (!descriptor && first >> 32))
		return;
	if (descriptor) {
		sense[7] = 12;
		sense[9] = 10;
		sense[10] = 0x80;
		information = sense + 12;
		size = 8;
	} else {
		sense[0] |= 0x80;
	}
	for (i = 0; i < size; i++)
		information[i] = first >> (8 * (size - 1 - i));
}
