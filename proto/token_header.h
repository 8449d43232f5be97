/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the record says of a JSON Web Token that has another header than access tokens have. It was refused before: this
 * decides nothing, and hands nothing on, so that whoever wrote the header still chooses no algorithm. Pure.
 */
#ifndef APIKEYD_PROTO_TOKEN_HEADER_H
#define APIKEYD_PROTO_TOKEN_HEADER_H

#include <stddef.h>

/* One sentence for a person, static; "" for a text that does not look like a JSON Web Token, or has the one header. */
const char *token_header_sentence(const char *text, size_t size);

#endif
