/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* "apikeyctl verify" and "apikeyctl explain": dry runs, which use nothing up. */
#ifndef APIKEYD_CLI_JUDGE_H
#define APIKEYD_CLI_JUDGE_H

#include "cli/arguments.h"

enum status judge_verify(const struct arguments *arguments);
enum status judge_explain(const struct arguments *arguments);

#endif
