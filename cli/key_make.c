/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * "key create" and "key update". Defends against a secret that is lost without a word: where it cannot be written, that
 * is said, with what to do about the key that exists now.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/daemon.h"
#include "cli/key.h"
#include "cli/key_view.h"
#include "cli/output.h"
#include "cli/pair_input.h"
#include "cli/text.h"
#include "cli/when.h"

/* The lists of apikey_key_options, owned. */
struct lists {
	const char **permissions, **roles, **users, **sources, **labels;
};

static void lists_done(struct lists *lists)
{
	free(lists->permissions);
	free(lists->roles);
	free(lists->users);
	free(lists->sources);
	free(lists->labels);
}

/* What each option that changes a key changes. */
static const struct {
	enum option_id id, none; /* none: the option that empties it */
	unsigned int change;
} changes[] = {
	{ OPTION_NAME, OPTION_END, APIKEY_CHANGE_NAME },
	{ OPTION_PERMISSION, OPTION_NO_PERMISSIONS, APIKEY_CHANGE_PERMISSIONS },
	{ OPTION_ROLE, OPTION_NO_ROLES, APIKEY_CHANGE_ROLES },
	{ OPTION_USER, OPTION_NO_USERS, APIKEY_CHANGE_USERS },
	{ OPTION_FROM, OPTION_NO_FROM, APIKEY_CHANGE_SOURCES },
	{ OPTION_LABEL, OPTION_NO_LABELS, APIKEY_CHANGE_LABELS },
	{ OPTION_NOT_BEFORE, OPTION_NO_NOT_BEFORE, APIKEY_CHANGE_NOT_BEFORE },
	{ OPTION_EXPIRES, OPTION_END, APIKEY_CHANGE_EXPIRES },
	{ OPTION_EXCLUSIVE, OPTION_NO_EXCLUSIVE, APIKEY_CHANGE_EXCLUSIVE },
	{ OPTION_MAX_USES, OPTION_NO_MAX_USES, APIKEY_CHANGE_MAX_USES },
	{ OPTION_CLIENT_SIDE, OPTION_NO_CLIENT_SIDE, APIKEY_CHANGE_CLIENT_SIDE },
};

/* Reads --expires and --not-before. STATUS_DONE, or it has been said what is wrong. */
static enum status take_times(const struct arguments *arguments, struct apikey_key_options *ret_options)
{
	const char *expires = arguments_value(arguments, OPTION_EXPIRES);
	const char *not_before = arguments_value(arguments, OPTION_NOT_BEFORE);
	int64_t now = time(NULL);

	if (expires && !when_parse(expires, now, &ret_options->expires))
		return output_complain(
			STATUS_USAGE,
			"--expires %s is no time; it is a span (90d; s m h d w y), a day (2027-01-31), a "
			"second in UTC (2027-01-31T08:00:00Z) or never",
			expires);
	if (expires && ret_options->expires <= now)
		return output_complain(STATUS_USAGE, "--expires %s is past; 'apikeyctl key revoke' switches a key off",
				       expires);
	if (not_before &&
	    (!when_parse(not_before, now, &ret_options->not_before) || ret_options->not_before == APIKEY_NEVER))
		return output_complain(
			STATUS_USAGE,
			"--not-before %s is no time; it is a span (12h; s m h d w y), a day (2027-01-31) or "
			"a second in UTC (2027-01-31T08:00:00Z)",
			not_before);
	if (expires && not_before && ret_options->expires <= ret_options->not_before)
		return output_complain(STATUS_USAGE,
				       "the key would expire before it begins to work: --expires has to be later than "
				       "--not-before");
	return STATUS_DONE;
}

/* Reads --exclusive and --max-uses. STATUS_DONE, or it has been said what is wrong. */
static enum status take_bounds(const struct arguments *arguments, struct apikey_key_options *ret_options)
{
	const char *service = arguments_value(arguments, OPTION_EXCLUSIVE);
	const char *most = arguments_value(arguments, OPTION_MAX_USES);
	uint64_t count = 0;

	if (arguments_has(arguments, OPTION_EXCLUSIVE))
		ret_options->exclusive = service ? service : APIKEY_UNBOUND;
	if (most && !text_count(most, UINT32_MAX, &count))
		return output_complain(STATUS_USAGE, "--max-uses %s is no count; give a number from 1 to %u", most,
				       UINT32_MAX);
	ret_options->max_uses = count;
	return STATUS_DONE;
}

/* What the options say. The lists in *ret_options belong to *ret_lists. */
static enum status take_options(const struct arguments *arguments, struct apikey_key_options *ret_options,
				struct lists *ret_lists)
{
	enum status status;

	if (arguments_list(arguments, OPTION_PERMISSION, &ret_lists->permissions) < 0 ||
	    arguments_list(arguments, OPTION_ROLE, &ret_lists->roles) < 0 ||
	    arguments_list(arguments, OPTION_USER, &ret_lists->users) < 0 ||
	    arguments_list(arguments, OPTION_FROM, &ret_lists->sources) < 0 ||
	    arguments_list(arguments, OPTION_LABEL, &ret_lists->labels) < 0)
		return output_no_memory();
	ret_options->name = arguments_value(arguments, OPTION_NAME);
	ret_options->owner = arguments_value(arguments, OPTION_OWNER);
	ret_options->account = arguments_value(arguments, OPTION_ACCOUNT);
	ret_options->tenant = arguments_value(arguments, OPTION_TENANT);
	ret_options->permissions = ret_lists->permissions;
	ret_options->roles = ret_lists->roles;
	ret_options->users = ret_lists->users;
	ret_options->sources = ret_lists->sources;
	ret_options->labels = ret_lists->labels;
	ret_options->client_side = arguments_has(arguments, OPTION_CLIENT_SIDE);
	status = take_bounds(arguments, ret_options);
	return status == STATUS_DONE ? take_times(arguments, ret_options) : status;
}

/* How its secret is shown. */
static const char *how_shown(const struct arguments *arguments, const struct apikey_key *key)
{
	if (arguments_has(arguments, OPTION_IMPORT))
		return "Its private key is the one you gave, and is not shown.";
	if (key_view_is_pair(key))
		return "The first line is its public key; the second is its private key, which is shown this once.";
	return "Its secret is shown this once.";
}

/* Of a key that the same command has made before. */
static void tell_repeated(const struct arguments *arguments, const struct apikey_key *key)
{
	const char *secret = key_view_is_pair(key) ? key->private_key : key->secret;

	if (arguments_has(arguments, OPTION_JSON))
		return;
	if (secret[0] != '\0')
		output_note(
			"Key %s (%s/%s) was made before, with this idempotency key, and not used since: this is a new "
			"secret, shown this once, and the one before is worth nothing now.",
			key->id, key->owner, key->name);
	else if (arguments_has(arguments, OPTION_IMPORT))
		output_note("Key %s (%s/%s) was made before, with this idempotency key. Its private key is the one you "
			    "gave, and is not shown.",
			    key->id, key->owner, key->name);
	else
		output_note("Key %s (%s/%s) was made before, with this idempotency key. It has no secret to show, "
			    "since the "
			    "one that was shown has been used, or the key was changed: 'apikeyctl key rotate %s' makes "
			    "a new "
			    "one.",
			    key->id, key->owner, key->name, key->id);
}

/* What there is to know about a key just made, for the person who made it. */
static void tell_created(const struct arguments *arguments, const struct apikey_key *key)
{
	char expires[WHEN_TEXT_SIZE];

	when_local(key->expires, time(NULL), expires);
	if (key->repeated)
		tell_repeated(arguments, key);
	else if (!arguments_has(arguments, OPTION_JSON))
		output_note("Key %s (%s/%s) is made; it expires: %s. %s", key->id, key->owner, key->name, expires,
			    how_shown(arguments, key));
	if (key->expires == APIKEY_NEVER && !arguments_has(arguments, OPTION_EXPIRES))
		output_note("Warning: this key never expires. 'apikeyctl key update %s --expires 90d' sets an end; "
			    "default_lifetime in apikeyd.conf sets one for all new keys.",
			    key->id);
	if (key->tenant[0] == '\0')
		output_note(
			"Note: this is a key of the account itself: it administers, as far as its permissions reach, "
			"and opens no service.");
	if (!key->effective_permissions || !key->effective_permissions[0])
		output_note("Note: this key has no permission, so it opens nothing yet. 'apikeyctl key update %s "
			    "--permission pam.sshd' lets it in at sshd.",
			    key->id);
}

/* Reads --kind, and the pair where --import says that there is one. STATUS_DONE, or it has been said what is wrong. */
static enum status take_kind(const struct arguments *arguments, struct apikey_key_options *ret_options,
			     struct pair_input *ret_pair)
{
	const char *kind = arguments_value(arguments, OPTION_KIND);
	const char *credential = arguments_value(arguments, OPTION_CREDENTIAL_FILE);
	enum status status;

	ret_options->kind = kind;
	if (kind && strcmp(kind, "opaque") != 0 && strcmp(kind, "pair") != 0)
		return output_complain(STATUS_USAGE, "there is no kind of key '%s'; there are opaque and pair", kind);
	if (!arguments_has(arguments, OPTION_IMPORT) && arguments_has(arguments, OPTION_PUBLIC_KEY))
		return output_complain(STATUS_USAGE, "--public-key goes with --import; a new pair gets a new one");
	if (!arguments_has(arguments, OPTION_IMPORT))
		return STATUS_DONE;
	if (!kind || strcmp(kind, "pair") != 0)
		return output_complain(STATUS_USAGE, "--import takes a pair: say --kind pair with it");
	if (credential && strcmp(credential, "-") == 0)
		return output_complain(STATUS_USAGE, "the pair and the key to act with cannot both come from standard "
						     "input; put that key into a file");
	status = pair_input_read(arguments_value(arguments, OPTION_PUBLIC_KEY), ret_pair);
	if (status != STATUS_DONE)
		return status;
	if (ret_pair->public_key[0] == '\0' || ret_pair->private_key[0] == '\0')
		return output_complain(STATUS_USAGE, "there is no pair in standard input: a line of it is empty");
	ret_options->public_key = ret_pair->public_key;
	ret_options->private_key = ret_pair->private_key;
	return STATUS_DONE;
}

enum status key_create(const struct arguments *arguments)
{
	struct apikey_key_options options = { .size = sizeof(options) };
	SCOPED(lists_done) struct lists lists = { NULL, NULL, NULL, NULL, NULL };
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_KEY struct apikey_key *key = NULL;
	SCOPED_PAIR_INPUT struct pair_input pair = { .public_key = "" };
	enum status status;
	int r;

	if (geteuid() == 0 && !arguments_has(arguments, OPTION_OWNER) &&
	    !arguments_has(arguments, OPTION_CREDENTIAL_FILE))
		return output_complain(STATUS_USAGE, "say whose key it is to be: --owner USER");
	options.idempotency_key = arguments_value(arguments, OPTION_IDEMPOTENCY_KEY);
	if (options.idempotency_key && options.idempotency_key[0] == '\0')
		return output_complain(STATUS_USAGE, "--idempotency-key is 1 to 128 visible ASCII characters");
	status = take_options(arguments, &options, &lists);
	if (status == STATUS_DONE)
		status = take_kind(arguments, &options, &pair);
	if (status != STATUS_DONE)
		return status;
	if (!output_is_open())
		return output_complain(STATUS_REFUSED,
				       "standard output, where the secret would go, cannot be written to; "
				       "no key was made. Send it to a file or a terminal");
	status = daemon_open(arguments, &admin);
	if (status != STATUS_DONE)
		return status;
	options.test = arguments_has(arguments, OPTION_TEST);
	r = apikey_key_create(admin, &options, &key);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	if (!arguments_has(arguments, OPTION_IMPORT) &&
	    (!key->repeated || key->secret[0] != '\0' || key->private_key[0] != '\0'))
		r = key_view_write_secret(key, arguments_has(arguments, OPTION_JSON));
	else if (arguments_has(arguments, OPTION_JSON) && !key_view_print_json(key))
		return output_no_memory();
	if (r < 0)
		return output_complain(
			STATUS_REFUSED,
			"the secret could not be written to standard output (%s) and is lost; nobody can use "
			"key %s (%s/%s) now. Remove it, then make a new one: apikeyctl key delete %s",
			strerror(-r), key->id, key->owner, key->name, key->id);
	tell_created(arguments, key);
	return STATUS_DONE;
}

/* What an option that was given is called. */
static const char *option_name(const struct arguments *arguments, enum option_id id)
{
	for (size_t i = 0; i < arguments->given_count; i++)
		if (arguments->given[i].option->id == id)
			return arguments->given[i].option->name;
	return "";
}

/* Which parts of the key the options change. */
static enum status take_changes(const struct arguments *arguments, unsigned int *ret_changes)
{
	unsigned int marked = 0;

	for (size_t i = 0; i < COUNT_OF(changes); i++) {
		bool set = arguments_has(arguments, changes[i].id);
		bool emptied = changes[i].none != OPTION_END && arguments_has(arguments, changes[i].none);

		if (set && emptied)
			return output_complain(STATUS_USAGE, "--%s sets what --%s takes away; give one of them",
					       option_name(arguments, changes[i].id),
					       option_name(arguments, changes[i].none));
		if (set || emptied)
			marked |= changes[i].change;
	}
	if (marked == 0)
		return output_complain(
			STATUS_USAGE,
			"say what to change, --expires 90d for one; 'apikeyctl help key update' lists what can be");
	*ret_changes = marked;
	return STATUS_DONE;
}

enum status key_update(const struct arguments *arguments)
{
	struct apikey_key_options options = { .size = sizeof(options) };
	SCOPED(lists_done) struct lists lists = { NULL, NULL, NULL, NULL, NULL };
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_KEY struct apikey_key *key = NULL;
	unsigned int marked = 0;
	enum status status = take_changes(arguments, &marked);
	int r;

	if (status == STATUS_DONE)
		status = take_options(arguments, &options, &lists);
	if (status == STATUS_DONE)
		status = daemon_open(arguments, &admin);
	if (status != STATUS_DONE)
		return status;
	r = apikey_key_update(admin, text_key_reference(arguments->operands[0]), marked, &options, &key);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	if (!arguments_has(arguments, OPTION_JSON))
		output_note("Key %s (%s/%s) is changed.", key->id, key->owner, key->name);
	else if (!key_view_print_json(key))
		return output_no_memory();
	return STATUS_DONE;
}
