/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How the usual PAM modules answer in a given situation: as much as is needed to see what a stack with ours in it does.
 * Pure.
 */
#ifndef APIKEYD_CLI_DOCTOR_MODULES_H
#define APIKEYD_CLI_DOCTOR_MODULES_H

#include "cli/doctor_control.h"
#include "cli/doctor_stack.h"

/* A situation: what our module says, and whether the others are content. */
struct situation {
	enum pam_code ours;
	bool others_accept;   /* auth: the password is right; account: nothing speaks against the user */
	bool conditions_hold; /* what pam_succeed_if and its like ask */
	bool unknown_accept;  /* modules that nothing is known of are content in any case */
	bool ours_absent;     /* our lines are passed over, whatever they say */
};

/* What PAM makes of one phase of a stack. */
enum pam_code situation_outcome(const struct stack *stack, enum stack_phase phase, struct situation situation,
				struct doctor_memory *memory);

#endif
