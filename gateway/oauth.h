/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * POST /v1/introspect (RFC 7662): whether a token that a service was shown is good. POST /v1/revoke (RFC 7009): ends
 * an access token. Both take a form with "token", and act with the credential of the request itself.
 */
#ifndef APIKEYD_GATEWAY_OAUTH_H
#define APIKEYD_GATEWAY_OAUTH_H

struct exchange;
struct gateway;
struct route_parameters;

/* Refuses what its headers are wrong for already, before its body comes. */
void oauth_preview(struct exchange *exchange);

void oauth_introspect(struct exchange *exchange, struct gateway *gateway, const struct route_parameters *parameters);
void oauth_revoke(struct exchange *exchange, struct gateway *gateway, const struct route_parameters *parameters);

#endif
