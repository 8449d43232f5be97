/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Signals of a server: those that its event loop takes up, and those that are errors of a call instead. */
#ifndef APIKEYD_COMMON_SIGNALS_H
#define APIKEYD_COMMON_SIGNALS_H

#include <stdbool.h>

/* Before there are threads, which inherit it: SIGTERM and SIGINT wait for the loop, and SIGHUP where it reloads. A
 * connection whose peer is gone, a log that nobody reads and a full disk are errors of a write, not the end. */
void signals_block(bool reloads);

#endif
