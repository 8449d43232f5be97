/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The stacks that mention the module. What a stack does is found by walking it in the situations that matter, so that a
 * pitfall is found however it is written, and a stack that is unusual but right is left alone.
 */
#include <errno.h>
#include <string.h>

#include "cli/doctor_checks.h"
#include "cli/doctor_modules.h"
#include "cli/scope.h"
#include "pam_module/options.h"

#define MINIMUM_UID_USUAL 1000
#define GOOD_AUTH "[success=done default=ignore]"
#define GOOD_ACCOUNT "[success=ok ignore=ignore default=bad]"

/* Where somebody sits in front of the machine: the last way in when the network or the daemon is away. */
static const char *const consoles[] = {
	"login", "gdm",  "gdm-password", "gdm3", "lightdm", "sddm",    "kdm",     "kde",   "xdm", "lxdm",
	"wdm",   "slim", "greetd",       "ly",   "remote",  "cockpit", "sulogin", "kiosk", "tty", "gdm-launch",
};

/* The ways to become root. */
static const char *const ways_to_root[] = { "su", "su-l", "sudo", "sudo-i", "doas", "polkit-1", "run0", "runuser" };

/* What the module says when it lets nobody in: no key or a bad one; the daemon away; a line that is wrong. */
static const enum pam_code refusals[] = { CODE_AUTH_ERR, CODE_AUTHINFO_UNAVAIL, CODE_SERVICE_ERR };

static bool is_among(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* The first line of ours in a phase. */
static const struct stack_rule *our_rule(const struct stack *stack, enum stack_phase phase)
{
	for (size_t i = 0; i < stack->rule_count; i++)
		if (stack->rules[i].is_ours && stack->rules[i].phase == phase)
			return &stack->rules[i];
	return NULL;
}

/* A finding about what a stack as a whole does; our line may stand in a file it includes. */
static void find_in_stack(struct doctor *doctor, enum doctor_finding finding, const struct stack *stack,
			  const struct stack_rule *rule, const char *problem, const char *mend)
{
	bool is_here = rule && strcmp(rule->path, stack->path) == 0;

	if (rule && !is_here)
		problem = DOCTOR_TEXT(doctor, "%s (the line stands in %s:%u)", problem, rule->path, rule->line);
	doctor_find(doctor, finding, doctor_files_show(&doctor->files, stack->path), is_here ? rule->line : 0, problem,
		    mend);
}

static bool succeeds(struct doctor *doctor, const struct stack *stack, enum stack_phase phase, enum pam_code ours,
		     bool others_accept, bool conditions_hold)
{
	struct situation situation = { .ours = ours,
				       .others_accept = others_accept,
				       .conditions_hold = conditions_hold };

	return situation_outcome(stack, phase, situation, &doctor->memory) == CODE_SUCCESS;
}

/* Whether somebody may get in, whatever the conditions in the stack ask. */
static bool may_succeed(struct doctor *doctor, const struct stack *stack, enum stack_phase phase, enum pam_code ours,
			bool others_accept)
{
	return succeeds(doctor, stack, phase, ours, others_accept, false) ||
	       succeeds(doctor, stack, phase, ours, others_accept, true);
}

/* ---- auth ---- */

/* Nobody proved anything, and the stack says yes. */
static void check_everyone(struct doctor *doctor, const struct stack *stack, const struct stack_rule *rule)
{
	for (size_t i = 0; i < COUNT_OF(refusals); i++)
		if (succeeds(doctor, stack, STACK_AUTH, refusals[i], false, false)) {
			find_in_stack(
				doctor, FINDING_AUTH_EVERYONE, stack, rule,
				"lets in everyone, without key or password: what pam_apikey.so refuses is ignored, "
				"and a later line says yes",
				"make the line 'auth required pam_apikey.so' for keys alone, or let a line that "
				"asks for a password follow and end the auth lines with 'auth required pam_deny.so'");
			return;
		}
}

static void check_locked_out(struct doctor *doctor, const struct stack *stack, const struct stack_rule *rule)
{
	bool is_console = is_among(stack->service, consoles, COUNT_OF(consoles));
	bool is_root = is_among(stack->service, ways_to_root, COUNT_OF(ways_to_root));

	if (!is_console && !is_root)
		return;
	for (size_t i = 0; i < COUNT_OF(refusals); i++) {
		if (may_succeed(doctor, stack, STACK_AUTH, refusals[i], true))
			continue;
		find_in_stack(doctor, is_console ? FINDING_CONSOLE_LOCKED_OUT : FINDING_ROOT_LOCKED_OUT, stack, rule,
			      DOCTOR_TEXT(doctor, "a right password does not open %s%s", stack->service,
					  refusals[i] == CODE_AUTHINFO_UNAVAIL
						  ? " while the daemon is away: there is no way back in then"
						  : ": a key alone does, and root has none"),
			      "put the line before those for passwords, as 'auth " GOOD_AUTH " pam_apikey.so'");
		return;
	}
}

static void check_enough(struct doctor *doctor, const struct stack *stack, const struct stack_rule *rule)
{
	bool enough = false;

	/* What is not known here is given the benefit of the doubt. */
	for (int i = 0; i < 4; i++) {
		struct situation situation = { .ours = CODE_SUCCESS,
					       .conditions_hold = i & 1,
					       .unknown_accept = i & 2 };

		enough |= situation_outcome(stack, STACK_AUTH, situation, &doctor->memory) == CODE_SUCCESS;
	}
	if (!enough)
		find_in_stack(doctor, FINDING_AUTH_KEY_NOT_ENOUGH, stack, rule,
			      "a good key does not let anybody in by itself: another line refuses, since a key is no "
			      "password",
			      "put the line before those for passwords, as 'auth " GOOD_AUTH " pam_apikey.so'");
}

/* ---- account ---- */

/* Services that run the account phase for people whom another program, or nobody, authenticated. */
static const char *const without_auth[] = { "sshd", "ssh",    "cron", "crond", "atd",
					    "sudo", "sudo-i", "su",   "su-l",  "systemd-user" };

/*
 * Whether a stack refuses in account whom it should not. One that takes keys alone may say so there too (without
 * ignore=ignore), where nobody comes who was not asked for a key.
 */
static bool refuses_without_key(struct doctor *doctor, const struct stack *stack, const struct stack_rule *rule)
{
	if (may_succeed(doctor, stack, STACK_ACCOUNT, CODE_IGNORE, true))
		return false;
	if (rule->control.actions[CODE_IGNORE] == ACTION_IGNORE)
		return true;
	return is_among(stack->service, without_auth, COUNT_OF(without_auth)) ||
	       may_succeed(doctor, stack, STACK_AUTH, CODE_AUTH_ERR, true);
}

/* Whether a good key gets in whom the other lines refuse, which let others in. */
static bool skips_others(struct doctor *doctor, const struct stack *stack, bool conditions_hold)
{
	struct situation refused = { .ours_absent = true, .conditions_hold = conditions_hold };
	struct situation accepted = { .ours_absent = true, .conditions_hold = conditions_hold, .others_accept = true };

	return situation_outcome(stack, STACK_ACCOUNT, accepted, &doctor->memory) == CODE_SUCCESS &&
	       situation_outcome(stack, STACK_ACCOUNT, refused, &doctor->memory) != CODE_SUCCESS &&
	       succeeds(doctor, stack, STACK_ACCOUNT, CODE_SUCCESS, false, conditions_hold);
}

static void check_account(struct doctor *doctor, const struct stack *stack, const struct stack_rule *rule)
{
	static const enum pam_code refused[] = { CODE_PERM_DENIED, CODE_ACCT_EXPIRED, CODE_AUTHINFO_UNAVAIL };

	if (refuses_without_key(doctor, stack, rule))
		find_in_stack(
			doctor, FINDING_ACCOUNT_SOLE, stack, rule,
			"whoever comes without a key (a public key, a password, cron) is refused: pam_apikey.so has "
			"no opinion then, and no other account line says yes",
			"add the service's usual account lines, or 'account required pam_permit.so', and write "
			"ours as 'account " GOOD_ACCOUNT " pam_apikey.so'");
	for (int hold = 0; hold < 2; hold++)
		if (skips_others(doctor, stack, hold))
			find_in_stack(doctor, FINDING_ACCOUNT_SKIPS_OTHERS, stack, rule,
				      "a good key skips the other account lines: expired and locked accounts get in",
				      "write it as 'account " GOOD_ACCOUNT " pam_apikey.so', after the others");
	for (size_t i = 0; i < COUNT_OF(refused); i++)
		if (succeeds(doctor, stack, STACK_ACCOUNT, refused[i], true, true)) {
			find_in_stack(
				doctor, FINDING_ACCOUNT_REFUSAL_IGNORED, stack, rule,
				"a key that is refused in the account phase (revoked, expired, wrong network) lets "
				"in all the same",
				"write it as 'account " GOOD_ACCOUNT " pam_apikey.so'");
			break;
		}
}

/* ---- session ---- */

static bool asks_for_ticket(const struct stack_rule *rule)
{
	for (size_t i = 0; i < rule->argument_count; i++)
		if (strcmp(rule->arguments[i], "session") == 0)
			return true;
	return false;
}

/* The first auth line of ours that has the session registered. */
static const struct stack_rule *asking_rule(const struct stack *stack)
{
	for (size_t i = 0; i < stack->rule_count; i++)
		if (stack->rules[i].is_ours && stack->rules[i].phase == STACK_AUTH && asks_for_ticket(&stack->rules[i]))
			return &stack->rules[i];
	return NULL;
}

bool doctor_stack_registers(const struct stack *stack)
{
	return asking_rule(stack) && our_rule(stack, STACK_SESSION);
}

/* Neither of the two lines does anything without the other, and a refusal has to count. */
static void check_session(struct doctor *doctor, const struct stack *stack)
{
	const struct stack_rule *asking = asking_rule(stack), *opening = our_rule(stack, STACK_SESSION);

	if (asking && !opening)
		find_in_stack(doctor, FINDING_SESSION_MISSING, stack, asking,
			      "has 'session' in auth, but no session line of pam_apikey.so: no session is registered, "
			      "and the ticket for that stays in the user's environment, where it goes stale",
			      "add 'session required pam_apikey.so', or take 'session' out of the auth line");
	if (!asking && opening)
		find_in_stack(doctor, FINDING_SESSION_UNASKED, stack, opening,
			      "has a session line of pam_apikey.so, but no 'session' on its auth line: no session is "
			      "registered, so none ends with its key",
			      "add the word 'session' to the auth line, or take the session line out");
	if (asking && opening && succeeds(doctor, stack, STACK_SESSION, CODE_PERM_DENIED, true, true))
		find_in_stack(doctor, FINDING_SESSION_REFUSAL_IGNORED, stack, opening,
			      "who shows a ticket that is no longer good is let in all the same: whoever waits a "
			      "minute with the last answer of a login gets a session that does not end with its key",
			      "write it as 'session required pam_apikey.so'");
}

static bool has_phase(const struct stack *stack, enum stack_phase phase)
{
	for (size_t i = 0; i < stack->rule_count; i++)
		if (stack->rules[i].phase == phase)
			return true;
	return false;
}

/* ---- single lines ---- */

static void check_options(struct doctor *doctor, const struct stack_rule *rule, const char *subject)
{
	struct options options;
	struct options_error error;

	if (!options_parse((int)rule->argument_count, rule->arguments, &options, &error)) {
		doctor_find(doctor, FINDING_STACK_OPTION, subject, rule->line,
			    DOCTOR_TEXT(doctor, "%s: %s; the module refuses every login over this line", error.argument,
					error.problem),
			    error.unknown
				    ? "correct it; pam_apikey(8) lists the options, and one that came later needs "
				      "the module of that version"
				    : "correct it, or take the option out; pam_apikey(8) describes it");
		return;
	}
	if (options.debug)
		doctor_find(doctor, FINDING_STACK_DEBUG, subject, rule->line,
			    "debug is on: every step of every login is logged", "take 'debug' out when you are done");
	if (options.minimum_uid == 0)
		doctor_find(doctor, FINDING_STACK_UID_ZERO, subject, rule->line,
			    "minimum_uid=0: a key may log in root, so whoever takes over the daemon is root",
			    "take minimum_uid=0 out, or be sure that root has to log in with a key here");
	else if (options.minimum_uid < MINIMUM_UID_USUAL)
		doctor_find(doctor, FINDING_STACK_UID_LOW, subject, rule->line,
			    DOCTOR_TEXT(doctor, "minimum_uid=%u lets keys log in system accounts",
					(unsigned int)options.minimum_uid),
			    "name the uid of the one account that needs it, or take the option out");
}

static void check_rule(struct doctor *doctor, const struct stack_rule *rule)
{
	const char *subject = doctor_files_show(&doctor->files, rule->path);

	if (!rule->control_known)
		doctor_find(doctor, FINDING_STACK_CONTROL, subject, rule->line,
			    DOCTOR_TEXT(doctor,
					"'%s%s' is no control field that PAM understands, so the line always fails",
					rule->control_text, rule->control_text[0] == '[' ? "]" : ""),
			    "correct it; " GOOD_AUTH " is the one to begin with");
	else if (!rule->control.has_default)
		doctor_find(doctor, FINDING_STACK_NO_DEFAULT, subject, rule->line,
			    DOCTOR_TEXT(doctor,
					"'%s]' has no default=, which PAM takes for default=bad: what it does not "
					"name ends in a refusal",
					rule->control_text),
			    rule->phase == STACK_AUTH ? "write " GOOD_AUTH ", or say default=bad if it is meant"
						      : "write " GOOD_ACCOUNT);
	check_options(doctor, rule, subject);
}

static void check_file(struct doctor *doctor, const char *path)
{
	struct stat status;

	if (doctor_files_stat(&doctor->files, path, DOCTOR_FOLLOW, &status) < 0 || doctor_trusts_file(doctor, &status))
		return;
	doctor_find(doctor, FINDING_STACK_WRITABLE, doctor_files_show(&doctor->files, path), 0,
		    DOCTOR_TEXT(doctor,
				"can be changed by others than root (owner %u, mode %04o), who then decide who logs in",
				(unsigned int)status.st_uid, (unsigned int)status.st_mode & 07777),
		    "chown root:root and chmod 0644 it, after a look at what it says");
}

void doctor_judge_stack(struct doctor *doctor, const struct stack *stack)
{
	const struct stack_rule *auth = our_rule(stack, STACK_AUTH), *account = our_rule(stack, STACK_ACCOUNT);
	/* A file that is only a part of others does not have to make sense by itself. */
	bool is_part = stack->is_included && (!has_phase(stack, STACK_AUTH) || !has_phase(stack, STACK_ACCOUNT));

	check_file(doctor, stack->path);
	for (size_t i = 0; i < stack->fault_count; i++)
		doctor_find(
			doctor, FINDING_STACK_INCLUDE, doctor_files_show(&doctor->files, stack->faults[i].path),
			stack->faults[i].line, stack->faults[i].what,
			"correct the line: libpam refuses every login of a service whose stack it cannot read whole");
	for (size_t i = 0; i < stack->rule_count; i++)
		if (stack->rules[i].is_ours) {
			check_rule(doctor, &stack->rules[i]);
			check_file(doctor, stack->rules[i].path);
		}
	if (is_part || stack->fault_count > 0)
		return;
	if (auth) {
		check_everyone(doctor, stack, auth);
		check_locked_out(doctor, stack, auth);
		check_enough(doctor, stack, auth);
	}
	check_session(doctor, stack);
	if (account)
		check_account(doctor, stack, account);
	else if (auth)
		find_in_stack(
			doctor, FINDING_ACCOUNT_MISSING, stack, auth,
			"asks for keys in auth, but has no account line of pam_apikey.so: where the service runs the "
			"account phase again (sudo's timestamp), a key that was revoked goes on working",
			"add 'account " GOOD_ACCOUNT " pam_apikey.so' after the other account lines");
}

void doctor_check_stacks(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->stacks.unreadable_count; i++)
		doctor_report_skip(&doctor->report, doctor_files_show(&doctor->files, doctor->stacks.unreadable[i]),
				   "it cannot be read");
	if (doctor->stacks.folder_denied)
		doctor_skip(doctor, "/etc/pam.d", EACCES);
	for (size_t i = 0; i < doctor->stacks.count; i++)
		if (doctor->stacks.stacks[i].mentions_us)
			doctor_judge_stack(doctor, &doctor->stacks.stacks[i]);
}
