/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a small server has to say, a line each on standard error. A journal that takes none loses it; nobody waits for
 * it.
 */
#ifndef APIKEYD_COMMON_LOG_H
#define APIKEYD_COMMON_LOG_H

/* priority is of syslog.h. No secrets, and no text with control characters. */
void log_line(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
