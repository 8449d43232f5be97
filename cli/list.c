/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/list.h"

#include "cli/output.h"

enum status list_print(const struct arguments *arguments, const struct table_column *columns, size_t count,
		       list_filler fill)
{
	bool as_json = arguments_has(arguments, OPTION_JSON);
	SCOPED_TABLE struct table *table = as_json ? NULL : table_new(columns, count, true);
	SCOPED_JSON json_t *array = as_json ? json_array() : NULL;
	enum status status = table || array ? fill(arguments, table, array) : output_no_memory();

	if (status != STATUS_DONE)
		return status;
	return (array ? json_print(array) : table_print(table) == 0) ? STATUS_DONE : output_no_memory();
}
