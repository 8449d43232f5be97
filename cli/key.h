/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The verbs of "apikeyctl key". */
#ifndef APIKEYD_CLI_KEY_H
#define APIKEYD_CLI_KEY_H

#include "cli/arguments.h"

enum status key_create(const struct arguments *arguments);
enum status key_update(const struct arguments *arguments);
enum status key_import(const struct arguments *arguments);
enum status key_list(const struct arguments *arguments);
enum status key_show(const struct arguments *arguments);
enum status key_usage(const struct arguments *arguments);
enum status key_rotate(const struct arguments *arguments);
enum status key_retire(const struct arguments *arguments);
enum status key_activate(const struct arguments *arguments);
enum status key_deactivate(const struct arguments *arguments);
enum status key_revoke(const struct arguments *arguments);
enum status key_find(const struct arguments *arguments);
enum status key_delete(const struct arguments *arguments);

#endif
