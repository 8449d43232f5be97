/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * "key rotate" and "key retire". Defends against a rotation that loses another's: the daemon is told which secret was
 * seen to be the current one, and refuses when it is another by then.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/daemon.h"
#include "cli/key.h"
#include "cli/key_view.h"
#include "cli/output.h"
#include "cli/text.h"
#include "cli/when.h"

/* Takes the value of an option that is a span; one that is not given leaves it as it is. */
static enum status take_span(const struct arguments *arguments, enum option_id option, const char *name,
			     uint64_t *ret_seconds)
{
	const char *text = arguments_value(arguments, option);
	int64_t seconds;

	if (!text)
		return STATUS_DONE;
	if (!when_parse_span(text, &seconds))
		return output_complain(
			STATUS_USAGE,
			"%s %s is no span; give a number and one of s m h d w y, such as 12h or 7d, or --now for none",
			name, text);
	*ret_seconds = (uint64_t)seconds;
	return STATUS_DONE;
}

/* Reads what there is to say of the secret before. STATUS_DONE, or it has been said what is wrong. */
static enum status take_options(const struct arguments *arguments, struct apikey_rotate_options *ret_options)
{
	static const struct {
		enum option_id id;
		const char *name;
	} ways[] = { { OPTION_OVERLAP, "--overlap" },
		     { OPTION_OVERLAP_AFTER_FIRST_USE, "--overlap-after-first-use" },
		     { OPTION_NOW, "--now" },
		     { OPTION_CANCEL, "--cancel" } };
	const char *given = NULL;
	enum status status;

	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		if (!arguments_has(arguments, ways[i].id))
			continue;
		if (given)
			return output_complain(STATUS_USAGE, "%s and %s do not go together: give one of them", given,
					       ways[i].name);
		given = ways[i].name;
	}
	ret_options->now = arguments_has(arguments, OPTION_NOW);
	ret_options->cancel = arguments_has(arguments, OPTION_CANCEL);
	status = take_span(arguments, OPTION_OVERLAP, "--overlap", &ret_options->overlap);
	return status != STATUS_DONE ? status
				     : take_span(arguments, OPTION_OVERLAP_AFTER_FIRST_USE, "--overlap-after-first-use",
						 &ret_options->overlap_after_first_use);
}

/* What becomes of a secret that is not the current one. False: it is refused by now. */
static bool tell_end(const struct apikey_secret *secret, int64_t now)
{
	char end[WHEN_TEXT_SIZE], span[WHEN_TEXT_SIZE];

	if (secret->retires <= now)
		return false;
	when_local(secret->retires, now, end);
	when_span(secret->retires_after_first_use, span);
	if (secret->retires_after_first_use > 0)
		output_note("Secret %" PRIu32 " is good until %s after the new one is first used; where that does not "
			    "come, until %s.",
			    secret->number, span, end);
	else
		output_note("Secret %" PRIu32 " is good until %s.", secret->number, end);
	return true;
}

/* What became of the secrets before, for the person who rotated. */
static void tell_rotated(const struct apikey_key *key, uint32_t replaced)
{
	const struct apikey_secret *current = key_view_current(key);
	int64_t now = time(NULL);
	size_t good = 0;

	if (!current)
		return;
	output_note("Key %s (%s/%s) has a new %s, number %" PRIu32 ". It is shown this once.", key->id, key->owner,
		    key->name, key_view_is_pair(key) ? "private key" : "secret", current->number);
	for (const struct apikey_secret *secret = key->secrets; secret < current; secret++) {
		if (tell_end(secret, now))
			good++;
		else if (replaced != 0 && secret->number == replaced)
			output_note("Secret %" PRIu32 " is refused from now on.", secret->number);
	}
	if (good > 0)
		output_note("'apikeyctl key show %s' says whether it is still used; 'apikeyctl key retire %s' ends it "
			    "early.",
			    key->id, key->id);
}

static enum status tell_taken_back(const struct apikey_key *key, uint32_t ended, bool as_json)
{
	const struct apikey_secret *current = key_view_current(key);

	if (as_json)
		return key_view_print_json(key) ? STATUS_DONE : output_no_memory();
	output_note("The rotation of key %s (%s/%s) is taken back: secret %" PRIu32
		    " is refused from now on, and secret %" PRIu32 " is the current one again, without an end.",
		    key->id, key->owner, key->name, ended, current ? current->number : 0);
	return STATUS_DONE;
}

enum status key_rotate(const struct arguments *arguments)
{
	struct apikey_rotate_options options = { .size = sizeof(options) };
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_KEY struct apikey_key *before = NULL, *key = NULL;
	bool as_json = arguments_has(arguments, OPTION_JSON);
	enum status status = take_options(arguments, &options);
	const struct apikey_secret *current;
	int r;

	if (status != STATUS_DONE)
		return status;
	if (!options.cancel && !output_is_open())
		return output_complain(STATUS_REFUSED,
				       "standard output, where the secret would go, cannot be written to; "
				       "the key was not rotated");
	status = daemon_open(arguments, &admin);
	if (status != STATUS_DONE)
		return status;
	r = apikey_key_show(admin, text_key_reference(arguments->operands[0]), &before);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	current = key_view_current(before);
	options.expected = current ? current->number : 0;
	/* By its id: what has this name may be another key by now. */
	r = apikey_key_rotate(admin, before->id, &options, &key);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	if (options.cancel)
		return tell_taken_back(key, options.expected, as_json);
	r = key_view_write_secret(key, as_json);
	if (r < 0)
		return output_complain(
			STATUS_REFUSED,
			"the new secret could not be written to standard output (%s) and is lost%s. Rotate "
			"key %s (%s/%s) again",
			strerror(-r), options.now ? ", and the one before is refused already" : "", key->id, key->owner,
			key->name);
	if (!as_json)
		tell_rotated(key, options.expected);
	return STATUS_DONE;
}

/* Takes what --secret says. */
static bool parse_number(const char *text, uint32_t *ret_number)
{
	unsigned long long number;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || number == 0 || number > UINT32_MAX)
		return false;
	*ret_number = (uint32_t)number;
	return true;
}

enum status key_retire(const struct arguments *arguments)
{
	const char *number_text = arguments_value(arguments, OPTION_SECRET);
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_KEY struct apikey_key *key = NULL;
	const struct apikey_secret *current;
	uint32_t number = 0;
	enum status status;
	int r;

	if (number_text && !parse_number(number_text, &number))
		return output_complain(
			STATUS_USAGE,
			"--secret %s is no number of a secret; 'apikeyctl key show' numbers them from 1 up",
			number_text);
	status = daemon_open(arguments, &admin);
	if (status != STATUS_DONE)
		return status;
	r = apikey_key_retire(admin, text_key_reference(arguments->operands[0]), number,
			      arguments_value(arguments, OPTION_WHY), &key);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	if (arguments_has(arguments, OPTION_JSON))
		return key_view_print_json(key) ? STATUS_DONE : output_no_memory();
	current = key_view_current(key);
	if (number > 0)
		output_note("Secret %" PRIu32 " of key %s (%s/%s) is refused from now on.", number, key->id, key->owner,
			    key->name);
	else
		output_note("Of key %s (%s/%s) secret %" PRIu32 " alone is good from now on.", key->id, key->owner,
			    key->name, current ? current->number : 0);
	return STATUS_DONE;
}
