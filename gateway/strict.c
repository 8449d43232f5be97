/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/strict.h"

#include <microhttpd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/cleanup.h"

/* Headers that mean something here, and may stand in a request once. */
enum single {
	SINGLE_CONTENT_LENGTH,
	SINGLE_TRANSFER_ENCODING,
	SINGLE_HOST,
	SINGLE_CONTENT_TYPE,
	SINGLE_CONTENT_ENCODING,
	SINGLE_ORIGIN,
	SINGLE_ACCOUNT,
	SINGLE_TENANT,
	SINGLE_IDEMPOTENCY,
	SINGLE_COUNT,
};

static const char *const singles[SINGLE_COUNT] = {
	[SINGLE_CONTENT_LENGTH] = "Content-Length",
	[SINGLE_TRANSFER_ENCODING] = "Transfer-Encoding",
	[SINGLE_HOST] = "Host",
	[SINGLE_CONTENT_TYPE] = "Content-Type",
	[SINGLE_CONTENT_ENCODING] = "Content-Encoding",
	[SINGLE_ORIGIN] = "Origin",
	[SINGLE_ACCOUNT] = "x-account-id",
	[SINGLE_TENANT] = "x-tenant-id",
	[SINGLE_IDEMPOTENCY] = "Idempotency-Key",
};

/* A walk over the headers in the order in which they came. */
struct walk {
	const char *fault;
	const char *expected; /* where the next name begins, when nothing lies between; NULL: it is not known */
	unsigned int counts[SINGLE_COUNT];
	bool bytes;
};

/* Whether a version leaves the bytes of a request where they came. */
static bool leaves_bytes(const char *version)
{
	return strcmp(version, "0.9.75") == 0 || strcmp(version, "0.9.76") == 0;
}

bool strict_has_bytes(void)
{
	return leaves_bytes(MHD_get_version());
}

bool strict_takes_library(const char *version)
{
	return leaves_bytes(version) || strtoul(version, NULL, 10) >= 1;
}

/* A token (RFC 9110, section 5.6.2). */
static bool is_name(const char *name, size_t size)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < size; i++) {
		char c = name[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      (c != '\0' && strchr(others, c))))
			return false;
	}
	return size > 0;
}

static bool is_value(const char *value, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)value[i];

		if (c == 0x7f || (c < ' ' && c != '\t'))
			return false;
	}
	return true;
}

static bool is_length(const char *value)
{
	size_t digits = strspn(value, "0123456789");

	return digits > 0 && digits < 16 && value[digits] == '\0';
}

static const char *single_fault(struct walk *walk, const char *name, const char *value)
{
	for (size_t i = 0; i < SINGLE_COUNT; i++) {
		if (strcasecmp(name, singles[i]) != 0)
			continue;
		if (++walk->counts[i] > 1)
			return "A header that may be there once is there twice.";
		if (i == SINGLE_CONTENT_LENGTH && !is_length(value))
			return "Content-Length is no number.";
		if (i == SINGLE_TRANSFER_ENCODING && strcasecmp(value, "chunked") != 0)
			return "Transfer-Encoding is not chunked.";
	}
	return NULL;
}

static enum MHD_Result on_header(void *data, enum MHD_ValueKind kind, const char *name, size_t name_size,
				 const char *value, size_t value_size)
{
	struct walk *walk = data;

	(void)kind;
	if (!value)
		value = "";
	if (walk->bytes && name != walk->expected)
		walk->fault = "A header has a NUL, goes on in the next line, or does not end in CR LF.";
	else if (!is_name(name, name_size))
		walk->fault = "A header's name is none.";
	else if (!is_value(value, value_size))
		walk->fault = "A header's value has control characters.";
	else
		walk->fault = single_fault(walk, name, value);
	/* The library put NULs in the place of CR and LF. */
	walk->expected = value + value_size + 2;
	return walk->fault ? MHD_NO : MHD_YES;
}

const char *strict_fault(struct MHD_Connection *connection, const struct strict_line *line, bool bytes)
{
	const union MHD_ConnectionInfo *info;
	struct walk walk = { .bytes = bytes };

	if (strcmp(line->version, MHD_HTTP_VERSION_1_1) != 0 && strcmp(line->version, MHD_HTTP_VERSION_1_0) != 0)
		return "The request is not HTTP/1.1.";
	if (bytes && line->version != line->method + strlen(line->method) + 1 + line->target_size + 1)
		return "The first line of the request has a NUL, or blanks where none belong.";
	walk.expected = line->version + strlen(line->version) + 2;
	(void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, on_header, &walk);
	if (walk.fault)
		return walk.fault;
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	if (!info || (bytes && walk.expected + 2 != line->method + info->header_size))
		return "A header has a NUL, or does not end in CR LF.";
	if (walk.counts[SINGLE_CONTENT_LENGTH] > 0 && walk.counts[SINGLE_TRANSFER_ENCODING] > 0)
		return "There are both Content-Length and Transfer-Encoding.";
	if (walk.counts[SINGLE_HOST] == 0 && strcmp(line->version, MHD_HTTP_VERSION_1_1) == 0)
		return "There is no Host header.";
	if (walk.counts[SINGLE_TRANSFER_ENCODING] > 0 && strcmp(line->version, MHD_HTTP_VERSION_1_1) != 0)
		return "HTTP/1.0 knows no Transfer-Encoding.";
	return NULL;
}

static bool is_path_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
	       c == '.' || c == '~';
}

bool strict_is_path(const char *path, size_t size)
{
	size_t segment = 0, dots = 0; /* so many characters of the segment, and dots among them */

	if (size == 0 || path[0] != '/')
		return false;
	for (size_t i = 1; i < size; i++) {
		if (path[i] == '/') {
			if (segment == dots)
				return false;
			segment = dots = 0;
		} else if (is_path_character(path[i])) {
			segment++;
			dots += path[i] == '.' ? 1 : 0;
		} else {
			return false;
		}
	}
	return dots == 0 || segment > dots;
}
