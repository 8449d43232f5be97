/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "gateway/calls.h"
#include "gateway/exchange.h"
#include "gateway/exposition.h"
#include "gateway/gateway.h"
#include "gateway/server.h"
#include "gateway/source.h"

/* A scrape that is under way. */
struct scrape {
	struct exchange *exchange;
	FILE *file; /* fills text */
	char *text;
	size_t size;
	struct exposition exposition;
};

static void write_number(struct scrape *scrape, const char *name, enum apikey_metric type, const char *help,
			 const char *label, uint64_t number)
{
	const char *const labels[] = { label, NULL };
	const struct apikey_sample sample = {
		.name = name,
		.type = type,
		.help = help,
		.suffix = "",
		.labels = labels,
		.number = number,
		.divisor = 1,
	};

	exposition_write(&scrape->exposition, &sample);
}

/* In the loop's thread, whose numbers they are. */
static void write_own(struct scrape *scrape, const struct server *server)
{
	uint64_t count;

	write_number(scrape, "apikey_gateway_connections", APIKEY_GAUGE, "Connections of clients that are open.", NULL,
		     server_connections(server));
	for (unsigned int status = SERVER_STATUS_LEAST; status <= SERVER_STATUS_MOST; status++) {
		char label[sizeof("status=4294967295")];

		count = server_answers(server, status);
		if (count == 0)
			continue;
		snprintf(label, sizeof(label), "status=%u", status);
		write_number(scrape, "apikey_gateway_answers_total", APIKEY_COUNTER, "Answers, by their status.", label,
			     count);
	}
}

/* 0, or why not: as apikey_metrics(). */
static int write_daemons(struct scrape *scrape, struct apikey_admin *admin)
{
	uint64_t after = 0;

	do {
		struct apikey_samples *samples;
		uint64_t before = after;
		int r = apikey_metrics(admin, after, &samples);

		if (r != 0)
			return r;
		for (size_t i = 0; i < samples->count; i++)
			exposition_write(&scrape->exposition, &samples->samples[i]);
		after = samples->after > before ? samples->after : 0;
		apikey_samples_free(samples);
	} while (after != 0);
	return 0;
}

/* In a thread of calls. */
static void work(struct apikey_admin *admin, void *data)
{
	struct scrape *scrape = data;
	int r = admin ? write_daemons(scrape, admin) : -1;

	/* A comment is for who looks why. */
	if (r > 0)
		fprintf(scrape->file, "# apikeyd: %s\n", apikey_admin_message(admin));
	write_number(scrape, "apikeyd_up", APIKEY_GAUGE,
		     "1 where apikeyd has told all that is here; 0 where it does not answer, or refuses.", NULL,
		     r == 0);
}

static void done(void *data)
{
	struct scrape *scrape = data;
	bool failed = ferror(scrape->file) != 0;

	failed = fclose(scrape->file) != 0 || failed;
	if (failed) {
		free(scrape->text);
		exchange_answer_problem(scrape->exchange, PROBLEM_INTERNAL, NULL);
	} else {
		exchange_answer_text(scrape->exchange, 200, EXPOSITION_TYPE, scrape->text, NULL, 0);
	}
	free(scrape);
}

static struct scrape *begin(struct exchange *exchange)
{
	struct scrape *scrape = calloc(1, sizeof(*scrape));

	if (!scrape)
		return NULL;
	scrape->exchange = exchange;
	scrape->file = open_memstream(&scrape->text, &scrape->size);
	if (!scrape->file) {
		free(scrape);
		return NULL;
	}
	scrape->exposition.file = scrape->file;
	return scrape;
}

void metrics_handle(struct exchange *exchange, struct gateway *gateway, const struct route_parameters *parameters)
{
	struct scrape *scrape;

	(void)parameters;
	if (!source_is_among(exchange, &gateway->proxies, &gateway->metrics_readers)) {
		exchange_answer_problem(exchange, PROBLEM_ACCESS_DENIED,
					"Metrics are not told to where this request comes from; --metrics names who "
					"may read them.");
		return;
	}
	scrape = begin(exchange);
	if (!scrape) {
		exchange_answer_problem(exchange, PROBLEM_INTERNAL, NULL);
		return;
	}
	write_own(scrape, exchange->connection->server);
	if (calls_submit(gateway->calls, CALLS_API, work, done, scrape) == 0)
		return;
	fclose(scrape->file);
	free(scrape->text);
	free(scrape);
	exchange_answer_problem(exchange, PROBLEM_SERVICE_UNAVAILABLE, NULL);
}
