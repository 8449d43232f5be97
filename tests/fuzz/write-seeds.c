/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Writes the seeds of fuzz-packet into the folder named: a small and a full packet of every message. They are committed
 * in tests/fuzz/corpus/packet; tests/fuzz/check-corpus.sh sees that they are those of the present tables.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "tests/proto/records.h"

static bool write_seed(const char *folder, const char *name, const char *kind, const void *bytes, size_t size)
{
	char path[4096];
	FILE *file;
	bool written;

	snprintf(path, sizeof(path), "%s/%s-%s", folder, name, kind);
	file = fopen(path, "we");
	if (!file) {
		perror(path);
		return false;
	}
	written = fwrite(bytes, 1, size, file) == size;
	return fclose(file) == 0 && written;
}

int main(int argc, char **argv)
{
	static const struct {
		enum filling filling;
		const char *kind;
	} kinds[] = { { FILL_LEAST, "least" }, { FILL_SOME, "all-fields" } };
	static unsigned char packet[WIRE_PACKET_MAX];

	if (argc != 2) {
		fprintf(stderr, "usage: write-seeds FOLDER\n");
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < all_records_count * ARRAY_SIZE(kinds); i++) {
		const struct codec_record *record = all_records[i / ARRAY_SIZE(kinds)];
		const struct codec_header header = { .type = (uint16_t)(i / ARRAY_SIZE(kinds)), .request_id = i };
		CLEANUP(pool_done) struct pool pool = { NULL };
		void *message = record_fill(record, kinds[i % ARRAY_SIZE(kinds)].filling, &pool);
		size_t size = 0;

		if (codec_encode(record, message, header, packet, sizeof(packet), &size) < 0 ||
		    !write_seed(argv[1], record->name, kinds[i % ARRAY_SIZE(kinds)].kind, packet, size))
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
