/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/doctor_control.h"

#include <string.h>
#include <strings.h>

#include "cli/scope.h"

#define DEPTH_MAX 32
#define JUMP_MAX 1000
#define SPACES " \t\n"

/* In the order of PAM's numbers. */
static const char *const code_names[CODE_COUNT] = {
	"success",
	"open_err",
	"symbol_err",
	"service_err",
	"system_err",
	"buf_err",
	"perm_denied",
	"auth_err",
	"cred_insufficient",
	"authinfo_unavail",
	"user_unknown",
	"maxtries",
	"new_authtok_reqd",
	"acct_expired",
	"session_err",
	"cred_unavail",
	"cred_expired",
	"cred_err",
	"no_module_data",
	"conv_err",
	"authtok_err",
	"authtok_recover_err",
	"authtok_lock_busy",
	"authtok_disable_aging",
	"try_again",
	"ignore",
	"abort",
	"authtok_expired",
	"module_unknown",
	"bad_item",
	"conv_again",
	"incomplete",
};

static const struct {
	const char *name;
	enum control_action action;
} action_names[] = {
	{ "ignore", ACTION_IGNORE }, { "ok", ACTION_OK },   { "done", ACTION_DONE },
	{ "bad", ACTION_BAD },       { "die", ACTION_DIE }, { "reset", ACTION_RESET },
};

static const struct {
	const char *name;
	enum control_action success, ignore, rest;
} words[] = {
	{ "required", ACTION_OK, ACTION_IGNORE, ACTION_BAD },
	{ "requisite", ACTION_OK, ACTION_IGNORE, ACTION_DIE },
	{ "sufficient", ACTION_DONE, ACTION_IGNORE, ACTION_IGNORE },
	{ "optional", ACTION_OK, ACTION_IGNORE, ACTION_IGNORE },
};

static void fill_unsaid(struct control *control, int action)
{
	for (size_t i = 0; i < CODE_COUNT; i++)
		if (control->actions[i] == ACTION_UNSAID)
			control->actions[i] = action;
}

/* The action text begins with; *ret_size bytes of it. False when it is none. */
static bool parse_action(const char *text, size_t size, int *ret_action)
{
	int number = 0;

	for (size_t i = 0; i < COUNT_OF(action_names); i++)
		if (strlen(action_names[i].name) == size && strncmp(action_names[i].name, text, size) == 0) {
			*ret_action = action_names[i].action;
			return true;
		}
	if (size == 0 || size > 4)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		number = number * 10 + (text[i] - '0');
	}
	if (number < 1 || number > JUMP_MAX)
		return false;
	*ret_action = number;
	return true;
}

static bool take_pair(struct control *control, const char *name, size_t name_size, int action, int *default_action)
{
	if (name_size == strlen("default") && strncmp(name, "default", name_size) == 0) {
		control->has_default = true;
		*default_action = action;
		return true;
	}
	for (size_t i = 0; i < CODE_COUNT; i++)
		if (strlen(code_names[i]) == name_size && strncmp(code_names[i], name, name_size) == 0) {
			control->actions[i] = action;
			return true;
		}
	return false;
}

/* "success=1 default=ignore]"; the brackets may be gone. */
static bool parse_pairs(const char *text, struct control *control)
{
	int default_action = ACTION_BAD, action;

	for (;;) {
		size_t name_size, action_size;
		const char *name;

		text += strspn(text, SPACES);
		if (*text == '\0' || *text == ']')
			break;
		name = text;
		name_size = strcspn(text, "=]" SPACES);
		text += name_size;
		text += strspn(text, SPACES);
		if (*text != '=')
			return false;
		text++;
		text += strspn(text, SPACES);
		action_size = strcspn(text, "]" SPACES);
		if (!parse_action(text, action_size, &action) ||
		    !take_pair(control, name, name_size, action, &default_action))
			return false;
		text += action_size;
	}
	fill_unsaid(control, default_action);
	return true;
}

bool control_parse(const char *text, struct control *ret_control)
{
	struct control control = { .has_default = false };

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (strcasecmp(words[i].name, text) != 0)
			continue;
		control.has_default = true;
		control.actions[CODE_SUCCESS] = words[i].success;
		control.actions[CODE_NEW_AUTHTOK_REQD] = words[i].success;
		control.actions[CODE_IGNORE] = words[i].ignore;
		fill_unsaid(&control, words[i].rest);
		*ret_control = control;
		return true;
	}
	if (text[0] == '[' && parse_pairs(text + 1, &control)) {
		*ret_control = control;
		return true;
	}
	memset(&control, 0, sizeof(control));
	fill_unsaid(&control, ACTION_BAD);
	*ret_control = control;
	return false;
}

/* ---- the walk ---- */

enum impression {
	IMPRESSION_NONE,
	IMPRESSION_POSITIVE,
	IMPRESSION_NEGATIVE,
};

struct state {
	enum impression impression;
	enum pam_code code;
};

static void take_good(struct state *state, enum pam_code code)
{
	if (state->impression == IMPRESSION_NEGATIVE ||
	    (state->impression == IMPRESSION_POSITIVE && state->code != CODE_SUCCESS))
		return;
	state->impression = IMPRESSION_POSITIVE; /* of a refusal as well */
	state->code = code;
}

static void take_bad(struct state *state, enum pam_code code)
{
	if (state->impression == IMPRESSION_NEGATIVE)
		return;
	state->impression = IMPRESSION_NEGATIVE;
	state->code = code == CODE_SUCCESS || code == CODE_IGNORE ? CODE_PERM_DENIED : code;
}

/* The step after the one at index, behind what is deeper. */
static size_t behind(const struct control_step *steps, size_t count, size_t index)
{
	unsigned int depth = steps[index].depth;

	for (index++; index < count && steps[index].depth > depth; index++)
		;
	return index;
}

/* The first step behind the substack that index is in. Outside of any: the end. */
static size_t behind_substack(const struct control_step *steps, size_t count, size_t index)
{
	unsigned int depth = steps[index].depth;

	if (depth == 0)
		return count;
	while (index < count && steps[index].depth >= depth)
		index++;
	return index;
}

enum pam_code control_walk(const struct control_step *steps, size_t count)
{
	struct state state = { IMPRESSION_NONE, CODE_PERM_DENIED };
	struct state before[DEPTH_MAX + 1];
	size_t next;

	for (size_t i = 0; i <= DEPTH_MAX; i++)
		before[i] = state;
	for (size_t i = 0; i < count; i = next) {
		const struct control_step *step = &steps[i];
		int action = step->control.actions[step->code];

		next = i + 1;
		if (step->opens) {
			if (step->depth < DEPTH_MAX)
				before[step->depth + 1] = state;
			continue;
		}
		switch (action) {
		case ACTION_IGNORE:
			break;
		case ACTION_RESET:
			state = before[step->depth <= DEPTH_MAX ? step->depth : 0];
			break;
		case ACTION_OK:
			take_good(&state, step->code);
			break;
		case ACTION_DONE:
			take_good(&state, step->code);
			if (state.impression == IMPRESSION_POSITIVE)
				next = behind_substack(steps, count, i);
			break;
		case ACTION_BAD:
			take_bad(&state, step->code);
			break;
		case ACTION_DIE:
			take_bad(&state, step->code);
			next = behind_substack(steps, count, i);
			break;
		default: /* a jump, within its own substack */
			next = behind(steps, count, i);
			for (; action > 0 && next < count && steps[next].depth == step->depth; action--)
				next = behind(steps, count, next);
			if (action > 0)
				state = (struct state){ IMPRESSION_NEGATIVE, CODE_PERM_DENIED };
			break;
		}
	}
	return state.impression == IMPRESSION_POSITIVE || state.code != CODE_SUCCESS ? state.code : CODE_PERM_DENIED;
}
