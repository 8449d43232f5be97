/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* "key show": looking, which changes nothing. */
#include <time.h>

#include "cli/daemon.h"
#include "cli/key.h"
#include "cli/key_view.h"
#include "cli/output.h"
#include "cli/text.h"

enum status key_show(const struct arguments *arguments)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_KEY struct apikey_key *key = NULL;
	enum status status = daemon_open(arguments, &admin);
	int r;

	if (status != STATUS_DONE)
		return status;
	r = apikey_key_show(admin, text_key_reference(arguments->operands[0]), &key);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	if (!(arguments_has(arguments, OPTION_JSON) ? key_view_print_json(key) : key_view_print(key, time(NULL))))
		return output_no_memory();
	return STATUS_DONE;
}
