/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What anybody may ask for is refused and recorded, but a stranger's refusals must not fill the audit files, which keep
 * only so much: the records of a break-in could be pushed out of them.
 */
#include "common/cleanup.h"
#include "common/socket.h"
#include "proto/message.h"
#include "proto/wire.h"
#include "tests/daemon/host.h"

#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define STRANGER 65533
/* More than the limit are answered 50 ms late each. */
#define SETTINGS "[throttle]\nfailures_per_minute = 10\n"
#define REQUESTS 60
#define RECORDS_MAX 30 /* the failures of two minutes, and a few */

static struct host host;

static int connect_to(const char *name)
{
	char path[sizeof(host.runtime) + 32];
	struct sockaddr_un address;
	socklen_t size;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(path, sizeof(path), "%s/%s", host.runtime, name);
	if (fd < 0 || socket_address(path, &address, &size) < 0 || connect(fd, (struct sockaddr *)&address, size) < 0)
		fail("cannot connect to %s: %m", path);
	return fd;
}

/* Each with a credential that is none. */
static void ask_many(void)
{
	struct message_key_reference message = { .credential = "ak_no-key-at-all", .key = "alice/laptop" };
	struct codec_header header = { .type = WIRE_KEY_REVOKE, .request_id = 1 };
	unsigned char packet[4096];
	CLEANUP_CLOSE int fd = connect_to(WIRE_ADMIN_SOCKET);
	size_t size;

	if (codec_encode(&message_key_reference, &message, header, packet, sizeof(packet), &size) < 0)
		fail("the request cannot be encoded");
	for (int i = 0; i < REQUESTS; i++) {
		unsigned char reply[4096];

		if (send(fd, packet, size, MSG_NOSIGNAL) < 0 || recv(fd, reply, sizeof(reply), 0) <= 0)
			fail("request %d was not answered: %m", i);
	}
}

static void run_as_stranger(void (*function)(void))
{
	int status;
	pid_t child = fork();

	if (child < 0)
		fail("cannot fork: %m");
	if (child == 0) {
		if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setresgid(STRANGER, STRANGER, STRANGER) < 0 ||
				       setresuid(STRANGER, STRANGER, STRANGER) < 0))
			fail("cannot become another user: %m");
		function();
		_exit(EXIT_SUCCESS);
	}
	if (waitpid(child, &status, 0) != child || status != 0)
		fail("the stranger's requests were not answered");
}

static int count_records(void)
{
	CLEANUP_FREE char *path = NULL, *line = NULL;
	size_t size = 0;
	int count = 0;
	FILE *file;

	if (asprintf(&path, "%s/log/audit.jsonl", host.folder) < 0 || !(file = fopen(path, "re")))
		fail("cannot read the audit: %m");
	while (getline(&line, &size, file) > 0)
		count += strstr(line, "key_revoke") != NULL;
	fclose(file);
	return count;
}

int main(void)
{
	int count;

	host_open(&host, SETTINGS);
	host_start(&host);
	run_as_stranger(ask_many);
	count = count_records();
	if (count == 0)
		fail("no refusal was recorded");
	if (count > RECORDS_MAX)
		fail("%d requests of a stranger left %d records", REQUESTS, count);
	host_end(&host, SIGTERM);
	host_remove(&host);
	return EXIT_SUCCESS;
}
