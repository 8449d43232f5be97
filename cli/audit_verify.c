/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * "audit verify": holds the audit files against themselves, against keys, against heads that the journal has, and
 * against the daemon. Defends against files that are rotated while they are read, and against heads and keys that are
 * none: nothing is left out in silence.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/arguments.h"
#include "cli/audit_files.h"
#include "cli/audit_verify.h"
#include "cli/daemon.h"
#include "cli/json.h"
#include "cli/line_input.h"
#include "cli/output.h"
#include "cli/text.h"
#include "crypto/audit_key_text.h"
#include "crypto/audit_verify.h"

#define LOG_FOLDER "/var/log/apikeyd"
#define SHOWN_MAX 100 /* findings */
#define HEAD_LINE_MAX 65536
#define KEY_FILE_MAX 65536
#define HASH_HEX ((size_t)2 * CHAIN_HASH_SIZE)

SCOPE_DESTRUCTOR(verifier_scope, struct audit_verifier, audit_verifier_free);
SCOPE_DESTRUCTOR(head_scope, struct apikey_audit_head, apikey_audit_head_free);

struct verification {
	const struct arguments *arguments;
	struct audit_verifier *verifier;
	struct apikey_admin *admin; /* NULL: the daemon is not asked */
	struct audit_summary summary;
	json_t *findings; /* with --json */
	uint64_t found;   /* all of them, */
	uint64_t changed; /* and those that are more than what cannot be checked */
	uint64_t heads, keys;
	uint64_t reach;                /* the daemon's key is for records from this one on, */
	char chain[CHAIN_ID_SIZE + 1]; /* of this chain; "": it has none now */
	uint64_t asked_from, asked;    /* the daemon checked so many MACs, from this record on */
	bool failed;                   /* memory was short */
};

/* ---- findings ---- */

static bool put_place(json_t *object, const struct audit_finding *finding)
{
	return json_put(object, "kind", json_text(audit_finding_name(finding->kind))) &&
	       json_put(object, "file", json_text_or_null(finding->file)) &&
	       json_put(object, "line", finding->line > 0 ? json_number(finding->line) : json_null()) &&
	       json_put(object, "seq", finding->seq > 0 ? json_number(finding->seq) : json_null()) &&
	       json_put(object, "last_seq", finding->last > 0 ? json_number(finding->last) : json_null()) &&
	       json_put(object, "message", json_text(finding->text));
}

static void report(void *data, const struct audit_finding *finding)
{
	struct verification *verification = data;
	SCOPED_FREE char *file = NULL, *text = NULL;

	verification->changed += finding->kind != AUDIT_UNCHECKED;
	if (verification->found++ >= SHOWN_MAX)
		return;
	if (verification->findings) {
		json_t *object = json_object();

		if (!put_place(object, finding) || json_array_append(verification->findings, object) < 0)
			verification->failed = true;
		json_decref(object);
		return;
	}
	/* Whoever could change the audit could give its files names that steer a terminal. */
	file = text_printable(finding->file ? finding->file : "");
	text = text_printable(finding->text);
	if (!file || !text)
		verification->failed = true;
	else if (finding->file)
		printf("%s: %s:%" PRIu64 ": %s\n", audit_finding_name(finding->kind), file, finding->line, text);
	else
		printf("%s: %s\n", audit_finding_name(finding->kind), text);
}

/* ---- keys and heads ---- */

static enum status read_key_file(struct verification *verification, const char *path)
{
	char text[KEY_FILE_MAX];
	size_t size = 0, taken = 0;
	struct chain_key key;
	uint64_t seq;
	int r = audit_files_read_small(path, text, sizeof(text), &size);

	if (r < 0)
		return output_complain(STATUS_REFUSED, "%s cannot be read: %s", path, strerror(-r));
	for (size_t at = 0; r == 0 && at < size; at += taken) {
		r = audit_key_text_read(text + at, size - at, &key, &seq, &taken);
		if (r == 0)
			r = audit_verifier_add_key(verification->verifier, &key, seq);
		verification->keys += r == 0;
		explicit_bzero(&key, sizeof(key));
	}
	explicit_bzero(text, sizeof(text));
	if (r == -ENOMEM)
		return output_no_memory();
	if (r < 0 || size == 0)
		return output_complain(STATUS_REFUSED, "%s is no key that 'apikeyctl audit key' wrote%s", path,
				       r == -EBADMSG ? ": a line was changed or is missing" : "");
	return STATUS_DONE;
}

static enum status read_keys(struct verification *verification)
{
	const char **paths = NULL;
	enum status status = STATUS_DONE;

	if (arguments_list(verification->arguments, OPTION_KEY_FILE, &paths) < 0)
		return output_no_memory();
	for (size_t i = 0; paths && paths[i] && status == STATUS_DONE; i++)
		status = read_key_file(verification, paths[i]);
	free(paths);
	return status;
}

static bool add_head(struct verification *verification, uint64_t seq, const char *hex)
{
	uint8_t hash[CHAIN_HASH_SIZE];

	if (!audit_files_read_hash(hex, hash))
		return false;
	if (audit_verifier_add_head(verification->verifier, seq, hash) < 0)
		verification->failed = true;
	verification->heads++;
	return true;
}

/* A line of "journalctl -o json". False when it is no head of ours. */
static bool read_head(struct verification *verification, const char *line, size_t size)
{
	SCOPED_JSON json_t *entry = json_loadb(line, size, 0, NULL);
	const char *seq = json_string_value(json_object_get(entry, "APIKEYD_SEQ"));
	const char *head = json_string_value(json_object_get(entry, "APIKEYD_HEAD"));
	char *end;
	unsigned long long number;

	if (!seq || !head || *seq < '0' || *seq > '9')
		return false;
	errno = 0;
	number = strtoull(seq, &end, 10);
	return errno == 0 && *end == '\0' && number > 0 && add_head(verification, number, head);
}

static enum status read_heads(struct verification *verification)
{
	const char *path = arguments_value(verification->arguments, OPTION_HEADS);
	struct line_input *input;
	enum status status = STATUS_DONE;
	struct line line;
	int r;

	if (!path)
		return STATUS_DONE;
	input = calloc(1, sizeof(*input));
	if (!input)
		return output_no_memory();
	input->fd = strcmp(path, "-") == 0 ? 0 : open(path, O_RDONLY | O_CLOEXEC);
	if (input->fd < 0) {
		status = output_complain(STATUS_REFUSED, "%s cannot be read: %s", path, strerror(errno));
		free(input);
		return status;
	}
	while ((r = line_input_read(input, HEAD_LINE_MAX, &line)) > 0 && status == STATUS_DONE) {
		if (line.too_long || (line.size > 0 && !read_head(verification, line.text, line.size)))
			status = output_complain(STATUS_REFUSED,
						 "line %" PRIu64
						 " of %s is no head: give what 'journalctl -o json' prints of them, as "
						 "apikeyd-audit(5) has it",
						 input->number, path);
		line_free(&line);
	}
	if (r < 0)
		status = output_complain(STATUS_REFUSED, "%s cannot be read: %s", path, strerror(-r));
	line_input_done(input);
	free(input);
	return status;
}

/* ---- the daemon ---- */

static void note_key(struct verification *verification, const struct apikey_audit_head *head)
{
	snprintf(verification->chain, sizeof(verification->chain), "%s", head->chain);
	verification->reach = *head->chain ? head->from : UINT64_MAX;
}

/* Whether the chain that is written now is the last one that begins in the files; where none does, it has to be. */
static bool is_same_chain(const struct verification *verification)
{
	return *verification->chain == '\0' || *verification->summary.chain == '\0' ||
	       strcmp(verification->chain, verification->summary.chain) == 0;
}

/* What is noted before the files are read is in them: records are only added. */
static enum status ask_head(struct verification *verification)
{
	SCOPED(head_scope) struct apikey_audit_head *head = NULL;
	int r = apikey_audit_check(verification->admin, NULL, 0, &head);

	if (r != 0)
		return daemon_failed(verification->arguments, verification->admin, r);
	note_key(verification, head);
	if (head->seq > 0)
		(void)add_head(verification, head->seq, head->head);
	return STATUS_DONE;
}

static void tell_of(struct verification *verification, const struct audit_place *place, enum audit_finding_kind kind,
		    const char *text)
{
	const struct audit_finding finding = { .kind = kind,
					       .file = place->file,
					       .line = place->line,
					       .seq = place->links.seq,
					       .last = place->links.seq,
					       .text = text };

	report(verification, &finding);
}

static void tell_wrong(struct verification *verification, const struct audit_place *place)
{
	char text[96];

	snprintf(text, sizeof(text), "record %" PRIu64 " was edited: apikeyd says that its MAC is wrong",
		 place->links.seq);
	tell_of(verification, place, AUDIT_EDITED, text);
}

/* One without a MAC, where the daemon's key reaches. */
static void tell_bare(struct verification *verification, const struct audit_place *place)
{
	char text[256];

	audit_verify_bare(place->links.seq, text, sizeof(text));
	tell_of(verification, place, AUDIT_UNCHECKED, text);
}

/* Has the daemon look at the MACs of some records. */
static enum status ask_some(struct verification *verification, const struct audit_place *const *places, size_t count)
{
	struct apikey_audit_place asked[APIKEY_AUDIT_PLACES_MAX] = { 0 };
	SCOPED(head_scope) struct apikey_audit_head *head = NULL;
	int r;

	for (size_t i = 0; i < count; i++) {
		const struct chain_links *links = &places[i]->links;

		asked[i].seq = links->seq;
		memcpy(asked[i].prev, links->prev, sizeof(links->prev));
		memcpy(asked[i].digest, links->digest, sizeof(links->digest));
		memcpy(asked[i].mac, links->mac, sizeof(links->mac));
	}
	r = apikey_audit_check(verification->admin, asked, count, &head);
	if (r != 0)
		return daemon_failed(verification->arguments, verification->admin, r);
	note_key(verification, head);
	if (!is_same_chain(verification))
		return STATUS_DONE;
	for (size_t i = 0; i < count && i / 8 < head->wrong_size; i++)
		if (head->wrong[i / 8] & 1 << i % 8)
			tell_wrong(verification, places[i]);
	if (head->checked > 0 && verification->asked == 0)
		verification->asked_from = head->from > places[0]->links.seq ? head->from : places[0]->links.seq;
	verification->asked += head->checked;
	return STATUS_DONE;
}

static void tell_other_chain(struct verification *verification)
{
	char text[256];
	const struct audit_finding finding = { .kind = AUDIT_DISTRUST, .text = text };

	snprintf(text, sizeof(text),
		 "the last chain that begins in these files is %s, and apikeyd goes on with %s: it has begun another "
		 "one since they were read, and they have to be verified again, or that one is not its own",
		 verification->summary.chain, verification->chain);
	report(verification, &finding);
}

static enum status ask_all(struct verification *verification)
{
	const struct audit_place *places[APIKEY_AUDIT_PLACES_MAX];
	enum status status = STATUS_DONE;
	bool bare = false, was;
	size_t count = 0;

	for (size_t i = 0; i < audit_verifier_places(verification->verifier) && status == STATUS_DONE; i++) {
		const struct audit_place *place = audit_verifier_place(verification->verifier, i);

		was = bare;
		bare = !place->links.has_mac && place->links.seq >= verification->reach;
		/* With a key it has been told of. */
		if (bare && !was && verification->keys == 0)
			tell_bare(verification, place);
		if (place->links.has_mac)
			places[count++] = place;
		if (count == APIKEY_AUDIT_PLACES_MAX) {
			status = ask_some(verification, places, count);
			count = 0;
		}
	}
	if (status == STATUS_DONE && count > 0)
		status = ask_some(verification, places, count);
	if (status == STATUS_DONE && !is_same_chain(verification))
		tell_other_chain(verification);
	return status;
}

/* ---- what is said ---- */

static void write_hex(const uint8_t *bytes, char ret_hex[HASH_HEX + 1])
{
	for (size_t i = 0; i < CHAIN_HASH_SIZE; i++)
		snprintf(ret_hex + 2 * i, 3, "%02x", bytes[i]);
}

/* With a key, what no key is for is no proof: it would be where somebody puts what was never written. */
static bool is_proof(const struct verification *verification)
{
	return verification->keys == 0 || verification->summary.checked > 0;
}

static bool is_good(const struct verification *verification)
{
	return verification->found == 0 && is_proof(verification) && verification->summary.records > 0;
}

static enum status print_json(const struct verification *verification)
{
	const struct audit_summary *summary = &verification->summary;
	SCOPED_JSON json_t *object = json_object();
	char head[HASH_HEX + 1];

	write_hex(summary->head, head);
	if (!json_put(object, "good", json_boolean(is_good(verification))) ||
	    !json_put(object, "records", json_number(summary->records)) ||
	    !json_put(object, "first_seq", json_number(summary->first_seq)) ||
	    !json_put(object, "last_seq", json_number(summary->last_seq)) ||
	    !json_put(object, "head", json_text(head)) ||
	    !json_put(object, "chain", json_text_or_null(summary->chain)) ||
	    !json_put(object, "mac_checked", json_number(summary->checked)) ||
	    !json_put(object, "mac_checked_from", json_number(summary->checked_from)) ||
	    !json_put(object, "mac_checked_by_daemon", json_number(verification->asked)) ||
	    !json_put(object, "mac_checked_by_daemon_from", json_number(verification->asked_from)) ||
	    !json_put(object, "without_mac", json_number(summary->without_mac)) ||
	    !json_put(object, "before_the_chain", json_number(summary->unchained)) ||
	    !json_put(object, "recovered", json_number(summary->recovered)) ||
	    !json_put(object, "torn", json_boolean(summary->torn)) ||
	    !json_put(object, "heads_given", json_number(verification->heads)) ||
	    !json_put(object, "heads_found", json_number(summary->heads)) ||
	    !json_put(object, "findings_count", json_number(verification->found)) ||
	    !json_put(object, "findings", json_incref(verification->findings)) || !json_print(object))
		return output_no_memory();
	return is_good(verification) ? STATUS_DONE : STATUS_REFUSED;
}

static void print_checked(const struct verification *verification)
{
	const struct audit_summary *summary = &verification->summary;

	if (summary->checked > 0)
		printf("The MACs of %" PRIu64 " records are right by the given key, from record %" PRIu64 " on.\n",
		       summary->checked, summary->checked_from);
	else if (verification->keys > 0)
		printf("No record is of the chain that the given key is for.\n");
	if (verification->asked > 0)
		printf("The MACs of %" PRIu64 " records, from record %" PRIu64 " on, were checked by apikeyd.\n",
		       verification->asked, verification->asked_from);
	if (verification->keys == 0 && verification->asked < summary->records)
		printf("Of the others, numbers and hashes alone: who had the key of that time could have made them "
		       "anew. "
		       "The key of 'apikeyctl audit key', given with --key-file, tells.\n");
	if (summary->heads > 0)
		printf("%" PRIu64 " of %" PRIu64 " heads noted elsewhere were found.\n", summary->heads,
		       verification->heads);
	else
		printf("No head noted elsewhere was found: whether the end was cut off is not known.\n");
	if (summary->without_mac > 0)
		printf("%" PRIu64 " records carry no MAC, as apikeyd writes them while it has no key.\n",
		       summary->without_mac);
	if (summary->unchained > 0)
		printf("%" PRIu64 " records are from before there was a chain.\n", summary->unchained);
	if (summary->recovered > 0)
		printf("%" PRIu64 " torn pieces, as a crash leaves them, were closed.\n", summary->recovered);
	if (summary->torn)
		printf("The last line is torn, as a crash leaves it; apikeyd closes it when it starts.\n");
}

static const char *headline(const struct verification *verification)
{
	if (verification->changed > 0)
		return "THE AUDIT WAS CHANGED";
	if (!is_proof(verification))
		return "Nothing of the audit is proved";
	if (verification->found > 0)
		return "Not all of the audit can be checked";
	return "Nothing is missing and nothing was changed";
}

static enum status print_summary(const struct verification *verification)
{
	const struct audit_summary *summary = &verification->summary;

	if (verification->found > SHOWN_MAX)
		printf("… and %" PRIu64 " more.\n", verification->found - SHOWN_MAX);
	if (summary->records == 0)
		printf("There are no records.\n");
	else
		printf("%s: %" PRIu64 " records, %" PRIu64 " to %" PRIu64 ".\n", headline(verification),
		       summary->records, summary->first_seq, summary->last_seq);
	print_checked(verification);
	return is_good(verification) ? STATUS_DONE : STATUS_REFUSED;
}

/* ---- all of it ---- */

/* The daemon's own files, unless some are named. */
static enum status connect(struct verification *verification)
{
	const struct arguments *arguments = verification->arguments;
	enum status status;

	if (arguments->operand_count > 0 || arguments_has(arguments, OPTION_FOLDER))
		return STATUS_DONE;
	status = daemon_open(arguments, &verification->admin);
	if (status == STATUS_DONE)
		return ask_head(verification);
	/* A key is enough to go on with. */
	if (status != STATUS_UNREACHABLE || verification->keys == 0)
		return status;
	output_note("The files are held against the given key alone.");
	return STATUS_DONE;
}

static enum status find_files(struct verification *verification, struct audit_files *files)
{
	const struct arguments *arguments = verification->arguments;
	SCOPED(daemon_status_scope) struct apikey_status *state = NULL;
	const char *folder = arguments_value(arguments, OPTION_FOLDER);

	if (arguments->operand_count > 0)
		return audit_files_open(files, arguments->operands, arguments->operand_count);
	if (!folder && verification->admin && apikey_status(verification->admin, &state) == 0)
		for (size_t i = 0; i < state->item_count; i++)
			if (strcmp(state->items[i].name, "settings.log_folder") == 0)
				folder = state->items[i].text;
	return audit_files_open_folder(files, folder ? folder : LOG_FOLDER);
}

static enum status run(struct verification *verification)
{
	SCOPED(audit_files_scope) struct audit_files *files = audit_files_new();
	enum status status = files ? read_keys(verification) : output_no_memory();

	if (status == STATUS_DONE)
		status = read_heads(verification);
	if (status == STATUS_DONE)
		status = connect(verification);
	if (status == STATUS_DONE)
		status = find_files(verification, files);
	if (status == STATUS_DONE)
		status = audit_files_feed(files, verification->verifier, verification->admin != NULL);
	if (status != STATUS_DONE)
		return status;
	audit_verifier_finish(verification->verifier, &verification->summary);
	/* With the first key all is checked already. */
	if (verification->admin && verification->summary.checked == 0)
		status = ask_all(verification);
	if (status != STATUS_DONE)
		return status;
	if (verification->failed)
		return output_no_memory();
	return verification->findings ? print_json(verification) : print_summary(verification);
}

enum status audit_verify(const struct arguments *arguments)
{
	struct verification verification = { .arguments = arguments };
	SCOPED(verifier_scope) struct audit_verifier *verifier = NULL;
	enum status status;

	if (arguments->operand_count > 0 && arguments_has(arguments, OPTION_FOLDER))
		return output_complain(STATUS_USAGE, "give files or --folder, not both");
	if (audit_verifier_new(report, &verification, &verifier) < 0)
		return output_no_memory();
	verification.verifier = verifier;
	if (arguments_has(arguments, OPTION_JSON) && !(verification.findings = json_array()))
		return output_no_memory();
	status = run(&verification);
	json_decref(verification.findings);
	apikey_admin_free(verification.admin);
	return status;
}
