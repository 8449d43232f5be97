/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/exchange.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/encoding.h"
#include "common/secret.h"
#include "gateway/page.h"
#include "gateway/strict.h"

#define CORRELATION_BYTES 16
#define DROPPED_MOST 4096 /* bytes of a body that is read though nobody wants it */
#define PROBLEM_JSON "application/problem+json"

const char *exchange_header(const struct exchange *exchange, const char *name)
{
	return MHD_lookup_connection_value(exchange->handle, MHD_HEADER_KIND, name);
}

bool exchange_has_body(const struct exchange *exchange)
{
	return exchange_length(exchange) > 0 || exchange_header(exchange, MHD_HTTP_HEADER_TRANSFER_ENCODING);
}

unsigned long long exchange_length(const struct exchange *exchange)
{
	const char *length = exchange_header(exchange, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return length ? strtoull(length, NULL, 10) : 0;
}

void exchange_forget_body(struct exchange *exchange)
{
	exchange->forgets = true;
}

bool exchange_is_form(const struct exchange *exchange)
{
	const char *type = exchange_header(exchange, MHD_HTTP_HEADER_CONTENT_TYPE);
	size_t size = type ? strcspn(type, "; \t") : 0;

	return size == strlen(EXCHANGE_FORM) && strncasecmp(type, EXCHANGE_FORM, size) == 0;
}

bool exchange_is_from_page(const struct exchange *exchange)
{
	const char *mode = exchange_header(exchange, "Sec-Fetch-Mode");

	return exchange_header(exchange, "Origin") || (mode && strcasecmp(mode, "cors") == 0);
}

/* ---- the answer ---- */

static void add_fields(struct MHD_Response *answer, const struct exchange_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (fields[i].value)
			(void)MHD_add_response_header(answer, fields[i].name, fields[i].value);
	}
}

/* For browsers that came by TLS with this program; of what is behind a proxy, the proxy knows. */
static void add_transport_security(const struct exchange *exchange, struct MHD_Response *answer)
{
	uint64_t seconds = server_settings(exchange->connection->server)->hsts;
	char value[sizeof("max-age=") + 20];

	if (!exchange->connection->secure || seconds == 0)
		return;
	snprintf(value, sizeof(value), "max-age=%" PRIu64, seconds);
	(void)MHD_add_response_header(answer, MHD_HTTP_HEADER_STRICT_TRANSPORT_SECURITY, value);
}

/* Takes the answer over. Without one, for want of memory, the connection is closed. */
static void decide(struct exchange *exchange, unsigned int status, struct MHD_Response *answer,
		   const struct exchange_field *fields, size_t count)
{
	static const struct exchange_field common[] = {
		{ "Cache-Control", "no-store" },
		{ "X-Content-Type-Options", "nosniff" },
	};

	if (answer) {
		add_fields(answer, common, ARRAY_SIZE(common));
		add_transport_security(exchange, answer);
		add_fields(answer, fields, count);
		if (exchange->for_page)
			add_fields(answer, page_fields, PAGE_FIELDS);
		if (exchange->correlation_id[0] != '\0')
			(void)MHD_add_response_header(answer, "X-Correlation-ID", exchange->correlation_id);
	}
	exchange->answer = answer;
	exchange->status = status;
	exchange->handled = true;
	if (exchange->waiting) {
		exchange->waiting = false;
		MHD_resume_connection(exchange->handle);
		server_kick(exchange->connection->server);
	}
}

void exchange_answer_empty(struct exchange *exchange, unsigned int status, const struct exchange_field *fields,
			   size_t count)
{
	struct MHD_Response *answer = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);

	decide(exchange, status, answer, fields, count);
}

/* Some answers carry a key. */
static void wipe_and_free(void *body)
{
	secret_wipe(body, strlen(body));
	free(body);
}

void exchange_answer_text(struct exchange *exchange, unsigned int status, const char *type, char *body,
			  const struct exchange_field *fields, size_t count)
{
	struct MHD_Response *answer =
		body ? MHD_create_response_from_buffer_with_free_callback(strlen(body), body, wipe_and_free) : NULL;

	if (answer)
		(void)MHD_add_response_header(answer, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	else if (body)
		wipe_and_free(body);
	decide(exchange, status, answer, fields, count);
}

/* Who sent none gets one, so that a problem can be found in the log. */
static void make_correlation_id(struct exchange *exchange)
{
	unsigned char bytes[CORRELATION_BYTES];

	if (exchange->correlation_id[0] == '\0' && getrandom(bytes, sizeof(bytes), 0) == (ssize_t)sizeof(bytes))
		encoding_hex(bytes, sizeof(bytes), exchange->correlation_id);
}

static void answer_problem(struct exchange *exchange, enum problem problem, const char *message, const char *methods)
{
	const struct server_settings *settings = server_settings(exchange->connection->server);
	const struct exchange_field fields[] = {
		{ MHD_HTTP_HEADER_WWW_AUTHENTICATE, problem_challenge(problem) },
		{ MHD_HTTP_HEADER_RETRY_AFTER, problem == PROBLEM_TOO_MANY_REQUESTS ? "60" : NULL },
		{ MHD_HTTP_HEADER_RETRY_AFTER, problem == PROBLEM_SERVICE_UNAVAILABLE ? "1" : NULL },
		{ MHD_HTTP_HEADER_ALLOW, methods },
	};
	const char *accepted = exchange_header(exchange, MHD_HTTP_HEADER_ACCEPT);
	bool rfc9457 = accepted && strcasestr(accepted, PROBLEM_JSON);
	char *body;

	if (settings->teller && settings->teller(exchange, problem_status(problem),
						 message ? message : problem_sentence(problem), settings->data))
		return;
	make_correlation_id(exchange);
	body = rfc9457 ? problem_body_rfc9457(problem, message, exchange->correlation_id)
		       : problem_body(problem, message, exchange->correlation_id, clock_wall_seconds());
	exchange_answer_text(exchange, problem_status(problem), rfc9457 ? PROBLEM_JSON : "application/json", body,
			     fields, ARRAY_SIZE(fields));
}

void exchange_answer_problem(struct exchange *exchange, enum problem problem, const char *message)
{
	answer_problem(exchange, problem, message, NULL);
}

void exchange_answer_methods(struct exchange *exchange, const char *methods)
{
	answer_problem(exchange, PROBLEM_METHOD_NOT_ALLOWED, NULL, methods);
}

/* ---- what comes ---- */

void *exchange_on_target(void *data, const char *target, struct MHD_Connection *handle)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(handle, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct exchange *exchange;

	(void)data;
	if (!info || !info->socket_context || !target)
		return NULL;
	exchange = calloc(1, sizeof(*exchange));
	if (!exchange)
		return NULL;
	exchange->target = strdup(target);
	if (!exchange->target) {
		free(exchange);
		return NULL;
	}
	exchange->target_size = strlen(target);
	exchange->connection = info->socket_context;
	exchange->handle = handle;
	server_phase(exchange->connection, SERVER_BUSY);
	return exchange;
}

/* Parts the target; its path and parameters stay in it. */
static bool read_target(struct exchange *exchange)
{
	char *query = strchr(exchange->target, '?');
	size_t path_size = query ? (size_t)(query - exchange->target) : exchange->target_size;
	const char *fault = NULL;
	int r;

	if (!strict_is_path(exchange->target, path_size)) {
		exchange_answer_problem(exchange, PROBLEM_NOT_FOUND, NULL);
		return false;
	}
	if (query) {
		r = urlencoded_read(query + 1, exchange->target_size - path_size - 1, &exchange->query, &fault);
		if (r < 0) {
			exchange_answer_problem(exchange, r == -EINVAL ? PROBLEM_INVALID_REQUEST : PROBLEM_INTERNAL,
						fault);
			return false;
		}
		secret_wipe(query, exchange->target_size - path_size);
	}
	exchange->path = exchange->target;
	return true;
}

static void read_correlation_id(struct exchange *exchange)
{
	const char *id = exchange_header(exchange, "X-Correlation-ID");
	size_t size = id ? strlen(id) : 0;

	if (size == 0 || size > EXCHANGE_CORRELATION_MAX)
		return;
	for (size_t i = 0; i < size; i++) {
		if (id[i] <= ' ' || id[i] > '~')
			return;
	}
	memcpy(exchange->correlation_id, id, size + 1);
}

/* A credential in one place. */
struct places {
	const char *authorization, *bare;
	size_t count;
};

static enum MHD_Result count_place(void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct places *places = data;
	bool standard = strcasecmp(name, MHD_HTTP_HEADER_AUTHORIZATION) == 0;

	(void)kind;
	if (!standard && strcasecmp(name, "X-API-KEY") != 0)
		return MHD_YES;
	*(standard ? &places->authorization : &places->bare) = value ? value : "";
	places->count++;
	return MHD_YES;
}

static bool read_credential(struct exchange *exchange)
{
	const char *query = urlencoded_find(&exchange->query, EXCHANGE_QUERY_CREDENTIAL);
	struct places places = { .count = query ? 1 : 0 };
	const char *fault = NULL;
	int r = 0;

	if (query && !server_settings(exchange->connection->server)->query_credential) {
		exchange_answer_problem(exchange, PROBLEM_INVALID_REQUEST,
					"A key in the target of a request gets into logs, and is not taken from there; "
					"send it in the Authorization header.");
		return false;
	}
	(void)MHD_get_connection_values(exchange->handle, MHD_HEADER_KIND, count_place, &places);
	if (places.count > 1) {
		exchange_answer_problem(exchange, PROBLEM_INVALID_REQUEST,
					"There are two credentials; send one, in one place.");
		return false;
	}
	if (places.authorization)
		r = authorization_read(places.authorization, &exchange->authorization, &fault);
	else if (places.bare || query)
		r = authorization_read_bare(places.bare ? places.bare : query, &exchange->authorization, &fault);
	if (r < 0)
		exchange_answer_problem(exchange, r == -EINVAL ? PROBLEM_INVALID_REQUEST : PROBLEM_INTERNAL, fault);
	return r == 0;
}

/* A body that is too long is refused before it comes, where its length is told. */
static bool check_length(struct exchange *exchange)
{
	if (exchange_length(exchange) <= SERVER_BODY_MAX)
		return true;
	exchange_answer_problem(exchange, PROBLEM_CONTENT_TOO_LARGE, NULL);
	return false;
}

/* Nothing is read from the connection behind this answer. */
static void close_behind(struct exchange *exchange)
{
	if (exchange->answer)
		(void)MHD_add_response_header(exchange->answer, MHD_HTTP_HEADER_CONNECTION, "close");
}

/*
 * It is answered, and its body has not come. Who has begun to send a little of it would rather find the connection
 * closed than the answer, so that is read and forgotten; for more nobody waits, nor is anybody asked to send it.
 */
static void skip_body(struct exchange *exchange)
{
	unsigned long long length = exchange_length(exchange);

	if (!exchange_has_body(exchange))
		return;
	exchange->dropping = length > 0 && length <= DROPPED_MOST && !exchange_header(exchange, MHD_HTTP_HEADER_EXPECT);
	if (!exchange->dropping)
		close_behind(exchange);
}

static void begin(struct exchange *exchange, const char *method, const char *version)
{
	const struct server_settings *settings = server_settings(exchange->connection->server);
	const struct strict_line line = { .method = method, .version = version, .target_size = exchange->target_size };
	const char *fault = strict_fault(exchange->handle, &line, server_has_bytes(exchange->connection->server));

	exchange->begun = true;
	exchange->method = method;
	if (fault) {
		/* Where one request ends and the next begins is not certain any more. */
		exchange_answer_problem(exchange, PROBLEM_INVALID_REQUEST, fault);
		close_behind(exchange);
		return;
	}
	read_correlation_id(exchange);
	if (read_target(exchange) && check_length(exchange) && read_credential(exchange) && settings->preview &&
	    exchange_has_body(exchange))
		settings->preview(exchange, settings->data);
	if (exchange->handled)
		skip_body(exchange);
}

static void drop_body(struct exchange *exchange)
{
	secret_wipe(exchange->body, exchange->body_size);
	free(exchange->body);
	server_give_room(exchange->connection, exchange->body_room);
	exchange->body = NULL;
	exchange->body_room = 0;
}

/* Room for so many bytes more, and a NUL. */
static bool make_room(struct exchange *exchange, size_t size)
{
	size_t needed = exchange->body_size + size + 1;
	size_t room = 2 * needed < SERVER_BODY_MAX ? 2 * needed : SERVER_BODY_MAX + 1;
	char *body;

	if (needed <= exchange->body_room)
		return true;
	if (!server_take_room(exchange->connection, room - exchange->body_room))
		return false;
	body = malloc(room);
	if (!body) {
		server_give_room(exchange->connection, room - exchange->body_room);
		return false;
	}
	if (exchange->body_size > 0)
		memcpy(body, exchange->body, exchange->body_size);
	secret_wipe(exchange->body, exchange->body_size);
	free(exchange->body);
	exchange->body = body;
	exchange->body_room = room;
	return true;
}

/* What is not kept is read on for a while, since the answer can be given no sooner. */
static bool keep_body(struct exchange *exchange, const char *bytes, size_t size)
{
	exchange->body_seen += size;
	if (!exchange->cut && exchange->body_seen > SERVER_BODY_MAX)
		exchange->cut = PROBLEM_CONTENT_TOO_LARGE;
	else if (!exchange->cut && !exchange->forgets && !make_room(exchange, size))
		exchange->cut = PROBLEM_SERVICE_UNAVAILABLE;
	if (exchange->cut || exchange->forgets) {
		drop_body(exchange);
		exchange->body_size = 0;
		return exchange->body_seen <= 4 * SERVER_BODY_MAX;
	}
	memcpy(exchange->body + exchange->body_size, bytes, size);
	exchange->body_size += size;
	exchange->body[exchange->body_size] = '\0';
	return true;
}

static enum MHD_Result queue(struct exchange *exchange)
{
	struct MHD_Response *answer = exchange->answer;
	enum MHD_Result result;

	if (!answer)
		return MHD_NO;
	exchange->answer = NULL;
	server_step(exchange->connection, SERVER_ANSWERING);
	server_count_answer(exchange->connection->server, exchange->status);
	result = MHD_queue_response(exchange->handle, exchange->status, answer);
	MHD_destroy_response(answer);
	return result;
}

enum MHD_Result exchange_on_request(void *data, struct MHD_Connection *handle, const char *url, const char *method,
				    const char *version, const char *upload, size_t *upload_size, void **context)
{
	const struct server_settings *settings = server_settings(data);
	struct exchange *exchange = *context;

	(void)handle;
	(void)url;
	if (!exchange)
		return MHD_NO;
	if (!exchange->begun) {
		begin(exchange, method, version);
		return exchange->handled && !exchange->dropping ? queue(exchange) : MHD_YES;
	}
	if (*upload_size > 0) {
		bool kept = exchange->dropping || keep_body(exchange, upload, *upload_size);

		*upload_size = 0;
		return kept ? MHD_YES : MHD_NO;
	}
	server_step(exchange->connection, SERVER_WORKING);
	if (!exchange->handled && exchange->cut)
		exchange_answer_problem(exchange, exchange->cut, NULL);
	else if (!exchange->handled)
		settings->handler(exchange, settings->data);
	if (exchange->handled)
		return queue(exchange);
	exchange->waiting = true;
	MHD_suspend_connection(exchange->handle);
	return MHD_YES;
}

void exchange_on_completed(void *data, struct MHD_Connection *handle, void **context,
			   enum MHD_RequestTerminationCode code)
{
	struct exchange *exchange = *context;

	(void)data;
	(void)handle;
	(void)code;
	if (!exchange)
		return;
	server_phase(exchange->connection, SERVER_QUIET);
	if (exchange->answer)
		MHD_destroy_response(exchange->answer);
	secret_wipe(exchange->target, exchange->target_size);
	free(exchange->target);
	drop_body(exchange);
	urlencoded_done(&exchange->query);
	authorization_done(&exchange->authorization);
	free(exchange);
	*context = NULL;
}
