/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What fault.c and fault_file.c share: the rules of a LUN.
 */
#ifndef TCM_LOOP_FAULT_H
#define TCM_LOOP_FAULT_H

#include <linux/list.h>

#include "fault_rule.h"

struct tcm_loop_faults;
struct tcm_loop_lun;

/* Every command looks at all of them. */
#define TCM_LOOP_MAX_FAULTS 64

/**
 * struct tcm_loop_fault - a rule of a LUN, or a line that was written
 * @node: in a list
 * @line: an enum fault_line
 * @rule: the rule
 */
struct tcm_loop_fault {
	struct list_head node;
	int line;
	struct fault_rule rule;
};

struct tcm_loop_faults *tcm_loop_faults_alloc(void);
void tcm_loop_faults_give(struct tcm_loop_lun *lun,
			  struct tcm_loop_faults *faults);
int tcm_loop_faults_change(struct tcm_loop_lun *lun,
			   struct tcm_loop_fault *line,
			   struct list_head *taken);
unsigned int tcm_loop_faults_copy(struct tcm_loop_lun *lun,
				  struct fault_rule *rules);
void tcm_loop_faults_flush(struct tcm_loop_lun *lun);

#endif /* TCM_LOOP_FAULT_H */
