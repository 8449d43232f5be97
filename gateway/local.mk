# SPDX-License-Identifier: Apache-2.0 OR MIT
# All of the gateway but main.c is a library, so that tests and fuzz targets link the same objects.
noinst_LTLIBRARIES += gateway/libgateway.la
AM_CPPFLAGS += -DGATEWAY_SETTINGS_FILE='"$(sysconfdir)/apikeyd/gateway.conf"'
gateway_libgateway_la_CFLAGS = $(AM_CFLAGS) -pthread $(SYSTEMD_CFLAGS) $(JANSSON_CFLAGS) $(MICROHTTPD_CFLAGS)
gateway_libgateway_la_LIBADD = lib/libapikey.la proto/libproto.la common/libsettings.la common/libserver.la common/libcommon.la \
	$(SYSTEMD_LIBS) $(JANSSON_LIBS) $(MICROHTTPD_LIBS) -lpthread
gateway_libgateway_la_SOURCES = \
	gateway/acting.c gateway/acting.h \
	gateway/api.c gateway/api.h \
	gateway/api_body.c gateway/api_body.h \
	gateway/api_identity.c \
	gateway/api_key_view.c gateway/api_key_view.h \
	gateway/api_keys.c \
	gateway/api_operations.c \
	gateway/api_request.c \
	gateway/api_tenants.c \
	gateway/api_verify.c \
	gateway/auth.c gateway/auth.h \
	gateway/authorization.c gateway/authorization.h \
	gateway/bridge.c gateway/bridge.h \
	gateway/calls.c gateway/calls.h \
	gateway/certificate.c gateway/certificate.h \
	gateway/document.c gateway/document.h \
	gateway/exchange.c gateway/exchange.h \
	gateway/exposition.c gateway/exposition.h \
	gateway/gateway.h \
	gateway/health.c gateway/health.h \
	gateway/metrics.c gateway/metrics.h \
	gateway/oauth.c gateway/oauth.h \
	gateway/page.c gateway/page.h \
	gateway/html.c gateway/html.h \
	gateway/json.c gateway/json.h \
	gateway/listeners.c gateway/listeners.h \
	gateway/portal.c gateway/portal.h \
	gateway/portal_accounts.c \
	gateway/portal_activity.c \
	gateway/portal_alarms.c \
	gateway/portal_chart.c gateway/portal_chart.h \
	gateway/portal_files.c \
	gateway/portal_guard.c gateway/portal_guard.h \
	gateway/portal_key.c \
	gateway/portal_key_change.c \
	gateway/portal_key_new.c \
	gateway/portal_keys.c \
	gateway/portal_page.c gateway/portal_page.h \
	gateway/portal_records.c gateway/portal_records.h \
	gateway/portal_roles.c \
	gateway/portal_routes.c gateway/portal_routes.h \
	gateway/portal_sessions.c \
	gateway/portal_signin.c \
	gateway/portal_texts.h \
	gateway/portal_words.c gateway/portal_words.h \
	gateway/problem.c gateway/problem.h \
	gateway/routes.c gateway/routes.h \
	gateway/sentence.c gateway/sentence.h \
	gateway/server.c gateway/server.h \
	gateway/settings.c gateway/settings.h \
	gateway/source.c gateway/source.h \
	gateway/strict.c gateway/strict.h \
	gateway/upstream.c gateway/upstream.h \
	gateway/urlencoded.c gateway/urlencoded.h

# The tokens of forms.
gateway_libgateway_la_LIBADD += crypto/libcrypto-layer.la crypto/libtls-layer.la

# The portal's files, as texts of the program.
nodist_gateway_libgateway_la_SOURCES = gateway/portal_texts.c
CLEANFILES += gateway/portal_texts.c
EXTRA_DIST += gateway/portal.css gateway/portal.js gateway/text-to-literal.sed
gateway/portal_texts.c: gateway/portal.css gateway/portal.js gateway/text-to-literal.sed
	$(AM_V_GEN)$(MKDIR_P) gateway && literal="sed -f $(srcdir)/gateway/text-to-literal.sed" && { \
		echo '#include "gateway/portal_texts.h"' && \
		echo 'const char portal_style[] =' && $$literal $(srcdir)/gateway/portal.css && echo ';' && \
		echo 'const char portal_script[] =' && $$literal $(srcdir)/gateway/portal.js && echo ';'; } >$@.new && mv $@.new $@

# The document of the API, in the same way.
nodist_gateway_libgateway_la_SOURCES += gateway/document_text.c
CLEANFILES += gateway/document_text.c
EXTRA_DIST += gateway/openapi.json
gateway/document_text.c: gateway/openapi.json gateway/text-to-literal.sed
	$(AM_V_GEN)$(MKDIR_P) gateway && literal="sed -f $(srcdir)/gateway/text-to-literal.sed" && { \
		echo '#include "gateway/document.h"' && \
		echo 'const char document_text[] =' && $$literal $(srcdir)/gateway/openapi.json && echo ';'; } >$@.new && mv $@.new $@

sbin_PROGRAMS += gateway/apikey-gateway
gateway_apikey_gateway_SOURCES = gateway/main.c
gateway_apikey_gateway_CFLAGS = $(gateway_libgateway_la_CFLAGS) $(PIE_CFLAGS)
gateway_apikey_gateway_LDFLAGS = $(AM_LDFLAGS) $(PIE_LDFLAGS)
gateway_apikey_gateway_LDADD = gateway/libgateway.la
dist_man_MANS += gateway/apikey-gateway.8 gateway/apikey-gateway.conf.5
