/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The style sheet, the script and the icon of the portal: parts of the program, made texts by the build. */
#include <string.h>

#include "common/cleanup.h"
#include "gateway/exchange.h"
#include "gateway/portal_page.h"
#include "gateway/portal_texts.h"

static const char icon[] = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 16 16\"><g fill=\"none\" "
			   "stroke=\"#3567c7\" stroke-width=\"2\"><circle cx=\"5\" cy=\"8\" r=\"3\"/>"
			   "<path d=\"M8 8h7v3M12 8v2\"/></g></svg>\n";

bool portal_files_answer(struct exchange *exchange)
{
	static const struct {
		const char *path, *type, *text;
	} files[] = {
		{ "/portal/portal.css", "text/css; charset=utf-8", portal_style },
		{ "/portal/portal.js", "text/javascript; charset=utf-8", portal_script },
		{ "/portal/icon.svg", "image/svg+xml", icon },
	};
	const struct exchange_field fields[] = {
		{ "Content-Security-Policy", "default-src 'none'" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
	};

	if (strcmp(exchange->method, MHD_HTTP_METHOD_GET) != 0 && strcmp(exchange->method, MHD_HTTP_METHOD_HEAD) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (strcmp(files[i].path, exchange->path) == 0) {
			exchange_answer_text(exchange, 200, files[i].type, strdup(files[i].text), fields,
					     ARRAY_SIZE(fields));
			return true;
		}
	}
	return false;
}
