/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * GET /v1/auth?permission=QUERY&service=NAME: whether the credential of this request lets it through, for reverse
 * proxies. What it must permit, and for which service, stand in the target, which the proxy's configuration writes;
 * headers come from the client and decide nothing. Nor does the method, which some proxies take from the client, or a
 * body. Where a proxy puts its client's target behind its own, a parameter that is there twice is refused, one that
 * nobody knows is passed over, and a tenant narrows.
 */
#ifndef APIKEYD_GATEWAY_AUTH_H
#define APIKEYD_GATEWAY_AUTH_H

struct exchange;
struct gateway;
struct route_parameters;

void auth_handle(struct exchange *exchange, struct gateway *gateway, const struct route_parameters *parameters);

#endif
