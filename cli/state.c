/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/state.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/daemon.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/table.h"

/* One object, whose members have the names of the items: numbers where they are, else texts. */
static bool print_json(const struct apikey_status *state)
{
	SCOPED_JSON json_t *object = json_object();

	for (size_t i = 0; i < state->item_count; i++) {
		const struct apikey_item *item = &state->items[i];
		SCOPED_JSON json_t *name = json_text(item->name);

		if (!name || !json_put(object, json_string_value(name),
				       item->text[0] != '\0' ? json_text(item->text) : json_number(item->number)))
			return false;
	}
	return json_print(object);
}

enum status state_show(const struct arguments *arguments)
{
	static const struct table_column columns[] = { { "NAME", 0, false }, { "VALUE", 0, true } };
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_STATUS struct apikey_status *state = NULL;
	SCOPED_TABLE struct table *table = NULL;
	enum status status = daemon_open(arguments, &admin);
	int r;

	if (status != STATUS_DONE)
		return status;
	r = apikey_status(admin, &state);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	if (arguments_has(arguments, OPTION_JSON))
		return print_json(state) ? STATUS_DONE : output_no_memory();
	table = table_new(columns, COUNT_OF(columns), false);
	if (!table)
		return output_no_memory();
	for (size_t i = 0; i < state->item_count; i++) {
		char number[32];

		snprintf(number, sizeof(number), "%" PRIu64, state->items[i].number);
		table_add(table, (const char *[]){ state->items[i].name,
						   state->items[i].text[0] != '\0' ? state->items[i].text : number });
	}
	return table_print(table) < 0 ? output_no_memory() : STATUS_DONE;
}
