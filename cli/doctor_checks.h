/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the checks of doctor share: the host as far as it is known, and where findings go. A check looks and notes; none
 * changes anything, and what it may not look at is noted as not checked, never taken for good.
 */
#ifndef APIKEYD_CLI_DOCTOR_CHECKS_H
#define APIKEYD_CLI_DOCTOR_CHECKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cli/doctor_files.h"
#include "cli/doctor_memory.h"
#include "cli/doctor_report.h"
#include "cli/doctor_stack.h"
#include "lib/apikey.h"

struct doctor {
	struct doctor_memory memory;
	struct doctor_report report;
	struct doctor_files files; /* of the tree --root names, or of this host */
	struct doctor_files host;  /* of this host in any case: where the daemon that answers has its files */
	bool is_live;              /* it is this host that is looked at, not a tree of files */
	bool deep;
	uid_t also;          /* trusted as an owner beside root, for what was named on the command line; 0: nobody is */
	const char *runtime; /* as given; NULL: the default, or none in a tree */
	int64_t now;
	struct stacks stacks;
	bool stacks_mention_us;
	struct apikey_admin *admin;   /* NULL: the daemon does not answer, or is not asked */
	struct apikey_status *status; /* what the daemon says; NULL without it */
	bool is_administrator;        /* it says all */
};

/* True when there is a daemon to look at: on this host, or where --runtime-dir says. */
static inline bool doctor_has_daemon(const struct doctor *doctor)
{
	return doctor->is_live || doctor->runtime;
}

/* True for an owner who may decide who logs in: root, or whoever named what is looked at. */
static inline bool doctor_trusts(const struct doctor *doctor, uid_t owner)
{
	return owner == 0 || owner == doctor->also;
}

/* True when nobody but such an owner can change it. */
static inline bool doctor_trusts_file(const struct doctor *doctor, const struct stat *status)
{
	return doctor_trusts(doctor, status->st_uid) && (status->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* What the daemon says: a text ("" where it says none), a number (fallback where it says none). */
const char *doctor_fact(const struct doctor *doctor, const char *name);
uint64_t doctor_fact_number(const struct doctor *doctor, const char *name, uint64_t fallback);

/* The name of a uid, or the uid of a name, among the users of the tree. False when there is no such user; *ret_failed
 * when nobody could say. */
bool doctor_user_name(struct doctor *doctor, uid_t uid, const char **ret_name, bool *ret_failed);
bool doctor_user_uid(struct doctor *doctor, const char *name, uid_t *ret_uid, bool *ret_failed);

/* A text that lives as long as doctor. */
#define DOCTOR_TEXT(doctor, ...) doctor_memory_text(&(doctor)->memory, __VA_ARGS__)

/* Notes a finding; problem and mend are made by DOCTOR_TEXT() or static. */
void doctor_find(struct doctor *doctor, enum doctor_finding finding, const char *subject, unsigned int line,
		 const char *problem, const char *mend);

/* Notes that a path could not be looked at. */
void doctor_skip(struct doctor *doctor, const char *what, int error);

/* ---- the checks, each in the file of its subject ---- */

void doctor_check_daemon(struct doctor *doctor);
void doctor_check_sockets(struct doctor *doctor);
void doctor_check_module(struct doctor *doctor);
void doctor_check_stacks(struct doctor *doctor);
void doctor_check_callers(struct doctor *doctor);
void doctor_check_settings(struct doctor *doctor);
void doctor_check_files(struct doctor *doctor);
void doctor_check_host(struct doctor *doctor);
void doctor_check_units(struct doctor *doctor);
void doctor_check_keys(struct doctor *doctor);
void doctor_check_store(struct doctor *doctor);

/* Judges what the stack does with our lines, and what stands in them. */
void doctor_judge_stack(struct doctor *doctor, const struct stack *stack);

/* Whether it has sessions registered, so that they end with their key. */
bool doctor_stack_registers(const struct stack *stack);

#endif
