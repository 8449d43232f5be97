/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/explain_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "daemon/key_fields.h"
#include "daemon/key_secrets.h"
#include "daemon/verify_hmac.h"
#include "proto/credential.h"

_Static_assert(EXPLAIN_TEXT_SIZE <= WIRE_REASON_MAX + 1, "it fits into a step");

__attribute__((format(printf, 2, 3))) static void say(char *ret_text, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(ret_text, EXPLAIN_TEXT_SIZE, format, arguments);
	va_end(arguments);
}

static void tell_state(const struct store_key *key, const struct policy_request *request, char *ret_text)
{
	(void)request;
	say(ret_text, "%s%s%s", key_state_name(key->state), *key->state_reason ? ": " : "", key->state_reason);
}

static void tell_dates(const struct store_key *key, const struct policy_request *request, char *ret_text)
{
	char start[CLOCK_TEXT_SIZE], end[CLOCK_TEXT_SIZE], now[CLOCK_TEXT_SIZE];

	clock_format(key->not_before, start, sizeof(start));
	clock_format(key->expires, end, sizeof(end));
	clock_format(request->now, now, sizeof(now));
	say(ret_text, "%s%s%sexpires %s; it is %s", key->not_before == 0 ? "" : "from ",
	    key->not_before == 0 ? "" : start, key->not_before == 0 ? "" : ", ", end, now);
}

/* What is broken, and let in all the same, is told of. */
static const char *let_in(bool broken, const struct policy_request *request)
{
	return broken && request->policies->on_violation == POLICIES_REPORT
		       ? ": broken, and let in, since on_violation is report"
		       : "";
}

static void tell_lifetime(const struct store_key *key, const struct policy_request *request, char *ret_text)
{
	char end[CLOCK_TEXT_SIZE], most[POLICIES_TEXT_SIZE];

	clock_format(key->expires, end, sizeof(end));
	policies_format(POLICIES_MAX_LIFETIME, request->policies->max_lifetime, most);
	say(ret_text, "expires %s; max_lifetime is %s from now%s", end, most,
	    let_in(policy_breaks_lifetime(key, request->policies, request->now), request));
}

static void tell_secret_age(const struct store_key *key, const struct policy_request *request, char *ret_text)
{
	char created[CLOCK_TEXT_SIZE], most[POLICIES_TEXT_SIZE];

	(void)key;
	clock_format(request->secret->created, created, sizeof(created));
	policies_format(POLICIES_MAX_SECRET_AGE, request->policies->max_secret_age, most);
	say(ret_text, "secret %" PRIu32 " is of %s; max_secret_age is %s%s", request->secret->number, created, most,
	    let_in(policy_breaks_secret_age(request->secret, request->policies, request->now), request));
}

static void tell_tenant(const struct store_key *key, const struct policy_request *request, char *ret_text)
{
	const char *asked = request->tenant && *request->tenant ? request->tenant : STORE_DEFAULT_TENANT;

	say(ret_text, "%s; asked for is %.128s", *key->tenant ? key->tenant : "none: a key of the account", asked);
}

static void tell_user(const struct store_key *key, const struct policy_request *request, char *ret_text)
{
	say(ret_text, "asked for is %s; owner %s%s%s", request->user, key->owner, *key->users ? ", may log in as " : "",
	    key->users);
	/* The list is kept one a line. */
	for (char *at = ret_text; (at = strchr(at, '\n'));)
		*at = ' ';
}

static void tell_service(const struct store_key *key, const struct policy_request *request, char *ret_text)
{
	(void)key;
	say(ret_text, "%s%s", request->service, request->service_allowed ? "" : ": the caller may not speak for it");
}

static void tell_exclusive(const struct store_key *key, const struct policy_request *request, char *ret_text)
{
	if (*key->exclusive == '\0')
		say(ret_text, "for any service");
	else if (policy_is_misuse(key, request, policy_check(POLICY_EXCLUSIVE, key, request, NULL)))
		say(ret_text, "for %s alone, and %s asks: misuse, which %s", key->exclusive, request->service,
		    request->policies->misuse == POLICIES_SUSPEND ? "suspends the key" : "is reported");
	else if (strcmp(key->exclusive, STORE_UNBOUND) != 0)
		say(ret_text, "for %s alone, and %s asks", key->exclusive, request->service);
	else if (policy_check(POLICY_EXCLUSIVE, key, request, NULL) == REASON_NONE)
		say(ret_text, "for the first service that uses it, which would be %s", request->service);
	else
		say(ret_text, "for the first service that uses it; %s is none that it can be bound to",
		    request->service);
}

static void tell_source(const struct store_key *key, const struct policy_request *request, char *ret_text)
{
	const char *source = request->rhost && *request->rhost ? request->rhost : "local";

	if (*key->sources == '\0')
		say(ret_text, "from anywhere");
	else if (!request->source_believed)
		say(ret_text, "from %s; nobody is believed here who says where it comes from", key->sources);
	else
		say(ret_text, "asked for is %s; from %s", source, key->sources);
}

static void tell_permission(const struct store_key *key, const struct policy_request *request, char *ret_text)
{
	const char *grants = request->grants ? request->grants : key->permissions;

	say(ret_text, "asked for is %.200s; %s%s%sholds %s%s", request->permission, *key->roles ? "roles " : "",
	    key->roles, *key->roles ? "; " : "", *grants ? grants : "none",
	    key->test ? ", of which, as a test key, it has what is below test." : "");
}

static void tell_uses(const struct store_key *key, const struct policy_request *request, char *ret_text)
{
	if (key->max_uses == 0)
		say(ret_text, "as often as one likes");
	else
		say(ret_text, "%" PRIu64 " of %" PRIu32 " uses counted; explaining it counts none", request->counted,
		    key->max_uses);
}

static void tell_networks(const struct store_key *key, const struct policy_request *request, char *ret_text)
{
	char window[POLICIES_TEXT_SIZE];

	(void)key;
	policies_format(POLICIES_MISUSE_WINDOW, request->policies->misuse_window, window);
	say(ret_text, "used from %" PRIu64 " within %s, with this one; %" PRId64 " are misuse, which %s",
	    request->networks, window, request->policies->misuse_sources,
	    request->policies->misuse == POLICIES_SUSPEND ? "suspends the key" : "is reported");
}

void explain_text_policy(enum policy_step step, const struct store_key *key, const struct policy_request *request,
			 char ret_text[EXPLAIN_TEXT_SIZE])
{
	static void (*const texts[POLICY_STEP_COUNT])(const struct store_key *key, const struct policy_request *request,
						      char *ret_text) = {
		[POLICY_STATE] = tell_state,       [POLICY_DATES] = tell_dates,
		[POLICY_LIFETIME] = tell_lifetime, [POLICY_SECRET_AGE] = tell_secret_age,
		[POLICY_TENANT] = tell_tenant,     [POLICY_USER] = tell_user,
		[POLICY_SERVICE] = tell_service,   [POLICY_EXCLUSIVE] = tell_exclusive,
		[POLICY_SOURCE] = tell_source,     [POLICY_PERMISSION] = tell_permission,
		[POLICY_USES] = tell_uses,         [POLICY_NETWORKS] = tell_networks,
	};

	texts[step](key, request, ret_text);
}

/* Which of the key's secrets it is, and until when that is good. */
static void tell_number(const struct store_key *key, uint32_t number, enum reason reason, char *ret_text)
{
	const struct store_secret *secret = key_secrets_find(key, number);
	uint32_t current = key->secrets[key_secrets_current(key)].number;
	char end[CLOCK_TEXT_SIZE];

	if (!secret)
		return;
	clock_format(secret->retires, end, sizeof(end));
	if (secret->retires == 0)
		say(ret_text, "secret %" PRIu32 ", the current one", number);
	else if (reason == REASON_NONE && secret->after_use > 0)
		say(ret_text,
		    "secret %" PRIu32 ", good until %" PRIu32
		    " seconds after a later one is first used, and until %s at most; the current one is %" PRIu32,
		    number, secret->after_use, end, current);
	else if (reason == REASON_NONE)
		say(ret_text, "secret %" PRIu32 ", good until %s; the current one is %" PRIu32, number, end, current);
	else
		say(ret_text, "secret %" PRIu32 ", refused since %s; the current one is %" PRIu32, number, end,
		    current);
}

/* Of a text that was cut, whose limit that may have been. */
static void tell_cut(size_t size, char *ret_text)
{
	const char *who = credential_limit(size);
	size_t end = strlen(ret_text);

	snprintf(ret_text + end, EXPLAIN_TEXT_SIZE - end, " %zu bytes came%s%s.", size, who ? ", the limit of " : "",
		 who ? who : "");
}

void explain_text_secret(const struct store_key *key, const struct verify_proof *proof, size_t size, enum reason reason,
			 char ret_text[EXPLAIN_TEXT_SIZE])
{
	say(ret_text, "%s", proof->problem);
	if (reason == REASON_TRUNCATED)
		tell_cut(size, ret_text);
	else if (proof->found && proof->secret != 0)
		tell_number(key, proof->secret, reason, ret_text);
	else if (*ret_text == '\0' && reason == REASON_UNKNOWN_KEY && *proof->id)
		say(ret_text, "there is no key %s", proof->id);
	else if (*ret_text == '\0' && reason == REASON_BAD_SECRET)
		say(ret_text, "none of the %zu secrets that key %s has", key->secret_count, proof->id);
	else if (*ret_text == '\0' && reason == REASON_BAD_SIGNATURE && proof->found)
		say(ret_text, "made with none of the %zu private keys that key %s has", key->secret_count, proof->id);
}

void explain_text_time(const struct verify_once *once, int64_t now, char ret_text[EXPLAIN_TEXT_SIZE])
{
	int64_t ahead = once->moment - now;

	say(ret_text, "made %" PRId64 " seconds %s; %d are allowed", ahead < 0 ? -ahead : ahead,
	    ahead > 0 ? "ahead of this host's clock" : "ago", VERIFY_HMAC_WINDOW);
}

const char *explain_text_use(enum reason reason)
{
	switch (reason) {
	case REASON_NONE:
		return "not used yet; explaining it does not use it";
	case REASON_REPLAYED:
		return "the nonce was used before";
	case REASON_TOKEN_USED:
		return "it was used before, or revoked";
	case REASON_CLOCK_MOVED:
		return "as old as what is not remembered any more: the clock was set back, or a backup was restored";
	case REASON_TOO_MANY_REQUESTS:
		return "the key has used as many as are remembered; wait until some have expired";
	default:
		return "";
	}
}
