/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/audit_changes.h"

#include <errno.h>

#include "common/cleanup.h"

int audit_changes_log(struct store *store, const struct audit_record *record, const char *changes)
{
	struct audit_record changed = *record;
	CLEANUP_FREE char *object = NULL;
	uint64_t rev;

	changed.changes = changes;
	object = changes ? audit_format(&changed) : NULL;
	return object ? store_log_change(store, record->time / 1000000, object, &rev) : -ENOMEM;
}

struct append {
	struct audit *audit;
	uint64_t last; /* the last rev that is in the file */
	int error;
};

static bool append_change(void *data, uint64_t rev, const char *record)
{
	struct append *append = data;

	append->error = audit_append_change(append->audit, rev, record);
	if (append->error < 0)
		return false;
	append->last = rev;
	return true;
}

int audit_changes_append(struct audit *audit, struct vault *vault)
{
	struct store_reader *reader = store_writer(vault->store);
	struct append append = { .audit = audit };
	uint64_t noted = 0, rev = 0;
	int r = store_load_number(reader, "audited_rev", &noted);

	if (r == 0)
		r = store_rev(reader, &rev);
	if (r < 0)
		return r;
	append.last = audit_last_rev(audit, rev);
	if (append.last < noted)
		append.last = noted;
	if (append.last == rev)
		return 0;
	r = store_list_changes(reader, append.last, append_change, &append);
	return r < 0 ? r : append.error;
}

int audit_changes_note(struct audit *audit, struct vault *vault)
{
	uint64_t rev = 0, noted = 0, written;
	int r = store_load_number(store_writer(vault->store), "audited_rev", &noted);

	if (r == 0)
		r = store_rev(store_writer(vault->store), &rev);
	if (r < 0)
		return r;
	written = audit_last_rev(audit, rev);
	return written <= noted ? 0 : store_save_number(vault->store, "audited_rev", written);
}
