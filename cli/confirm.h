/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Asking a person before something is ended for good. */
#ifndef APIKEYD_CLI_CONFIRM_H
#define APIKEYD_CLI_CONFIRM_H

#include <stdbool.h>

#include "cli/arguments.h"

/* True where a person can be asked and has not said --yes. */
bool confirm_is_due(const struct arguments *arguments);

/* Asks on the terminal: "QUESTION [y/N] ". STATUS_DONE for yes; else it says that nothing was changed. */
enum status confirm_ask(const char *form, ...) __attribute__((format(printf, 1, 2)));

#endif
