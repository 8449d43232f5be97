/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Stands in for libFuzzer in a build without it: gives every file named, and every file in every folder named, to the
 * target once. Options (-runs=0) are libFuzzer's and skipped. Ends with failure when there was nothing to replay.
 */
#include <dirent.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "tests/fuzz/fuzz.h"

#define INPUT_MAX ((size_t)1 << 20)

static bool replay_file(const char *path)
{
	CLEANUP_FREE uint8_t *all = malloc(INPUT_MAX);
	CLEANUP_FREE uint8_t *data = NULL;
	FILE *file = fopen(path, "re");
	size_t size;

	if (!file || !all) {
		perror(path);
		if (file)
			fclose(file);
		return false;
	}
	size = fread(all, 1, INPUT_MAX, file);
	fclose(file);
	/* A copy of exactly this size, so that a read behind its end is found. */
	data = malloc(size > 0 ? size : 1);
	if (!data)
		return false;
	memcpy(data, all, size);
	LLVMFuzzerTestOneInput(data, size);
	return true;
}

static int skip_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* How many inputs were replayed; -1 when one could not be read. */
static int replay_folder(const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, skip_hidden, alphasort);
	int replayed = 0;

	for (int i = 0; i < count; i++) {
		char file[4096];

		snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
		if (replayed >= 0)
			replayed = replay_file(file) ? replayed + 1 : -1;
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return count < 0 ? -1 : replayed;
}

int main(int argc, char **argv)
{
	int replayed = 0;

	for (int i = 1; i < argc; i++) {
		struct stat status;
		int count;

		if (argv[i][0] == '-')
			continue;
		if (stat(argv[i], &status) < 0) {
			perror(argv[i]);
			return EXIT_FAILURE;
		}
		count = S_ISDIR(status.st_mode) ? replay_folder(argv[i]) : replay_file(argv[i]) ? 1 : -1;
		if (count < 0)
			return EXIT_FAILURE;
		replayed += count;
	}
	printf("%d inputs\n", replayed);
	return replayed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
