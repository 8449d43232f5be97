/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What libmicrohttpd takes and this gateway does not, because a proxy in front may have read it otherwise: a body whose
 * end two headers tell, a header or request line with a NUL, a line that goes on in the next one or ends in LF alone,
 * names that are none, a target that is no path (RFC 9112, sections 2.2, 3, 5 and 6.3).
 */
#ifndef APIKEYD_GATEWAY_STRICT_H
#define APIKEYD_GATEWAY_STRICT_H

#include <stdbool.h>
#include <stddef.h>

struct MHD_Connection;

/* What is known of the first line of a request. Pointers are those that libmicrohttpd gave. */
struct strict_line {
	const char *method, *version;
	size_t target_size; /* bytes of the target as it came, before it was decoded */
};

/*
 * Whether this libmicrohttpd leaves the bytes of a request where they came (0.9.75 and 0.9.76). Then they are looked
 * through for what it does not show; 1.0 and later refuse such by themselves.
 */
bool strict_has_bytes(void);

/*
 * Whether the gateway can stand behind a version of libmicrohttpd: 0.9.75 and 0.9.76, whose bytes are looked through,
 * and 1.0 and later, which refuse what is above. 0.9.77 neither leaves the bytes nor refuses: it ends a line at a lone
 * LF, and takes a NUL.
 */
bool strict_takes_library(const char *version);

/* NULL, or the sentence that says what is wrong. bytes: strict_has_bytes(). */
const char *strict_fault(struct MHD_Connection *connection, const struct strict_line *line, bool bytes);

/* Whether a target's path is one: it begins with a slash, and what follows is letters, digits, - _ . ~ and slashes, no
 * two of them in a row, and no segment of dots alone. size bytes. */
bool strict_is_path(const char *path, size_t size);

#endif
