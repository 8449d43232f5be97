/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the kernel and logind say of a login: the first character chooses /proc/PID/cgroup (c), /proc/self/mountinfo (m)
 * or logind's record (l). What is accepted leads nowhere else.
 */
#include <ctype.h>

#include "common/cleanup.h"
#include "session/scope.h"
#include "tests/fuzz/fuzz.h"

static void check_part(const char *text, const char *prefix, const char *suffix)
{
	size_t size = strlen(text), before = strlen(prefix), after = strlen(suffix);

	MUST(size > before + after && strncmp(text, prefix, before) == 0 && strcmp(text + size - after, suffix) == 0);
	for (size_t i = before; i < size - after; i++)
		MUST(isalnum((unsigned char)text[i]));
}

static void check_scope(const char *text)
{
	CLEANUP_FREE char *path = NULL;
	struct scope scope;

	if (!scope_parse(text, &scope))
		return;
	check_part(scope.name, "session-", ".scope");
	check_part(scope.user_slice, "user-", ".slice");
	MUST(strlen(scope.id) <= SCOPE_ID_MAX &&
	     strncmp(scope.name + strlen("session-"), scope.id, strlen(scope.id)) == 0);
	MUST(!strchr(scope.above, '\n'));
	MUST(asprintf(&path, "0::%s/user.slice/%s/%s", scope.above, scope.user_slice, scope.name) > 0);
	MUST(strstr(text, path));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_FREE char *text = fuzz_text(data, size);
	char folder[SCOPE_PATH_MAX] = "";

	if (*text == 'c')
		check_scope(text + 1);
	else if (*text == 'm' && scope_find_mount(text + 1, "", folder))
		MUST(*folder != '\0' && strstr(text, " / ") && strstr(text, " cgroup2"));
	else if (*text == 'l' && scope_is_led_by(text + 1, "session-3.scope", 4711))
		MUST(strstr(text, "LEADER=4711") && strstr(text, "SCOPE=session-3.scope"));
	return 0;
}
