/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/policies.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/settings_value.h"
#include "daemon/settings.h"
#include "daemon/store_policy.h"

#define DAY INT64_C(86400)
#define YEAR (365 * DAY)

enum kind {
	KIND_SPAN,   /* seconds between limits; */
	KIND_END,    /* or TIME_NEVER too */
	KIND_COUNT,  /* a number between limits, or 0: none at all */
	KIND_CHOICE, /* one of the words */
};

#define WORDS_MAX 2

static const struct {
	const char *name;
	size_t offset; /* in struct policies */
	enum kind kind;
	int64_t minimum, maximum, fallback;
	const char *example;
	const char *words[WORDS_MAX];
} rules[POLICIES_COUNT] = {
#define RULE(member) .name = #member, .offset = offsetof(struct policies, member)
	[POLICIES_DEFAULT_LIFETIME] = { RULE(default_lifetime), KIND_END, 60, 100 * YEAR, TIME_NEVER, "90d" },
	[POLICIES_MAX_LIFETIME] = { RULE(max_lifetime), KIND_END, 60, 100 * YEAR, TIME_NEVER, "1y" },
	[POLICIES_MAX_SECRET_AGE] = { RULE(max_secret_age), KIND_END, 60, 100 * YEAR, TIME_NEVER, "90d" },
	[POLICIES_WARN_BEFORE] = { RULE(warn_before), KIND_END, 60, 10 * YEAR, 14 * DAY, "14d" },
	[POLICIES_ON_VIOLATION] = { RULE(on_violation),
				    KIND_CHOICE,
				    0,
				    1,
				    POLICIES_REPORT,
				    NULL,
				    { [POLICIES_REPORT] = "report", [POLICIES_REFUSE] = "refuse" } },
	[POLICIES_MISUSE] = { RULE(misuse),
			      KIND_CHOICE,
			      0,
			      1,
			      POLICIES_REPORT,
			      NULL,
			      { [POLICIES_REPORT] = "report", [POLICIES_SUSPEND] = "suspend" } },
	[POLICIES_MISUSE_SOURCES] = { RULE(misuse_sources), KIND_COUNT, 2, 64, 0, NULL },
	[POLICIES_MISUSE_WINDOW] = { RULE(misuse_window), KIND_SPAN, 60, 30 * DAY, 3600, "1h" },
	[POLICIES_END_SESSIONS] = { RULE(end_sessions), KIND_CHOICE, 0, 1, 0, NULL, { "no", "yes" } },
};

static int64_t *place(struct policies *policies, enum policies_rule rule)
{
	return (int64_t *)((char *)policies + rules[rule].offset);
}

int64_t policies_get(const struct policies *policies, enum policies_rule rule)
{
	return *(const int64_t *)((const char *)policies + rules[rule].offset);
}

void policies_set(struct policies *policies, enum policies_rule rule, int64_t value)
{
	*place(policies, rule) = value;
}

void policies_default(struct policies *ret_policies)
{
	for (enum policies_rule rule = 0; rule < POLICIES_COUNT; rule++)
		policies_set(ret_policies, rule, rules[rule].fallback);
}

const char *policies_name(enum policies_rule rule)
{
	return rules[rule].name;
}

enum policies_rule policies_of_name(const char *name)
{
	enum policies_rule rule = 0;

	while (rule < POLICIES_COUNT && strcmp(rules[rule].name, name) != 0)
		rule++;
	return rule;
}

bool policies_allow(enum policies_rule rule, int64_t value)
{
	return (value >= rules[rule].minimum && value <= rules[rule].maximum) ||
	       (rules[rule].kind == KIND_END && value == TIME_NEVER) || (rules[rule].kind == KIND_COUNT && value == 0);
}

static enum settings_unit unit_of(enum policies_rule rule)
{
	return rules[rule].kind == KIND_COUNT ? SETTINGS_UNIT_NONE : SETTINGS_UNIT_SPAN;
}

bool policies_parse(enum policies_rule rule, const char *text, int64_t *ret_value)
{
	uint64_t number;

	if (rules[rule].kind == KIND_CHOICE) {
		for (size_t i = 0; i < WORDS_MAX; i++) {
			if (strcmp(text, rules[rule].words[i]) != 0)
				continue;
			*ret_value = (int64_t)i;
			return true;
		}
		return false;
	}
	if (rules[rule].kind == KIND_END && strcmp(text, "never") == 0) {
		*ret_value = TIME_NEVER;
		return true;
	}
	if (!settings_value_number(text, unit_of(rule), &number) || number >= INT64_MAX ||
	    !policies_allow(rule, (int64_t)number))
		return false;
	*ret_value = (int64_t)number;
	return true;
}

void policies_format(enum policies_rule rule, int64_t value, char ret_text[POLICIES_TEXT_SIZE])
{
	_Static_assert(POLICIES_TEXT_SIZE >= SETTINGS_NUMBER_SIZE, "a number fits");

	if (rules[rule].kind == KIND_CHOICE)
		snprintf(ret_text, POLICIES_TEXT_SIZE, "%s", rules[rule].words[value]);
	else if (value == TIME_NEVER)
		strcpy(ret_text, "never");
	else
		settings_value_format((uint64_t)value, unit_of(rule), ret_text);
}

void policies_must(enum policies_rule rule, char ret_text[POLICIES_MUST_SIZE])
{
	char minimum[SETTINGS_NUMBER_SIZE], maximum[SETTINGS_NUMBER_SIZE];

	settings_value_format((uint64_t)rules[rule].minimum, unit_of(rule), minimum);
	settings_value_format((uint64_t)rules[rule].maximum, unit_of(rule), maximum);
	if (rules[rule].kind == KIND_CHOICE)
		snprintf(ret_text, POLICIES_MUST_SIZE, "be %s or %s", rules[rule].words[0], rules[rule].words[1]);
	else if (rules[rule].kind == KIND_COUNT)
		snprintf(ret_text, POLICIES_MUST_SIZE, "be 0 or a whole number from %s to %s", minimum, maximum);
	else
		snprintf(ret_text, POLICIES_MUST_SIZE, "be a span of time from %s to %s, such as %s%s", minimum,
			 maximum, rules[rule].example, rules[rule].kind == KIND_END ? ", or never" : "");
}

/* A row that is not in order is no rule that could be followed, and leaving it out might let somebody in. */
static bool take(void *data, const char *name, int64_t value)
{
	struct policies_own *own = data;

	for (enum policies_rule rule = 0; rule < POLICIES_COUNT; rule++) {
		if (strcmp(rules[rule].name, name) != 0)
			continue;
		if (!policies_allow(rule, value))
			return false;
		policies_set(&own->values, rule, value);
		own->has |= 1U << rule;
		return true;
	}
	return false;
}

int policies_find_own(struct store_reader *reader, const char *tenant, struct policies_own *ret_own)
{
	struct policies_own own = { .has = 0 };
	int r = store_has_policies(reader) ? store_list_policies(reader, tenant, take, &own) : 0;

	if (r == 0)
		*ret_own = own;
	return r;
}

int policies_find(struct store_reader *reader, const struct settings *settings, const char *tenant,
		  struct policies *ret_policies)
{
	struct policies_own found = { .values = settings->policies };

	if (store_has_policies(reader)) {
		int r = store_list_policies(reader, tenant, take, &found);

		if (r < 0)
			return r;
	}
	*ret_policies = found.values;
	return 0;
}
