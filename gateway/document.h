/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* GET /openapi.json: what the API can be asked, for programs (OpenAPI 3.1). It is a part of this program. */
#ifndef APIKEYD_GATEWAY_DOCUMENT_H
#define APIKEYD_GATEWAY_DOCUMENT_H

struct exchange;
struct gateway;
struct route_parameters;

void document_handle(struct exchange *exchange, struct gateway *gateway, const struct route_parameters *parameters);

/* The text, made of gateway/openapi.json by the build. */
extern const char document_text[];

#endif
