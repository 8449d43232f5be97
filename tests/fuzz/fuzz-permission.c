/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Permission queries and grants. The input is a query, then, behind a newline, grants. A query is monotone (there is no
 * NOT): "*" satisfies each that is one, nothing satisfies none, and a further grant never takes away.
 */
#include "common/cleanup.h"
#include "proto/permission.h"
#include "proto/wire.h"
#include "tests/fuzz/fuzz.h"

static void check_name(const char *text)
{
	size_t offset = 0;

	if (!permission_is_name(text))
		return;
	MUST(permission_is_grant(text));
	MUST(permission_query_error(text, &offset) == NULL);
	MUST(permission_query_holds(text, text));
}

static void check_grant(const char *grants, const char *grant)
{
	if (!permission_is_grant(grant)) {
		MUST(!permission_grants_cover("*", grant));
		return;
	}
	MUST(permission_grants_cover("*", grant));
	MUST(permission_grants_cover(grant, grant));
	MUST(!permission_grants_cover("", grant));
	MUST(permission_grants_cover(grants, grant) == permission_grants_cover_all(grants, grant));
	/* Whoever may hand a name on may use it. */
	if (permission_is_name(grant))
		MUST(permission_grants_cover(grants, grant) == permission_query_holds(grant, grants));
}

static void check_query(const char *query, const char *grants)
{
	size_t offset = SIZE_MAX, size = strlen(grants);
	const char *error = permission_query_error(query, &offset);
	CLEANUP_FREE char *more = malloc(size + sizeof(" b.*"));

	MUST(more);
	MUST(offset <= strlen(query));
	MUST(permission_query_holds(query, "*") == (error == NULL));
	MUST(!permission_query_holds(query, ""));
	if (error) {
		MUST(strlen(error) > 0);
		MUST(!permission_query_holds(query, grants));
		return;
	}
	MUST(offset == strlen(query) && offset <= WIRE_PERMISSION_MAX);
	memcpy(more, grants, size);
	memcpy(more + size, " b.*", sizeof(" b.*"));
	if (permission_query_holds(query, grants))
		MUST(permission_query_holds(query, more));
}

static void check_default(const char *service)
{
	char query[16 + PERMISSION_SEGMENT_MAX];
	size_t offset = 0;

	if (!permission_default_query(service, query, sizeof(query)))
		return;
	MUST(permission_is_name(query));
	MUST(permission_query_error(query, &offset) == NULL);
	MUST(permission_query_holds(query, "pam.*"));
	MUST(strcmp(query + 4, service) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_FREE char *query = fuzz_text(data, size);
	char *newline = strchr(query, '\n');
	const char *grants = "";

	if (newline) {
		*newline = '\0';
		grants = newline + 1;
	}
	check_name(query);
	check_grant(grants, query);
	check_query(query, grants);
	check_query(query, "a");
	check_default(query);
	return 0;
}
