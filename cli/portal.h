/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* "apikeyctl portal", and the verbs of "apikeyctl signin". */
#ifndef APIKEYD_CLI_PORTAL_H
#define APIKEYD_CLI_PORTAL_H

#include "cli/arguments.h"

enum status portal_open(const struct arguments *arguments);
enum status signin_list(const struct arguments *arguments);
enum status signin_end(const struct arguments *arguments);

#endif
