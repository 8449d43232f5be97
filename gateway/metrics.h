/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * GET /metrics: what apikeyd and this gateway count and measure, for Prometheus. It carries no credential, so who may
 * read follows from where they are: this host, unless the configuration says more. Nothing in it tells of a key, a user
 * or a secret. Where apikeyd does not answer, that is said by a number, too.
 */
#ifndef APIKEYD_GATEWAY_METRICS_H
#define APIKEYD_GATEWAY_METRICS_H

struct exchange;
struct gateway;
struct route_parameters;

void metrics_handle(struct exchange *exchange, struct gateway *gateway, const struct route_parameters *parameters);

#endif
