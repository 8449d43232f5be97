/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/lib/exchange.h"

#include <check.h>

void exchange_serve(struct peer *peer, int fd, unsigned int number)
{
	struct exchange *exchange = (struct exchange *)(uintptr_t)peer->data;
	const struct codec_record *reply_record;
	struct peer_request received;
	const void *reply;

	(void)number;
	if (!peer_welcome(fd))
		return;
	while (peer_receive(fd, &received)) {
		uint16_t type = received.header.type | WIRE_REPLY;

		atomic_fetch_add(&exchange->turn, 1);
		exchange->seen = received;
		exchange->decoded = codec_decode(exchange->request_record, exchange->seen.bytes, exchange->seen.size,
						 &exchange->request) == 0;
		if (exchange->silent)
			continue;
		if (exchange->reply_type != 0)
			type = exchange->reply_type;
		reply_record = exchange->reply_record;
		reply = exchange->reply;
		received.header.request_id += exchange->id_change;
		atomic_fetch_add(&exchange->turn, 1);
		if (!peer_reply(fd, type, received.header.request_id, reply_record, reply))
			return;
	}
}

struct apikey_admin *exchange_open(const struct peer *peer, unsigned int timeout)
{
	struct apikey_options options = { .size = sizeof(options), .path = peer->folder, .timeout = timeout };
	struct apikey_admin *admin = NULL;

	ck_assert_int_eq(apikey_admin_open(&options, &admin), 0);
	ck_assert_str_eq(apikey_admin_message(admin), "");
	return admin;
}
