/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/state.h"

#include <string.h>
#include <time.h>

#include "cli/daemon.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/state_view.h"

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
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_STATUS struct apikey_status *state = NULL;
	enum status status = daemon_open(arguments, &admin);
	int r;

	if (status != STATUS_DONE)
		return status;
	r = apikey_status(admin, &state);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	if (!(arguments_has(arguments, OPTION_JSON) ? print_json(state) : state_view_print(state, time(NULL))))
		return output_no_memory();
	/* For scripts that only want to know whether all is well. */
	return strcmp(state_text(state, "state"), "ok") == 0 ? STATUS_DONE : STATUS_REFUSED;
}
