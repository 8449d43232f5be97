/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A scene: a scratch folder with PAM service files that name the module as it was built, and transactions through
 * libpam in it. Every function ends the test when something of the scene itself does not work.
 */
#ifndef APIKEYD_TESTS_PAM_MODULE_SCENE_H
#define APIKEYD_TESTS_PAM_MODULE_SCENE_H

#include <security/pam_appl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scene {
	char folder[64];   /* owned by this user, writable by nobody else */
	char services[80]; /* the service files */
};

void scene_open(struct scene *ret_scene);
/* Removes the folder with all in it. */
void scene_close(struct scene *scene);

/* Writes the service file name; format is printf's. "other" refuses everything unless it is written too. */
void scene_service(const struct scene *scene, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Writes a service whose four lines are the module alone, required, with socket= the folder, minimum_uid=0 and
 * options. */
void scene_module_service(const struct scene *scene, const char *name, const char *options);

/* The path of the socket a process of this effective uid verifies at. */
void scene_socket_path(const struct scene *scene, char *ret_path, size_t size);

/* How the application's conversation function answers. */
enum answer_mode {
	ANSWER_TEXT = 0,
	ANSWER_NO_TEXT, /* success, with a response whose text is NULL */
	ANSWER_NOTHING, /* success, without a response */
	ANSWER_FAILURE, /* PAM_CONV_ERR */
	ANSWER_UNKNOWN, /* a code that no conversation has */
	ANSWER_MEMORY,  /* PAM_BUF_ERR */
	ANSWER_LATER,   /* PAM_CONV_AGAIN */
};

struct transaction {
	pam_handle_t *pamh;
	enum answer_mode mode;
	const char *answer;
	unsigned int prompts;  /* questions without echo */
	unsigned int messages; /* anything else shown to the user */
	char shown[2048];      /* that, each line ended by a newline */
	bool mute;             /* it is not shown: the conversation fails there */
	char prompt[512];      /* the last question */
	unsigned int delay;    /* microseconds libpam would have waited after the last authenticate */
};

/* Starts a transaction of a remote login by user, who answers answer. user may be NULL. */
void transaction_open(struct transaction *transaction, const struct scene *scene, const char *service, const char *user,
		      const char *answer);
void transaction_close(struct transaction *transaction);

/* Puts another answer in. */
void transaction_answer(struct transaction *transaction, enum answer_mode mode, const char *answer);

/* Opens, authenticates, closes; the code of authenticate. */
int authenticate_once(const struct scene *scene, const char *service, const char *user, const char *answer);

/* Milliseconds on a monotonic clock. */
int64_t scene_clock(void);

/* A well-formed key of the number; the id alone. */
#define SCENE_KEY_SIZE 64
void scene_key(unsigned int number, char ret_text[static SCENE_KEY_SIZE]);
void scene_key_id(unsigned int number, char ret_id[static SCENE_KEY_SIZE]);

/* The name of this process' user; "" when it has none. */
const char *scene_own_name(void);

#endif
