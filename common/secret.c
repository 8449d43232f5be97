/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "common/secret.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

void secret_wipe(void *data, size_t size)
{
	if (size > 0)
		explicit_bzero(data, size);
}

bool secret_equal(const void *a, const void *b, size_t size)
{
	const volatile unsigned char *left = a;
	const volatile unsigned char *right = b;
	unsigned char difference = 0;

	for (size_t i = 0; i < size; i++)
		difference |= left[i] ^ right[i];
	return difference == 0;
}

int secret_init(struct secret *secret, const void *data, size_t size)
{
	char *copy;

	if (size == SIZE_MAX)
		return -ENOMEM;
	copy = malloc(size + 1);
	if (!copy)
		return -ENOMEM;
	if (size > 0)
		memcpy(copy, data, size);
	copy[size] = '\0';
	secret->data = copy;
	secret->size = size;
	return 0;
}

void secret_done(struct secret *secret)
{
	if (!secret || !secret->data)
		return;
	secret_wipe(secret->data, secret->size);
	free(secret->data);
	secret->data = NULL;
	secret->size = 0;
}
