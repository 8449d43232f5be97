/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/pam_module/scene.h"

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "proto/credential.h"
#include "proto/wire.h"

void scene_open(struct scene *ret_scene)
{
	const char *above = getenv("TMPDIR");

	/* A socket's path is short. */
	if (!above || strlen(above) > 30)
		above = "/tmp";
	snprintf(ret_scene->folder, sizeof(ret_scene->folder), "%s/apikey-XXXXXX", above);
	ck_assert_ptr_nonnull(mkdtemp(ret_scene->folder));
	ck_assert_int_eq(chmod(ret_scene->folder, 0755), 0);
	snprintf(ret_scene->services, sizeof(ret_scene->services), "%s/pam.d", ret_scene->folder);
	ck_assert_int_eq(mkdir(ret_scene->services, 0755), 0);
	scene_service(ret_scene, "other",
		      "auth required pam_deny.so\naccount required pam_deny.so\n"
		      "password required pam_deny.so\nsession required pam_deny.so\n");
}

static int remove_entry(const char *path, const struct stat *about, int type, struct FTW *walk)
{
	(void)about;
	(void)type;
	(void)walk;
	remove(path);
	return 0;
}

void scene_close(struct scene *scene)
{
	nftw(scene->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	scene->folder[0] = '\0';
}

void scene_service(const struct scene *scene, const char *name, const char *format, ...)
{
	char path[160];
	va_list arguments;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", scene->services, name);
	file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	va_start(arguments, format);
	ck_assert_int_ge(vfprintf(file, format, arguments), 0);
	va_end(arguments);
	ck_assert_int_eq(fclose(file), 0);
}

void scene_module_service(const struct scene *scene, const char *name, const char *options)
{
	char line[2048];

	snprintf(line, sizeof(line), TEST_MODULE " socket=%s minimum_uid=0 %s", scene->folder, options);
	scene_service(scene, name, "auth required %s\naccount required %s\npassword required %s\nsession required %s\n",
		      line, line, line, line);
}

void scene_socket_path(const struct scene *scene, char *ret_path, size_t size)
{
	snprintf(ret_path, size, "%s/%s", scene->folder, geteuid() == 0 ? WIRE_LOGIN_SOCKET : WIRE_VERIFY_SOCKET);
}

static struct pam_response *respond(struct transaction *transaction, int count, const struct pam_message **messages)
{
	struct pam_response *responses = calloc((size_t)count, sizeof(*responses));

	ck_assert_ptr_nonnull(responses);
	for (int i = 0; i < count; i++) {
		if (messages[i]->msg_style != PAM_PROMPT_ECHO_OFF) {
			size_t size = strlen(transaction->shown);

			transaction->messages++;
			snprintf(transaction->shown + size, sizeof(transaction->shown) - size, "%s\n",
				 messages[i]->msg);
			continue;
		}
		transaction->prompts++;
		snprintf(transaction->prompt, sizeof(transaction->prompt), "%s", messages[i]->msg);
		if (transaction->mode == ANSWER_TEXT && transaction->answer)
			responses[i].resp = strdup(transaction->answer);
	}
	return responses;
}

static int converse(int count, const struct pam_message **messages, struct pam_response **ret_responses, void *data)
{
	static const int codes[] = {
		[ANSWER_FAILURE] = PAM_CONV_ERR,
		[ANSWER_UNKNOWN] = 4711,
		[ANSWER_MEMORY] = PAM_BUF_ERR,
		[ANSWER_LATER] = PAM_CONV_AGAIN,
	};
	struct transaction *transaction = data;
	struct pam_response *responses;

	if (transaction->mute && messages[0]->msg_style != PAM_PROMPT_ECHO_OFF)
		return PAM_CONV_ERR;
	responses = respond(transaction, count, messages);

	if (transaction->mode >= ANSWER_NOTHING) {
		free(responses);
		/* A conversation that fails releases what it has; what it leaves behind here is not to be touched. */
		*ret_responses = transaction->mode == ANSWER_NOTHING ? NULL : (struct pam_response *)16;
		return codes[transaction->mode];
	}
	*ret_responses = responses;
	return PAM_SUCCESS;
}

static void note_delay(int code, unsigned int microseconds, void *data)
{
	struct transaction *transaction = data;

	(void)code;
	transaction->delay = microseconds;
}

void transaction_open(struct transaction *transaction, const struct scene *scene, const char *service, const char *user,
		      const char *answer)
{
	const struct pam_conv conversation = { .conv = converse, .appdata_ptr = transaction };
	union {
		void (*function)(int code, unsigned int microseconds, void *data);
		const void *item;
	} delay = { .function = note_delay };

	*transaction = (struct transaction){ .mode = ANSWER_TEXT, .answer = answer };
	ck_assert_int_eq(pam_start_confdir(service, user, &conversation, scene->services, &transaction->pamh),
			 PAM_SUCCESS);
	ck_assert_int_eq(pam_set_item(transaction->pamh, PAM_RHOST, "192.0.2.1"), PAM_SUCCESS);
	ck_assert_int_eq(pam_set_item(transaction->pamh, PAM_TTY, "tty7"), PAM_SUCCESS);
	ck_assert_int_eq(pam_set_item(transaction->pamh, PAM_FAIL_DELAY, delay.item), PAM_SUCCESS);
}

void transaction_close(struct transaction *transaction)
{
	ck_assert_int_eq(pam_end(transaction->pamh, PAM_SUCCESS), PAM_SUCCESS);
	transaction->pamh = NULL;
}

void transaction_answer(struct transaction *transaction, enum answer_mode mode, const char *answer)
{
	transaction->mode = mode;
	transaction->answer = answer;
}

int authenticate_once(const struct scene *scene, const char *service, const char *user, const char *answer)
{
	struct transaction transaction;
	int code;

	transaction_open(&transaction, scene, service, user, answer);
	code = pam_authenticate(transaction.pamh, 0);
	transaction_close(&transaction);
	return code;
}

int64_t scene_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void scene_key_id(unsigned int number, char ret_id[static SCENE_KEY_SIZE])
{
	snprintf(ret_id, SCENE_KEY_SIZE, "Key%09u", number);
}

void scene_key(unsigned int number, char ret_text[static SCENE_KEY_SIZE])
{
	char id[SCENE_KEY_SIZE], secret[SCENE_KEY_SIZE];

	scene_key_id(number, id);
	snprintf(secret, sizeof(secret), "0123456789abcdefghijkl%010u", number);
	credential_write_opaque(false, id, secret, ret_text);
}

const char *scene_own_name(void)
{
	const struct passwd *entry = getpwuid(geteuid());

	return entry ? entry->pw_name : "";
}
