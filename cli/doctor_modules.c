/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/doctor_modules.h"

#include <string.h>

#include "cli/scope.h"

enum kind {
	KIND_UNKNOWN,   /* what is not in the table: it may decide by a password, or by anything else */
	KIND_DECIDES,   /* a password, a token, an account */
	KIND_PERMITS,   /* success always */
	KIND_DENIES,    /* refuses always */
	KIND_CONDITION, /* a question about the user or the service */
	KIND_GATE,      /* success where nothing speaks against it; it knows nobody */
	KIND_SILENT,    /* has no opinion */
	KIND_ROOT,      /* root alone, who needs no key */
};

/* In auth, and in account. */
static const struct {
	const char *module;
	enum kind auth, account;
} table[] = {
	{ "pam_unix.so", KIND_DECIDES, KIND_DECIDES },
	{ "pam_sss.so", KIND_DECIDES, KIND_DECIDES },
	{ "pam_ldap.so", KIND_DECIDES, KIND_DECIDES },
	{ "pam_krb5.so", KIND_DECIDES, KIND_DECIDES },
	{ "pam_winbind.so", KIND_DECIDES, KIND_DECIDES },
	{ "pam_userdb.so", KIND_DECIDES, KIND_DECIDES },
	{ "pam_pwdfile.so", KIND_DECIDES, KIND_DECIDES },
	{ "pam_systemd_home.so", KIND_DECIDES, KIND_DECIDES },
	{ "pam_radius_auth.so", KIND_DECIDES, KIND_DECIDES },
	{ "pam_mysql.so", KIND_DECIDES, KIND_DECIDES },
	{ "pam_pgsql.so", KIND_DECIDES, KIND_DECIDES },
	{ "pam_google_authenticator.so", KIND_DECIDES, KIND_DECIDES },
	{ "pam_oath.so", KIND_DECIDES, KIND_DECIDES },
	{ "pam_u2f.so", KIND_DECIDES, KIND_DECIDES },
	{ "pam_fprintd.so", KIND_DECIDES, KIND_DECIDES },
	{ "pam_pkcs11.so", KIND_DECIDES, KIND_DECIDES },
	{ "pam_yubico.so", KIND_DECIDES, KIND_DECIDES },
	{ "pam_permit.so", KIND_PERMITS, KIND_PERMITS },
	{ "pam_deny.so", KIND_DENIES, KIND_DENIES },
	{ "pam_rootok.so", KIND_ROOT, KIND_ROOT },
	{ "pam_wheel.so", KIND_CONDITION, KIND_CONDITION },
	{ "pam_succeed_if.so", KIND_CONDITION, KIND_CONDITION },
	{ "pam_localuser.so", KIND_CONDITION, KIND_CONDITION },
	{ "pam_usertype.so", KIND_CONDITION, KIND_CONDITION },
	{ "pam_listfile.so", KIND_CONDITION, KIND_DECIDES },
	{ "pam_rhosts.so", KIND_CONDITION, KIND_CONDITION },
	{ "pam_timestamp.so", KIND_CONDITION, KIND_CONDITION },
	{ "pam_ssh_agent_auth.so", KIND_CONDITION, KIND_CONDITION },
	{ "pam_securetty.so", KIND_GATE, KIND_GATE },
	{ "pam_sepermit.so", KIND_GATE, KIND_GATE },
	{ "pam_shells.so", KIND_GATE, KIND_DECIDES },
	{ "pam_access.so", KIND_GATE, KIND_DECIDES },
	{ "pam_time.so", KIND_SILENT, KIND_DECIDES },
	{ "pam_tally2.so", KIND_GATE, KIND_GATE },
	{ "pam_nologin.so", KIND_SILENT, KIND_SILENT },
	{ "pam_env.so", KIND_SILENT, KIND_SILENT },
	{ "pam_faildelay.so", KIND_SILENT, KIND_SILENT },
	{ "pam_group.so", KIND_SILENT, KIND_SILENT },
	{ "pam_cap.so", KIND_SILENT, KIND_SILENT },
	{ "pam_keyinit.so", KIND_SILENT, KIND_SILENT },
	{ "pam_echo.so", KIND_SILENT, KIND_SILENT },
	{ "pam_issue.so", KIND_SILENT, KIND_SILENT },
	{ "pam_warn.so", KIND_SILENT, KIND_SILENT },
	{ "pam_debug.so", KIND_SILENT, KIND_SILENT },
	{ "pam_selinux.so", KIND_SILENT, KIND_SILENT },
	{ "pam_gnome_keyring.so", KIND_SILENT, KIND_SILENT },
	{ "pam_kwallet.so", KIND_SILENT, KIND_SILENT },
	{ "pam_kwallet5.so", KIND_SILENT, KIND_SILENT },
	{ "pam_ecryptfs.so", KIND_SILENT, KIND_SILENT },
	{ "pam_mount.so", KIND_SILENT, KIND_SILENT },
};

static bool has_argument(const struct stack_rule *rule, const char *argument)
{
	for (size_t i = 0; i < rule->argument_count; i++)
		if (strcmp(rule->arguments[i], argument) == 0)
			return true;
	return false;
}

/* Counts failures: before and after they were counted it is content, when told of one it refuses. */
static enum kind kind_of_faillock(const struct stack_rule *rule, enum stack_phase phase)
{
	if (phase != STACK_AUTH)
		return KIND_SILENT;
	return has_argument(rule, "authfail") ? KIND_DENIES : KIND_SILENT;
}

static enum kind kind_of(const struct stack_rule *rule, enum stack_phase phase)
{
	const char *slash = strrchr(rule->module, '/');
	const char *name = slash ? slash + 1 : rule->module;

	if (strcmp(name, "pam_faillock.so") == 0)
		return kind_of_faillock(rule, phase);
	if (strcmp(name, "pam_listfile.so") == 0 && has_argument(rule, "sense=deny"))
		return phase == STACK_AUTH ? KIND_GATE : KIND_DECIDES;
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (strcmp(table[i].module, name) == 0)
			return phase == STACK_AUTH ? table[i].auth : table[i].account;
	return KIND_UNKNOWN;
}

static enum pam_code answer_of(const struct stack_rule *rule, enum stack_phase phase, struct situation situation)
{
	enum pam_code refusal = phase == STACK_AUTH ? CODE_AUTH_ERR : CODE_PERM_DENIED;

	if (rule->is_ours)
		return situation.ours;
	switch (kind_of(rule, phase)) {
	case KIND_PERMITS:
		return CODE_SUCCESS;
	case KIND_CONDITION:
		return situation.conditions_hold ? CODE_SUCCESS : refusal;
	case KIND_GATE:
		return CODE_SUCCESS;
	case KIND_SILENT:
		return CODE_IGNORE;
	case KIND_UNKNOWN:
		return situation.others_accept || situation.unknown_accept ? CODE_SUCCESS : refusal;
	case KIND_DECIDES:
		return situation.others_accept ? CODE_SUCCESS : refusal;
	case KIND_DENIES:
	case KIND_ROOT:
		break;
	}
	return refusal;
}

enum pam_code situation_outcome(const struct stack *stack, enum stack_phase phase, struct situation situation,
				struct doctor_memory *memory)
{
	struct control_step *steps = doctor_memory_take(memory, (stack->rule_count + 1) * sizeof(*steps));
	size_t count = 0;

	for (size_t i = 0; i < stack->rule_count; i++) {
		const struct stack_rule *rule = &stack->rules[i];

		if (rule->phase != phase)
			continue;
		steps[count] = (struct control_step){
			.control = rule->control,
			.depth = rule->depth,
			.opens = rule->opens,
			.code = answer_of(rule, phase, situation),
		};
		if (rule->is_ours && situation.ours_absent)
			steps[count].control.actions[steps[count].code] = ACTION_IGNORE;
		count++;
	}
	return control_walk(steps, count);
}
