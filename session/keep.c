/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "session/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "session/leader.h"

#define PREFIX "session-"
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/* ---- handing over ---- */

/* Hosts may allow no other than one that is sealed against being executed, which kernels before 6.3 do not know. */
static int make_file(void)
{
	int fd = memfd_create("apikey-session", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	return fd < 0 && errno == EINVAL ? memfd_create("apikey-session", MFD_CLOEXEC | MFD_ALLOW_SEALING) : fd;
}

/* Whether nobody can change it any more. The kernel adds a seal of its own. */
static bool is_sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & SEALS) == SEALS;
}

static int make_record(const struct session *session)
{
	CLEANUP_CLOSE int fd = make_file();

	if (fd < 0)
		return -errno;
	if (write(fd, session->packet, session->size) != (ssize_t)session->size)
		return -EIO;
	if (fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		return -errno;
	return cleanup_take_fd(&fd);
}

int keep_store(const struct session *session)
{
	CLEANUP_CLOSE int record = make_record(session);
	char text[128];
	int fds[2], r;

	if (record < 0)
		return record;
	snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=" PREFIX "%" PRIu64, session->message.session);
	fds[0] = session->pidfd;
	fds[1] = record;
	r = sd_pid_notify_with_fds(0, 0, text, fds, ARRAY_SIZE(fds));
	return r < 0 ? r : 0;
}

void keep_forget(uint64_t number)
{
	(void)sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=" PREFIX "%" PRIu64, number);
}

/* ---- coming back ---- */

uint64_t keep_number(const char *name)
{
	uint64_t number = 0;

	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
		return 0;
	name += strlen(PREFIX);
	if (*name == '0')
		return 0;
	for (; *name >= '0' && *name <= '9'; name++) {
		if (number > INT64_MAX / 10 - 1)
			return 0;
		number = number * 10 + (uint64_t)(*name - '0');
	}
	return *name == '\0' ? number : 0;
}

int keep_read(const void *packet, size_t size, struct message_session *ret_message)
{
	struct message_session message;
	struct codec_header header;

	if (codec_decode_header(packet, size, &header) < 0 || header.type != (WIRE_SESSION_END | WIRE_REPLY) ||
	    codec_decode(&message_session, packet, size, &message) < 0 || message.session == 0 || message.leader == 0 ||
	    message.ending || message.whole)
		return -EBADMSG;
	*ret_message = message;
	return 0;
}

/* Two descriptors of one name: a pidfd and a record of that process and that number. The pidfd goes to the register. */
static int restore_pair(struct sessions *sessions, uint64_t number, int record, int leader)
{
	unsigned char packet[REGISTER_PACKET_MAX];
	struct message_session message = { 0 };
	struct session *session;
	ssize_t size;
	pid_t pid = 0;
	int pidfd, r;

	if (!is_sealed(record))
		return -EBADMSG;
	size = pread(record, packet, sizeof(packet), 0);
	r = size < 0 ? -errno : keep_read(packet, (size_t)size, &message);
	if (r == 0)
		r = leader_of(leader, &pid);
	if (r < 0)
		return r;
	if (message.session != number || message.leader != (uint64_t)pid)
		return -EBADMSG;
	if (!leader_is_alive(leader))
		return -ESRCH;
	pidfd = fcntl(leader, F_DUPFD_CLOEXEC, 3);
	return pidfd < 0 ? -errno : register_add(sessions, &message, pidfd, &session);
}

static int compare(const void *left, const void *right)
{
	const struct keep_item *a = left, *b = right;

	return (a->number > b->number) - (a->number < b->number);
}

size_t keep_restore(struct sessions *sessions, struct keep_item *items, size_t count)
{
	size_t restored = 0, next;

	qsort(items, count, sizeof(*items), compare);
	for (size_t i = 0; i < count; i = next) {
		int r = -EBADMSG;

		for (next = i + 1; next < count && items[next].number == items[i].number; next++)
			;
		if (next - i == 2 && fcntl(items[i].fd, F_GET_SEALS) < 0)
			r = restore_pair(sessions, items[i].number, items[i + 1].fd, items[i].fd);
		else if (next - i == 2)
			r = restore_pair(sessions, items[i].number, items[i].fd, items[i + 1].fd);
		restored += r == 0;
		if (r == 0)
			continue;
		keep_forget(items[i].number);
		if (r != -ESRCH)
			log_line(LOG_ERR, "what systemd kept of session %" PRIu64 " is not whole, and is forgotten: %s",
				 items[i].number, strerror(-r));
	}
	for (size_t i = 0; i < count; i++)
		close(items[i].fd);
	return restored;
}
