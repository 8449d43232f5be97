/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Numbers of keys and tenants as the daemon counts them: up to a limit, and no further. */
#ifndef APIKEYD_CLI_COUNT_H
#define APIKEYD_CLI_COUNT_H

#include <stdint.h>

#define COUNT_TEXT_SIZE 40

/* "3", or "1000 or more". */
void count_text(uint64_t count, char ret_text[COUNT_TEXT_SIZE]);

#endif
