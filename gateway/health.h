/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* GET /healthz: 200 where requests can be judged, 503 where they cannot. Who asks needs no credential, and learns no
 * more than that. */
#ifndef APIKEYD_GATEWAY_HEALTH_H
#define APIKEYD_GATEWAY_HEALTH_H

struct exchange;
struct gateway;
struct route_parameters;

void health_handle(struct exchange *exchange, struct gateway *gateway, const struct route_parameters *parameters);

#endif
