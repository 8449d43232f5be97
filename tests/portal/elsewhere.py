# SPDX-License-Identifier: Apache-2.0 OR MIT
"""A page on another host, which asks the gateway with a key: what a real browser lets it read."""
import http.server
import json
import threading


class Shop(http.server.BaseHTTPRequestHandler):
    """Somebody else's page. To the browser the port makes another host."""

    def do_GET(self):  # noqa: N802
        body = b"<!DOCTYPE html><title>Shop</title><link rel=icon href=data:,>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


ASK = """(async (url, options) => {
    try {
        const answer = await fetch(url, options);
        return [answer.status, answer.headers.get("x-correlation-id"), await answer.text()];
    } catch (fault) {
        return [0, null, String(fault)];
    }
})(%s, %s)"""


def read(page, base, theirs, other):
    """What is wrong, a list. base: where the gateway is; theirs: a key for pages; other: one that is not."""
    shop = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=shop.serve_forever, daemon=True).start()
    page.base = "http://127.0.0.1:%d" % shop.server_port

    def ask(path, key=None, **options):
        headers = {"Authorization": "Bearer " + key, "X-Correlation-ID": "page-1"} if key else {}
        return page.evaluate(ASK % (json.dumps(base + path), json.dumps({"headers": headers, **options})))

    faults = []
    try:
        page.go("/")
        status, correlation, text = ask("/v1/identity/me", theirs)
        if (status, correlation) != (200, "page-1") or "accounts" not in text:
            faults.append("its key: %s %s" % (status, text))
        # What a browser asks about first.
        status, _, text = ask("/v1/api-tokens/nobody", theirs, method="DELETE")
        if status != 404 or "KEY_NOT_FOUND" not in text:
            faults.append("after a preflight: %s %s" % (status, text))
        for path, key, options in (("/v1/identity/me", other, {}), ("/v1/identity/me", None, {}),
                                   ("/v1/identity/me", theirs, {"credentials": "include"}),
                                   ("/v1/identity/me", "ak_short", {}), ("/healthz", None, {}), ("/metrics", None, {}),
                                   ("/portal/sign-in", None, {}), ("/v1/auth?service=nginx&permission=a", theirs, {})):
            status, _, text = ask(path, key, **options)
            if status != 0:
                faults.append("it reads of %s %s: %s %s" % (path, options, status, text))
    finally:
        shop.shutdown()
        shop.server_close()
    return faults
