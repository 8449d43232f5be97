/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What handlers of requests find: the gateway's parts. */
#ifndef APIKEYD_GATEWAY_GATEWAY_H
#define APIKEYD_GATEWAY_GATEWAY_H

#include "gateway/settings.h"
#include "gateway/source.h"

struct calls;
struct upstream;

struct gateway {
	struct calls *calls;
	struct upstream *upstream;
	struct source_proxies proxies;
	struct source_proxies metrics_readers; /* who is told metrics: networks, and "local" */
	struct gateway_settings settings;
};

#endif
