/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Traps: functions of libc that stand in the test program before libc's own, so that what the module does can be seen
 * and made to fail without privileges. /dev/log is led to a socket of the test; sockets are counted; the look-up of a
 * user can be made to fail. What no test has set passes through.
 */
#ifndef APIKEYD_TESTS_PAM_MODULE_TRAP_H
#define APIKEYD_TESTS_PAM_MODULE_TRAP_H

#include <stdbool.h>
#include <stddef.h>

/* Receives from now on what the process sends to /dev/log, at a socket of this path. */
void trap_log_open(const char *path);
/* Takes the next line, of at most size - 1 bytes. Its length; 0 when there is none. */
size_t trap_log_take(char *ret_line, size_t size);
/* True when a line was sent from descriptor 0, 1 or 2. */
bool trap_log_on_standard(void);
/* The receiver is there and takes nothing any more, as a stopped log daemon does. */
void trap_log_fill(void);

/* How many Unix sockets the process has made since the start or the last call. (libpam makes others, for the kernel's
 * audit.) */
unsigned int trap_sockets_made(void);
/* From now on socket() fails for Unix sockets with error; 0: libc's own again. */
void trap_socket_fail(int error);

/* From now on getpwnam_r() returns error; 0: libc's own again. */
void trap_lookup_fail(int error);

#endif
