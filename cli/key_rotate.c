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

/* Reads --overlap and --now. STATUS_DONE, or it has been said what is wrong. */
static enum status take_options(const struct arguments *arguments, struct apikey_rotate_options *ret_options)
{
	const char *overlap = arguments_value(arguments, OPTION_OVERLAP);
	int64_t seconds;

	ret_options->now = arguments_has(arguments, OPTION_NOW);
	if (!overlap)
		return STATUS_DONE;
	if (ret_options->now)
		return output_complain(STATUS_USAGE, "--overlap and --now do not go together: give one of them");
	if (!when_parse_span(overlap, &seconds))
		return output_complain(
			STATUS_USAGE,
			"--overlap %s is no span; give a number and one of s m h d w y, such as 12h or 7d, "
			"or --now for none",
			overlap);
	ret_options->overlap = (uint64_t)seconds;
	return STATUS_DONE;
}

/* What became of the secrets before, for the person who rotated. */
static void tell_rotated(const struct apikey_key *key)
{
	int64_t now = time(NULL);
	size_t good = 0;

	if (key->secret_count == 0)
		return;
	output_note("Key %s (%s/%s) has a new %s, number %" PRIu32 ". It is shown this once.", key->id, key->owner,
		    key->name, key_view_is_pair(key) ? "private key" : "secret",
		    key->secrets[key->secret_count - 1].number);
	for (size_t i = 0; i + 1 < key->secret_count; i++) {
		const struct apikey_secret *secret = &key->secrets[i];
		char end[WHEN_TEXT_SIZE];

		when_local(secret->retires, now, end);
		if (secret->retires > now)
			output_note("Secret %" PRIu32 " is good until %s.", secret->number, end);
		else if (i + 2 == key->secret_count)
			output_note("Secret %" PRIu32 " is refused from now on.", secret->number);
		good += secret->retires > now;
	}
	if (good > 0)
		output_note("'apikeyctl key show %s' says whether it is still used; 'apikeyctl key retire %s' ends it "
			    "early.",
			    key->id, key->id);
}

enum status key_rotate(const struct arguments *arguments)
{
	struct apikey_rotate_options options = { .size = sizeof(options) };
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_KEY struct apikey_key *before = NULL, *key = NULL;
	bool as_json = arguments_has(arguments, OPTION_JSON);
	enum status status = take_options(arguments, &options);
	int r;

	if (status != STATUS_DONE)
		return status;
	if (!output_is_open())
		return output_complain(STATUS_REFUSED,
				       "standard output, where the secret would go, cannot be written to; "
				       "the key was not rotated");
	status = daemon_open(arguments, &admin);
	if (status != STATUS_DONE)
		return status;
	r = apikey_key_show(admin, text_key_reference(arguments->operands[0]), &before);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	if (before->secret_count > 0)
		options.expected = before->secrets[before->secret_count - 1].number;
	/* By its id: what has this name may be another key by now. */
	r = apikey_key_rotate(admin, before->id, &options, &key);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	r = key_view_write_secret(key, as_json);
	if (r < 0)
		return output_complain(
			STATUS_REFUSED,
			"the new secret could not be written to standard output (%s) and is lost%s. Rotate "
			"key %s (%s/%s) again",
			strerror(-r), options.now ? ", and the one before is refused already" : "", key->id, key->owner,
			key->name);
	if (!as_json)
		tell_rotated(key);
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
	if (number > 0)
		output_note("Secret %" PRIu32 " of key %s (%s/%s) is refused from now on.", number, key->id, key->owner,
			    key->name);
	else
		output_note("Of key %s (%s/%s) secret %" PRIu32 " alone is good from now on.", key->id, key->owner,
			    key->name, key->secret_count > 0 ? key->secrets[key->secret_count - 1].number : 0);
	return STATUS_DONE;
}
