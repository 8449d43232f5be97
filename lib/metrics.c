/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the daemon counts and measures, as the caller sees it (block.h says how it is owned). */
#include "lib/admin.h"
#include "lib/apikey.h"
#include "lib/texts.h"
#include "proto/message.h"

_Static_assert((int)APIKEY_COUNTER == (int)MESSAGE_COUNTER && (int)APIKEY_GAUGE == (int)MESSAGE_GAUGE &&
		       (int)APIKEY_HISTOGRAM == (int)MESSAGE_HISTOGRAM,
	       "the public numbers are those of the wire");

void apikey_samples_free(struct apikey_samples *samples)
{
	block_free(samples);
}

static int build_samples(struct block *block, const void *packet, size_t size)
{
	struct apikey_samples *root = block_take(block, 1, sizeof(*root));
	struct apikey_sample *samples;
	struct message_samples page;
	struct message_sample message;
	int r = codec_decode(&message_samples, packet, size, &page);

	if (r < 0)
		return r;
	samples = block_take(block, page.samples.count, sizeof(*samples));
	if (root)
		*root = (struct apikey_samples){ .count = page.samples.count, .samples = samples, .after = page.after };
	for (size_t i = 0; codec_next_record(&page.samples, &message_sample, &message); i++) {
		const char *const *labels = texts_take(block, &message.labels);

		if (samples)
			samples[i] = (struct apikey_sample){
				.name = message.name,
				.type = (enum apikey_metric)message.type,
				.help = text_or_empty(message.help),
				.suffix = text_or_empty(message.suffix),
				.labels = labels,
				.number = message.number,
				.divisor = message.divisor > 0 ? message.divisor : 1,
			};
	}
	return 0;
}

int apikey_metrics(struct apikey_admin *admin, uint64_t after, struct apikey_samples **ret_samples)
{
	struct message_metrics request = { .credential = admin_credential(admin), .after = after };
	void *root;
	int r = admin_call(admin, WIRE_METRICS, &message_metrics, &request, build_samples, &root);

	if (r == 0)
		*ret_samples = root;
	return r;
}
