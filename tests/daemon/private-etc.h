/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * An /etc of the test's own, in its own mount namespace (mount-namespace.h), with the users and groups of this host in
 * files that the test may change, and a name service that reads these alone.
 */
#ifndef APIKEYD_TESTS_DAEMON_PRIVATE_ETC_H
#define APIKEYD_TESTS_DAEMON_PRIVATE_ETC_H

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "common/cleanup.h"

#define PRIVATE_ETC_SIZE 80

static inline void copy_to(const char *name, const char *folder)
{
	char from[64], to[160], bytes[65536];
	FILE *in, *out;

	snprintf(from, sizeof(from), "/etc/%s", name);
	snprintf(to, sizeof(to), "%s/%s", folder, name);
	in = fopen(from, "re");
	out = fopen(to, "wxe");
	ck_assert_ptr_nonnull(out);
	for (size_t size; in && (size = fread(bytes, 1, sizeof(bytes), in)) > 0;)
		ck_assert_uint_eq(fwrite(bytes, 1, size, out), size);
	if (in)
		fclose(in);
	fclose(out);
}

/* In a folder of the test's. False where this machine does not allow it; that is said, and the test is over. */
static inline bool private_etc(const char *folder, char ret_etc[PRIVATE_ETC_SIZE])
{
	static const char *const names[] = { "passwd", "group", "ld.so.cache" };
	char path[160];
	FILE *file;

	snprintf(ret_etc, PRIVATE_ETC_SIZE, "%s/etc", folder);
	ck_assert_int_eq(mkdir(ret_etc, 0755), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		copy_to(names[i], ret_etc);
	snprintf(path, sizeof(path), "%s/nsswitch.conf", ret_etc);
	file = fopen(path, "wxe");
	ck_assert_ptr_nonnull(file);
	fputs("passwd: files\ngroup: files\n", file);
	fclose(file);
	if (mount(ret_etc, "/etc", NULL, MS_BIND, NULL) == 0)
		return true;
	puts("skipped: this machine allows no mounts of our own");
	return false;
}

#endif
