/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a command lists: a table for people, with --json an array for programs. */
#ifndef APIKEYD_CLI_LIST_H
#define APIKEYD_CLI_LIST_H

#include "cli/arguments.h"
#include "cli/json.h"
#include "cli/table.h"

/* Asks for all there is and adds it to the table or the array; the other one is NULL. Where it fails, it has said why.
 */
typedef enum status (*list_filler)(const struct arguments *arguments, struct table *table, json_t *array);

/* Prints all, or nothing where the filler fails. */
enum status list_print(const struct arguments *arguments, const struct table_column *columns, size_t count,
		       list_filler fill);

#endif
