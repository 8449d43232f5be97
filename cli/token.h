/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The commands of "token". */
#ifndef APIKEYD_CLI_TOKEN_H
#define APIKEYD_CLI_TOKEN_H

#include "cli/command.h"

/* "token sign"; asks no daemon. */
enum status token_sign_offline(const struct arguments *arguments);

/* Access tokens. */
enum status token_issue(const struct arguments *arguments);
enum status token_inspect(const struct arguments *arguments);
enum status token_revoke(const struct arguments *arguments);
enum status token_rotate_key(const struct arguments *arguments);

#endif
