/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The certificate and the private key that the settings name, out of their files. A key that others can read, or put
 * another in the place of, is refused.
 */
#ifndef APIKEYD_GATEWAY_CERTIFICATE_H
#define APIKEYD_GATEWAY_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls_identity;

/* Whether such a value of the settings names a credential that systemd hands over, and is no path. */
bool certificate_is_credential(const char *name);

/* 0, or a negative errno and ret_fault, which says how to mend it. */
int certificate_load(const char *certificate, const char *key, struct tls_identity **ret_identity, char *ret_fault,
		     size_t fault_size);

/* How long it is good, in one sentence. True: clients will refuse it. */
bool certificate_tell(const struct tls_identity *identity, const char *certificate, int64_t now, char *ret_text,
		      size_t text_size);

#endif
