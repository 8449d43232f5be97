/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/judge.h"

#include <stdio.h>
#include <string.h>

#include "cli/daemon.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/secret_input.h"
#include "cli/table.h"
#include "cli/text.h"

static const char *const outcomes[] = {
	[APIKEY_SKIPPED] = "skipped",
	[APIKEY_PASSED] = "passed",
	[APIKEY_FAILED] = "failed",
};

static const char *outcome_name(enum apikey_outcome outcome)
{
	return (size_t)outcome < COUNT_OF(outcomes) ? outcomes[outcome] : outcomes[APIKEY_FAILED];
}

/* Has the daemon judge the key that was named, or one that is read. */
static enum status judge(const struct arguments *arguments, struct apikey_explanation **ret_explanation)
{
	const char *key = arguments->operand_count > 0 ? text_key_reference(arguments->operands[0]) : NULL;
	const char *file = arguments_value(arguments, OPTION_CREDENTIAL_FILE);
	SCOPED_SECRET_INPUT struct secret_input credential = { .size = 0 };
	struct apikey_request request = {
		.size = sizeof(request),
		.service = arguments_value(arguments, OPTION_SERVICE),
		.permission = arguments_value(arguments, OPTION_PERMISSION),
		.user = arguments_value(arguments, OPTION_USER),
		.rhost = arguments_value(arguments, OPTION_RHOST),
		.tenant = arguments_value(arguments, OPTION_TENANT),
	};
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	enum status status = STATUS_DONE;
	int r;

	if (!key && file && strcmp(file, "-") == 0)
		return output_complain(STATUS_USAGE,
				       "standard input can hold one key: the one to judge, or the one to act "
				       "with; give --credential-file a file");
	if (!key) {
		status = secret_input_read(&credential);
		request.credential = credential.text;
	}
	if (status == STATUS_DONE)
		status = daemon_open(arguments, &admin);
	if (status != STATUS_DONE)
		return status;
	r = apikey_explain(admin, &request, key, ret_explanation);
	return r != 0 ? daemon_failed(arguments, admin, r) : STATUS_DONE;
}

static json_t *step_json(const struct apikey_step *step)
{
	SCOPED_JSON json_t *object = json_object();

	if (!json_put(object, "name", json_text(step->name)) ||
	    !json_put(object, "outcome", json_string(outcome_name(step->outcome))) ||
	    !json_put(object, "detail", json_text_or_null(step->detail)))
		return NULL;
	return json_incref(object);
}

static json_t *steps_json(const struct apikey_explanation *explanation)
{
	SCOPED_JSON json_t *array = json_array();

	for (size_t i = 0; i < explanation->step_count; i++)
		if (json_array_append_new(array, step_json(&explanation->steps[i])) < 0)
			return NULL;
	return json_incref(array);
}

static bool print_json(const struct apikey_explanation *explanation, bool with_steps)
{
	SCOPED_JSON json_t *object = json_object();

	if (!json_put(object, "verdict", json_string(apikey_verdict_name(explanation->verdict))) ||
	    !json_put(object, "reason", json_text_or_null(explanation->reason)) ||
	    !json_put(object, "reason_sentence", json_text_or_null(explanation->reason_sentence)) ||
	    !json_put(object, "key_id", json_text_or_null(explanation->key_id)))
		return false;
	if (!json_put(object, "notices", json_texts(explanation->notices)))
		return false;
	if (with_steps && !json_put(object, "steps", steps_json(explanation)))
		return false;
	return json_print(object);
}

/* "denied: expired" and, on standard error, the sentence. */
static void print_verdict(const struct apikey_explanation *explanation)
{
	SCOPED_FREE char *reason = text_printable(explanation->reason);

	printf("%s%s%s\n", apikey_verdict_name(explanation->verdict), reason && reason[0] != '\0' ? ": " : "",
	       reason ? reason : "");
	for (const char *const *notice = explanation->notices; *notice; notice++) {
		SCOPED_FREE char *text = text_printable(*notice);

		output_note("%s", text ? text : "");
	}
	if (explanation->reason_sentence[0] != '\0')
		output_note("%s", explanation->reason_sentence);
	else if (explanation->verdict != APIKEY_GRANTED)
		output_note("Why is for administrators to know.");
}

enum status judge_verify(const struct arguments *arguments)
{
	SCOPED_EXPLANATION struct apikey_explanation *explanation = NULL;
	enum status status = judge(arguments, &explanation);

	if (status != STATUS_DONE)
		return status;
	if (!arguments_has(arguments, OPTION_JSON))
		print_verdict(explanation);
	else if (!print_json(explanation, false))
		return output_no_memory();
	return explanation->verdict == APIKEY_GRANTED ? STATUS_DONE : STATUS_REFUSED;
}

enum status judge_explain(const struct arguments *arguments)
{
	static const struct table_column columns[] = {
		{ "STEP", 0, false },
		{ "OUTCOME", 0, false },
		{ "DETAIL", 0, true },
	};
	SCOPED_EXPLANATION struct apikey_explanation *explanation = NULL;
	SCOPED_TABLE struct table *table = NULL;
	enum status status = judge(arguments, &explanation);

	if (status != STATUS_DONE)
		return status;
	if (arguments_has(arguments, OPTION_JSON))
		return print_json(explanation, true) ? STATUS_DONE : output_no_memory();
	table = table_new(columns, COUNT_OF(columns), true);
	if (!table)
		return output_no_memory();
	for (size_t i = 0; i < explanation->step_count; i++)
		table_add(table,
			  (const char *[]){ explanation->steps[i].name, outcome_name(explanation->steps[i].outcome),
					    explanation->steps[i].detail });
	if (explanation->step_count > 0 && table_print(table) < 0)
		return output_no_memory();
	if (explanation->step_count > 0)
		putchar('\n');
	print_verdict(explanation);
	return STATUS_DONE;
}
