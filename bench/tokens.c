/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "bench/tokens.h"

#include "common/encoding.h"

uint64_t tokens_random(uint64_t *state)
{
	uint64_t value = *state += UINT64_C(0x9e3779b97f4a7c15);

	value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
	return value ^ value >> 31;
}

static void write_characters(uint64_t *state, char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		text[i] = encoding_base62[tokens_random(state) % 62];
}

void tokens_make(uint64_t number, char ret_id[CREDENTIAL_ID_SIZE + 1], char ret_token[CREDENTIAL_OPAQUE_MAX + 1])
{
	uint64_t state = number * UINT64_C(0xd1342543de82ef95);
	char secret[CREDENTIAL_SECRET_SIZE];

	write_characters(&state, ret_id, CREDENTIAL_ID_SIZE);
	ret_id[CREDENTIAL_ID_SIZE] = '\0';
	write_characters(&state, secret, sizeof(secret));
	credential_write_opaque(false, ret_id, secret, ret_token);
}
