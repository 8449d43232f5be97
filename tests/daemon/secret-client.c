/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * secret-client WAY SOCKETS SERVICE USER [FOLDER]: a program that uses the C library or the PAM module with a secret
 * from standard input, once, and drops it. What it holds of the secret itself it wipes, but for the ways that begin
 * with "leak". What is made is written to standard output.
 */
#include <poll.h>
#include <security/pam_appl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "lib/apikey-sign.h"
#include "lib/apikey.h"

#define PATIENCE 20000 /* milliseconds */

struct client {
	struct apikey_options options;
	const char *service, *user, *folder;
	char secret[2100]; /* without the end of the line */
};

static struct client client;

static void give_up(const char *what, int answer)
{
	fprintf(stderr, "secret-client: %s: %d\n", what, answer);
	exit(EXIT_FAILURE);
}

static void write_out(const char *text)
{
	if (write(STDOUT_FILENO, text, strlen(text)) < 0 || write(STDOUT_FILENO, "\n", 1) < 0)
		give_up("cannot write", 0);
}

static struct apikey_request request_of(const struct client *from)
{
	return (struct apikey_request){ .size = sizeof(struct apikey_request),
					.credential = from->secret,
					.service = from->service,
					.permission = "test.use",
					.user = from->user };
}

static struct apikey_admin *open_admin(void)
{
	struct apikey_admin *admin = NULL;
	int r = apikey_admin_open(&client.options, &admin);

	if (r < 0)
		give_up("cannot connect", r);
	return admin;
}

/* ---- the library ---- */

static void verify(void)
{
	struct apikey_request request = request_of(&client);
	struct apikey_result *result = NULL;
	int r = apikey_verify(&client.options, &request, &result);

	if (r < 0 || result->verdict != APIKEY_GRANTED)
		give_up("not granted", r < 0 ? r : (int)result->verdict);
	apikey_result_free(result);
}

static void take_answer(void *data, const struct apikey_result *result)
{
	*(enum apikey_verdict *)data = result->verdict;
}

static void verify_in_flight(void)
{
	struct apikey_request request = request_of(&client);
	enum apikey_verdict verdict = APIKEY_DENIED;
	struct apikey_client *persistent = NULL;
	int r = apikey_client_open(&client.options, &persistent);

	if (r == 0)
		r = apikey_client_submit(persistent, &request, take_answer, &verdict);
	if (r == 0)
		r = apikey_client_wait(persistent, PATIENCE);
	if (r < 0 || verdict != APIKEY_GRANTED)
		give_up("not granted", r < 0 ? r : (int)verdict);
	apikey_client_free(persistent);
}

static void explain(void)
{
	struct apikey_request request = request_of(&client);
	struct apikey_explanation *explanation = NULL;
	struct apikey_admin *admin = open_admin();
	int r = apikey_explain(admin, &request, NULL, &explanation);

	if (r != 0 || explanation->verdict != APIKEY_GRANTED)
		give_up("not granted", r);
	apikey_explanation_free(explanation);
	apikey_admin_free(admin);
}

static void create(const char *kind)
{
	static const char *permissions[] = { "test.use", NULL };
	struct apikey_key_options wanted = { .size = sizeof(wanted),
					     .name = strcmp(kind, "pair") == 0 ? "library-pair" : "library-key",
					     .owner = client.user,
					     .kind = kind,
					     .permissions = permissions };
	struct apikey_admin *admin = open_admin();
	struct apikey_key *key = NULL;
	int r = apikey_key_create(admin, &wanted, &key);

	if (r != 0)
		give_up("not made", r);
	write_out(key->id);
	write_out(strcmp(kind, "pair") == 0 ? key->private_key : key->secret);
	apikey_key_free(key);
	apikey_admin_free(admin);
}

static void create_opaque(void)
{
	create("opaque");
}

static void create_pair(void)
{
	create("pair");
}

/* The key rotates itself: it stands in the input with the permission to. */
static void rotate(void)
{
	struct apikey_admin *admin = open_admin();
	struct apikey_key *key = NULL;
	char id[13];
	int r = apikey_admin_set_credential(admin, client.secret);

	snprintf(id, sizeof(id), "%.12s", client.secret + 3);
	if (r == 0)
		r = apikey_key_rotate(admin, id, NULL, &key);
	if (r != 0)
		give_up("not rotated", r);
	write_out(key->secret);
	apikey_key_free(key);
	apikey_admin_free(admin);
}

static void sign(void)
{
	char *end = strchr(client.secret, '\n'), *token = NULL;
	int r;

	if (!end)
		give_up("no pair", 0);
	*end = '\0';
	r = apikey_sign_token(client.secret, end + 1, NULL, 0, NULL, &token);
	*end = '\n';
	if (r != 0)
		give_up("not signed", r);
	write_out(token);
	apikey_sign_free(token);
}

static void issue(void)
{
	struct apikey_admin *admin = open_admin();
	struct apikey_token *token = NULL;
	int r = apikey_token_issue(admin, client.secret, &token);

	if (r != 0)
		give_up("not issued", r);
	write_out(token->token);
	apikey_token_free(token);
	apikey_admin_free(admin);
}

static void inspect(void)
{
	struct apikey_admin *admin = open_admin();
	struct apikey_token_state *state = NULL;
	int r = apikey_token_inspect(admin, client.secret, &state);

	if (r != 0 || state->verdict != APIKEY_GRANTED)
		give_up("not good", r);
	apikey_token_state_free(state);
	apikey_admin_free(admin);
}

/* ---- the module ---- */

static int converse(int count, const struct pam_message **messages, struct pam_response **ret_responses, void *data)
{
	struct pam_response *responses = calloc((size_t)count, sizeof(*responses));

	for (int i = 0; responses && i < count; i++) {
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
			responses[i].resp = strdup(data);
		else if (strncmp(messages[i]->msg, "ak_", 3) == 0)
			write_out(messages[i]->msg);
	}
	*ret_responses = responses;
	return responses ? PAM_SUCCESS : PAM_BUF_ERR;
}

/* Logs in, and opens a session if that is wanted; what its ticket was goes out. */
static void log_in_and(bool open)
{
	const struct pam_conv conversation = { .conv = converse, .appdata_ptr = client.secret };
	pam_handle_t *pamh = NULL;
	int r = pam_start_confdir(client.service, client.user, &conversation, client.folder, &pamh);

	if (r == PAM_SUCCESS)
		r = pam_authenticate(pamh, 0);
	if (r == PAM_SUCCESS)
		r = pam_acct_mgmt(pamh, 0);
	if (r == PAM_SUCCESS)
		r = pam_setcred(pamh, PAM_ESTABLISH_CRED);
	if (r == PAM_SUCCESS && open) {
		const char *ticket = pam_getenv(pamh, "APIKEY_TICKET");

		write_out(ticket ? ticket : "none");
		r = pam_open_session(pamh, 0);
	}
	pam_end(pamh, r);
	if (r != PAM_SUCCESS)
		give_up("not logged in", r);
}

static void log_in(void)
{
	log_in_and(false);
}

static void open_session(void)
{
	log_in_and(true);
}

/* Changes the key as a password is changed. */
static void change(void)
{
	const struct pam_conv conversation = { .conv = converse, .appdata_ptr = client.secret };
	pam_handle_t *pamh = NULL;
	int r = pam_start_confdir(client.service, client.user, &conversation, client.folder, &pamh);

	if (r == PAM_SUCCESS)
		r = pam_chauthtok(pamh, 0);
	pam_end(pamh, r);
	if (r != PAM_SUCCESS)
		give_up("not changed", r);
}

/* ---- what has to be found ---- */

static void leak_heap(void)
{
	char *copy = strdup(client.secret);

	__asm__ volatile("" : : "r"(copy) : "memory");
	free(copy);
}

__attribute__((noinline)) static void leak_stack(void)
{
	char copy[4096];

	memcpy(copy + 64, client.secret, sizeof(client.secret));
	__asm__ volatile("" : : "r"(copy) : "memory");
}

static void do_nothing(void)
{
}

static const struct {
	const char *name;
	void (*run)(void);
} ways[] = {
	{ "verify", verify },
	{ "verify-in-flight", verify_in_flight },
	{ "explain", explain },
	{ "create-opaque", create_opaque },
	{ "create-pair", create_pair },
	{ "rotate", rotate },
	{ "sign", sign },
	{ "issue", issue },
	{ "inspect", inspect },
	{ "log-in", log_in },
	{ "open-session", open_session },
	{ "change", change },
	{ "leak-heap", leak_heap },
	{ "leak-stack", leak_stack },
	{ "nothing", do_nothing },
};

static void read_secret(void)
{
	size_t size = 0;
	ssize_t got;

	while ((got = read(STDIN_FILENO, client.secret + size, sizeof(client.secret) - 1 - size)) > 0)
		size += (size_t)got;
	if (size > 0 && client.secret[size - 1] == '\n')
		client.secret[size - 1] = '\0';
}

int main(int argc, char **argv)
{
	if (argc < 5)
		return 2;
	client.options =
		(struct apikey_options){ .size = sizeof(client.options), .path = argv[2], .timeout = PATIENCE };
	client.service = argv[3];
	client.user = argv[4];
	client.folder = argc > 5 ? argv[5] : "";
	read_secret();
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		if (strcmp(ways[i].name, argv[1]) != 0)
			continue;
		ways[i].run();
		explicit_bzero(client.secret, sizeof(client.secret));
		return EXIT_SUCCESS;
	}
	return 2;
}
