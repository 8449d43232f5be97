/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The end of an audit file, read at every start: whatever the file holds, the answer says no more than is there. */
#include <sys/mman.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "daemon/audit_file.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_CLOSE int fd = memfd_create("audit", MFD_CLOEXEC);
	struct audit_tail tail = { 0 };

	MUST(fd >= 0);
	MUST(size == 0 || write(fd, data, size) == (ssize_t)size);
	MUST(audit_tail_read(fd, &tail) == 0);
	MUST(tail.torn == (size > 0 && data[size - 1] != '\n'));
	MUST(tail.behind_rev <= size);
	if (tail.has_seq)
		MUST(memmem(data, size, "\"seq\"", 5));
	else
		MUST(tail.seq == 0);
	if (!tail.has_rev)
		MUST(tail.rev == 0);
	return 0;
}
