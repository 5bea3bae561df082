// SPDX-License-Identifier: GPL-2.0-only
/*
 * src/reservation.c, but for target cores before 4.3.  There PREEMPT AND ABORT
 * waits for no work that executes it, and what registers is not mended, see
 * compat/entry.c: the core executes both by itself.
 */
#include "tcm_loop_probed.h"

#ifdef COMPAT_HAS_se_lun_rcu_head
#include "../src/reservation.c"
#else
#include "tcm_loop.h"

/**
 * tcm_loop_must_be_late - may a command not be executed where it is submitted?
 * @cdb: its CDB
 *
 * Any context.
 *
 * Return: false.
 */
bool tcm_loop_must_be_late(const u8 *cdb)
{
	return false;
}

/**
 * tcm_loop_execute_late - is not called
 * @se_cmd: a command
 *
 * Return: -ENOSYS.
 */
int tcm_loop_execute_late(struct se_cmd *se_cmd)
{
	return -ENOSYS;
}

/**
 * tcm_loop_registrations_wait - wait for commands that are executed late
 *
 * There are none.  Any context.
 */
void tcm_loop_registrations_wait(void)
{
}

/**
 * tcm_loop_reservation_init - nothing is needed
 *
 * Any context.
 *
 * Return: 0.
 */
int tcm_loop_reservation_init(void)
{
	return 0;
}

/**
 * tcm_loop_reservation_exit - undo tcm_loop_reservation_init()
 *
 * Any context.
 */
void tcm_loop_reservation_exit(void)
{
}
#endif
