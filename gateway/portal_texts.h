/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Files of the portal as texts: the build makes gateway/portal_texts.c of them. */
#ifndef APIKEYD_GATEWAY_PORTAL_TEXTS_H
#define APIKEYD_GATEWAY_PORTAL_TEXTS_H

extern const char portal_style[];  /* gateway/portal.css */
extern const char portal_script[]; /* gateway/portal.js */

#endif
