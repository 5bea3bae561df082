/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rules of fault injection: their lines, and which commands they are for.
 *
 * Pure functions over byte buffers: no kernel object, no allocation.  Any
 * context may call them, and no lock is needed.  The same source is built into
 * the module and into user-space tests.
 *
 * The lines of the types below 16 are scsi_debug's, see doc/faults.md.
 */
#ifndef TCM_LOOP_FAULT_RULE_H
#define TCM_LOOP_FAULT_RULE_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef int32_t s32;
typedef uint64_t u64;
#endif

/**
 * enum fault_type - what a fault does to a command
 * @FAULT_NO_ANSWER: it is swallowed: not executed, never answered
 * @FAULT_NOT_TAKEN: queuecommand returns something else than 0
 * @FAULT_STATUS: it is not executed, but answered with a status
 * @FAULT_ABORT_FAILS: the error handler cannot abort it
 * @FAULT_RESET_FAILS: LOGICAL UNIT RESET fails
 * @FAULT_DELAY: it is executed later
 * @FAULT_ATTENTION: it is answered with a unit attention
 * @FAULT_ANSWER_LOST: it is executed, but never answered
 */
enum fault_type {
	FAULT_NO_ANSWER = 0,
	FAULT_NOT_TAKEN = 1,
	FAULT_STATUS = 2,
	FAULT_ABORT_FAILS = 3,
	FAULT_RESET_FAILS = 4,
	FAULT_DELAY = 16,
	FAULT_ATTENTION = 17,
	FAULT_ANSWER_LOST = 21,
};

/* For all commands. */
#define FAULT_ANY_OPCODE 0xff

/**
 * struct fault_rule - one rule
 * @type: an enum fault_type
 * @opcode: of the commands that it is for, or FAULT_ANY_OPCODE
 * @host: the host byte of the answer
 * @driver: the driver byte: kept, but of no effect
 * @status: the SCSI status
 * @key: the sense key
 * @asc: the additional sense code
 * @ascq: its qualifier
 * @percent: of the commands, how many are hit, at random; 0 for all
 * @count: how often it still takes effect, below 0; 0 for not any more; above
 *	0 for always
 * @value: what queuecommand returns, or a delay in milliseconds
 * @every: each how manieth command is hit; 0 for each
 * @seen: how many commands it was for, if @every is not 0
 * @lba: the first logical block that it is for
 * @blocks: how many; 0 for commands of any block, and of none
 */
struct fault_rule {
	u8 type;
	u8 opcode;
	u8 host;
	u8 driver;
	u8 status;
	u8 key;
	u8 asc;
	u8 ascq;
	u8 percent;
	s32 count;
	u32 value;
	u32 every;
	u32 seen;
	u64 lba;
	u64 blocks;
};

/**
 * enum fault_line - what a line is
 * @FAULT_LINE_EMPTY: nothing
 * @FAULT_LINE_ADD: a rule
 * @FAULT_LINE_REMOVE: rules of a type and an opcode are to go
 * @FAULT_LINE_CLEAR: all are to go
 */
enum fault_line {
	FAULT_LINE_EMPTY,
	FAULT_LINE_ADD,
	FAULT_LINE_REMOVE,
	FAULT_LINE_CLEAR,
};

/**
 * struct fault_error - what is wrong with a line
 * @field: the name of the field
 * @given: what was given for it, within the line; printable
 * @len: its length; 0 if it is missing
 * @accepted: what is accepted
 */
struct fault_error {
	const char *field;
	const char *given;
	size_t len;
	const char *accepted;
};

/* Enough for each rule that fault_rule_print() prints, and its NUL. */
#define FAULT_RULE_SIZE 160

/* Descriptor format, with an information descriptor */
#define FAULT_SENSE_SIZE 20

int fault_rule_parse(const char *line, size_t len, struct fault_rule *rule,
		     struct fault_error *error);
int fault_rule_print(const struct fault_rule *rule, char *buffer, size_t size);
bool fault_rule_same(const struct fault_rule *a, const struct fault_rule *b);
bool fault_rule_is_for(const struct fault_rule *rule, const u8 *cdb);
bool fault_cdb_range(const u8 *cdb, u64 *lba, u64 *blocks);
void fault_rule_sense(const struct fault_rule *rule, const u8 *cdb,
		      bool descriptor, u8 *sense);

#endif /* TCM_LOOP_FAULT_RULE_H */
