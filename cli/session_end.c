/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/session_end.h"

#include <inttypes.h>

#include "cli/json.h"
#include "cli/output.h"

enum status session_end_read(const struct arguments *arguments, int *ret_sessions)
{
	bool end = arguments_has(arguments, OPTION_END_SESSIONS), keep = arguments_has(arguments, OPTION_KEEP_SESSIONS);

	if (end && keep)
		return output_complain(STATUS_USAGE,
				       "--end-sessions ends what --keep-sessions leaves; give one of them");
	*ret_sessions = end ? 1 : keep ? -1 : 0;
	return STATUS_DONE;
}

json_t *session_end_json(const struct session_end *end)
{
	SCOPED_JSON json_t *object = json_object();

	if (!json_put(object, "ended", json_number(end->ended)) ||
	    !json_put(object, "loose", json_number(end->loose)) ||
	    !json_put(object, "fault", json_text_or_null(end->fault)))
		return NULL;
	return json_incref(object);
}

enum status session_end_tell(const struct session_end *end, const char *whose, const char *done, bool quiet)
{
	if (!end->asked)
		return STATUS_DONE;
	if (!quiet && (end->ended > 0 || end->fault[0] == '\0'))
		output_note("%" PRIu64 " %s of %s %s told to end.", end->ended,
			    end->ended == 1 ? "session" : "sessions", whose, end->ended == 1 ? "was" : "were");
	if (!quiet && end->loose > 0)
		output_note("Processes that have left their session go on: logind knows of no session of its own for "
			    "%" PRIu64 " of them.",
			    end->loose);
	if (end->fault[0] == '\0')
		return STATUS_DONE;
	return output_complain(STATUS_REFUSED, "%s, but sessions of %s may be open: %s", done, whose, end->fault);
}
