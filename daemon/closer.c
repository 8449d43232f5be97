/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/closer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "common/thread_create.h"

#define QUEUE_MAX 256
#define WAIT_NANOSECONDS 1000000 /* what a close may wait for */

struct closer {
	pthread_t id;
	pthread_mutex_t lock;   /* over all below */
	pthread_cond_t changed; /* in either direction */
	int queue[QUEUE_MAX];
	size_t first, count;
	bool stopping;
};

/*
 * True when nothing lies unread, and nothing can come any more. With credentials asked for and no room for them, the
 * kernel marks every packet as cut, an empty one too, which would otherwise look like the end of the file.
 */
static bool is_empty(int fd)
{
	static const int on = 1, from_the_first = -1;
	struct msghdr message = { .msg_iov = NULL };
	ssize_t size;

	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &from_the_first, sizeof(from_the_first)) < 0 ||
	    shutdown(fd, SHUT_RD) < 0)
		return false;
	/* An error of the socket is told once, and hides what is there. */
	for (int attempt = 0; attempt < 2; attempt++) {
		size = recvmsg(fd, &message, MSG_PEEK | MSG_DONTWAIT);
		if (size >= 0)
			break;
	}
	return size == 0 && !(message.msg_flags & (MSG_CTRUNC | MSG_TRUNC));
}

/* False when it is time to end. */
static bool take(struct closer *closer, int *ret_fd)
{
	bool taken;

	pthread_mutex_lock(&closer->lock);
	while (closer->count == 0 && !closer->stopping)
		pthread_cond_wait(&closer->changed, &closer->lock);
	taken = closer->count > 0;
	if (taken) {
		*ret_fd = closer->queue[closer->first];
		closer->first = (closer->first + 1) % QUEUE_MAX;
		closer->count--;
		pthread_cond_broadcast(&closer->changed);
	}
	pthread_mutex_unlock(&closer->lock);
	return taken;
}

static void on_alarm(int number)
{
	(void)number;
}

/* Interrupts what this thread waits for, again and again. */
static int make_alarm(timer_t *ret_timer)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM };

	event._sigev_un._tid = gettid();
	return timer_create(CLOCK_MONOTONIC, &event, ret_timer);
}

static void *run(void *data)
{
	static const struct itimerspec running = { { 0, WAIT_NANOSECONDS }, { 0, WAIT_NANOSECONDS } }, off = { 0 };
	struct closer *closer = data;
	sigset_t alarms;
	timer_t timer;
	bool has_alarm;
	int fd;

	(void)pthread_setname_np(pthread_self(), "closer");
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	pthread_sigmask(SIG_UNBLOCK, &alarms, NULL);
	has_alarm = make_alarm(&timer) == 0;
	while (take(closer, &fd)) {
		if (has_alarm)
			(void)timer_settime(timer, 0, &running, NULL);
		close(fd);
		if (has_alarm)
			(void)timer_settime(timer, 0, &off, NULL);
	}
	if (has_alarm)
		(void)timer_delete(timer);
	return NULL;
}

int closer_start(struct closer **ret_closer)
{
	struct closer *closer = calloc(1, sizeof(*closer));
	struct sigaction action = { .sa_handler = on_alarm };
	int r;

	if (!closer)
		return -ENOMEM;
	pthread_mutex_init(&closer->lock, NULL);
	pthread_cond_init(&closer->changed, NULL);
	sigaction(SIGALRM, &action, NULL);
	r = thread_create(run, closer, &closer->id);
	if (r < 0) {
		pthread_cond_destroy(&closer->changed);
		pthread_mutex_destroy(&closer->lock);
		free(closer);
		return r;
	}
	*ret_closer = closer;
	return 0;
}

void closer_stop(struct closer *closer)
{
	if (!closer)
		return;
	pthread_mutex_lock(&closer->lock);
	closer->stopping = true;
	pthread_cond_broadcast(&closer->changed);
	pthread_mutex_unlock(&closer->lock);
	pthread_join(closer->id, NULL);
	pthread_cond_destroy(&closer->changed);
	pthread_mutex_destroy(&closer->lock);
	free(closer);
}

void closer_close(struct closer *closer, int fd)
{
	if (is_empty(fd)) {
		close(fd);
		return;
	}
	pthread_mutex_lock(&closer->lock);
	while (closer->count == QUEUE_MAX)
		pthread_cond_wait(&closer->changed, &closer->lock);
	closer->queue[(closer->first + closer->count++) % QUEUE_MAX] = fd;
	pthread_cond_broadcast(&closer->changed);
	pthread_mutex_unlock(&closer->lock);
}

int closer_peek(int fd, struct mmsghdr *messages, unsigned int count)
{
	static const int from_the_first = 0;
	int seen;

	/* With an offset, one look after the other goes on behind the last. */
	if (count > 1 && setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &from_the_first, sizeof(from_the_first)) < 0)
		count = 1;
	do
		seen = recvmmsg(fd, messages, count, MSG_PEEK | MSG_DONTWAIT, NULL);
	while (seen < 0 && errno == EINTR);
	if (seen < 0)
		return -errno;
	for (int i = 0; i < seen; i++) {
		if (messages[i].msg_hdr.msg_flags & MSG_CTRUNC)
			return i > 0 ? i : -EBADMSG;
		if (messages[i].msg_len == 0 || messages[i].msg_hdr.msg_flags & MSG_TRUNC)
			return i + 1;
	}
	return seen;
}
