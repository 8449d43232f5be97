/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "common/signals.h"

#include <signal.h>
#include <stddef.h>

void signals_block(bool reloads)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	if (reloads)
		sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}
