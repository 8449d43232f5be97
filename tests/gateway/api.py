# SPDX-License-Identifier: Apache-2.0 OR MIT
"""
Drives each operation of the OpenAPI document and holds each answer against it; then each error code has been seen, but
for those that only a defect brings.

    api.py SOCKET DOCUMENT KEYS all|query|away
"""
import base64
import json
import sys
import time
import traceback

import client
import schema

socket_path, document_path, keys_path, part = sys.argv[1:]
with open(document_path, "rb") as file:
    document_bytes = file.read()
document = json.loads(document_bytes)
with open(keys_path, encoding="utf-8") as file:
    keys = json.load(file)

NONE = ""
# What a daemon brings that is not the one the gateway was made for: tests/gateway/other-daemon sees it.
UNSEEN = {"INTERNAL_ERROR"}
operations_seen = set()
codes_seen = set()
failures = sources = 0


def fail(sentence):
    global failures
    failures += 1
    print("FAIL:", sentence)
    print("  at", " < ".join(f"{f.name}:{f.lineno}" for f in reversed(traceback.extract_stack()[:-1]))[:200])


def same(what, value, wanted):
    if value != wanted:
        fail(f"{what} is {value!r}, not {wanted!r}")


def another_source():
    """An address that nothing has been refused for."""
    global sources
    sources += 1
    return f"198.51.{sources // 250}.{sources % 250}"


def operation_at(method, target):
    """The operation of the document, or None."""
    path = target.split("?")[0].split("/")
    for pattern, item in document["paths"].items():
        parts = pattern.split("/")
        if len(parts) == len(path) and all(p == q or p.startswith("{") for p, q in zip(parts, path)):
            return item.get(method.lower())
    return None


def check(method, target, answer):
    """Holds an answer against the document."""
    operation = operation_at(method, target)
    for name, value in (("cache-control", "no-store"), ("x-content-type-options", "nosniff")):
        same(f"{name} of {method} {target}", answer.headers.get(name), value)
    if answer.status == 401:
        same("the challenge", answer.headers["www-authenticate"].startswith('Bearer realm="apikeyd"'), True)
    if not operation:
        same(f"the status of {method} {target}, which is not described", answer.status in (404, 405), True)
        return
    described = operation["responses"].get(str(answer.status))
    if not described:
        fail(f"{method} {target} gives {answer.status}, which is not described: {answer.bytes!r}")
        return
    described = schema.resolve(document, described)
    if answer.status < 400:
        operations_seen.add(operation["operationId"])
    if "content" not in described:
        same(f"the body of {method} {target}", answer.bytes, b"")
        return
    if answer.type not in described["content"]:
        fail(f"{method} {target} gives {answer.type!r}, which is not described")
        return
    if answer.json is not None:
        for fault in schema.faults(document, described["content"][answer.type]["schema"], answer.json):
            fail(f"{method} {target} gives {answer.status}: {fault}")


def ask(method, target, headers=None, body=None):
    headers = {"X-Forwarded-For": another_source(), **(headers or {})}
    answer = client.send(socket_path, method, target, {k: v for k, v in headers.items() if v is not None}, body)
    check(method, target, answer)
    return answer


def wants(answer, status, code=""):
    """The answer, which is that."""
    if (answer.status, answer.code) != (status, code):
        fail(f"the answer is {answer.status} {answer.bytes!r}, not {status} {code}")
    codes_seen.add(answer.code)
    return answer


def bearer(name_or_token, **more):
    token = keys[name_or_token]["secret"] if name_or_token in keys else name_or_token
    return {"Authorization": f"Bearer {token}", **{k.replace("_", "-"): v for k, v in more.items()}}


def hmac_header(body=b"", **more):
    return client.sign(keys["admin"]["id"], keys["admin"]["private_key"], body, **more)


def access_token(key):
    """A new access token, of a pair or an opaque key."""
    if key.get("privateKey"):
        header = client.sign(key["publicKey"], key["privateKey"])
        answer = wants(ask("POST", "/v1/identity/hmac", {"Authorization": header}), 201)
    else:
        answer = wants(ask("POST", "/v1/identity/token", {"Authorization": f"apiToken {key['token']}"}), 201)
    same("whether it has its time", answer.json["expires"] > time.time(), True)
    return answer.json["accessToken"]


admin_pair = {"publicKey": keys["admin"]["id"], "privateKey": keys["admin"]["private_key"]}


def reach(name="opaque"):
    return wants(ask("GET", "/v1/identity/me", bearer(name)), 200).json["accounts"][0]


# ---- the way of a client ----


def test_from_a_pair_to_a_tenants_key():
    """HMAC token, access token, tenant, its key, that key's access token, who am I. Each access token is good once."""

    def fresh():
        return {"Authorization": f"Bearer {access_token(admin_pair)}", "x-account-id": account}

    account = wants(
        ask("GET", "/v1/identity/me", {"Authorization": f"Bearer {access_token(admin_pair)}"}), 200
    ).json["accounts"][0]
    same("the account's name", account["name"], "shop")
    account = account["accountId"]
    tenant = wants(ask("POST", "/v1/account/tenants", fresh(), {"name": "Shop One"}), 201).json
    same("its account", (tenant["accountId"], tenant["name"]), (account, "Shop One"))
    tenant_id = tenant["tenantId"]
    body = {"name": "Admin Key", "roles": ["tenant-admin"]}
    path = f"/v1/tenant/{tenant_id}/keys"
    key = wants(ask("POST", path, {**fresh(), "x-tenant-id": tenant_id}, body), 201).json
    same("what it is", (key["name"], key["roles"], key["tenantId"], key["accountId"], key["kind"]),
         ("Admin Key", ["tenant-admin"], tenant_id, account, "pair"))
    same("bytes of the private key", len(base64.b64decode(key["privateKey"], validate=True)), 32)
    token = access_token(key)
    me = wants(ask("GET", "/v1/identity/me", {"Authorization": f"Bearer {token}"}), 200).json
    same("what it reaches", me, {"accounts": [{"accountId": account, "name": "shop", "tenants": [
        {"tenantId": tenant_id, "name": "Shop One", "roles": ["tenant-admin"]}]}]})
    wants(ask("GET", "/v1/identity/me", {"Authorization": f"Bearer {token}"}), 401, "ACCESS_TOKEN_ALREADY_USED")
    # The key of a tenant reaches its own keys, and nothing of the account.
    scope = {"x-account-id": account, "x-tenant-id": tenant_id}
    listed = wants(ask("GET", path, {"Authorization": f"Bearer {access_token(key)}", **scope}), 200).json["keys"]
    same("its keys", [k["id"] for k in listed], [key["id"]])
    wants(ask("POST", "/v1/account/tenants", {"Authorization": f"Bearer {access_token(key)}", **scope},
              {"name": "Two"}), 403, "ACCESS_DENIED")
    other = {"Authorization": f"Bearer {access_token(key)}", "x-account-id": account,
             "x-tenant-id": keys["quick_tenant"]["id"]}
    wants(ask("GET", f"/v1/tenant/{keys['quick_tenant']['id']}/keys", other), 403, "ACCESS_DENIED")
    # What was refused for its headers has not been used up.
    token = access_token(key)
    for headers, status, code in (
        ({}, 400, "ACCOUNT_ID_IS_REQUIRED"),
        ({"x-account-id": account}, 400, "TENANT_ID_IS_REQUIRED"),
        ({"x-account-id": "default", "x-tenant-id": tenant_id}, 403, "ACCESS_DENIED"),
        ({"x-account-id": account, "x-tenant-id": "default"}, 403, "ACCESS_DENIED"),
    ):
        wants(ask("GET", path, {"Authorization": f"Bearer {token}", **headers}), status, code)
    wants(ask("GET", path, {"Authorization": f"Bearer {token}", **scope}), 200)


# ---- operations ----


def test_identity():
    same("what an account reaches", {t["name"] for t in reach()["tenants"]} >= {"quick"}, True)
    mine = wants(ask("GET", "/v1/identity/me", bearer("mine")), 200).json["accounts"]
    same("what a tenant's key reaches", [t["tenantId"] for t in mine[0]["tenants"]], ["default"])
    for header in (f"apiToken {keys['mine']['secret']}", f"Bearer {keys['mine']['secret']}",
                   "Basic " + base64.b64encode(f":{keys['mine']['secret']}".encode()).decode()):
        token = wants(ask("POST", "/v1/identity/token", {"Authorization": header}), 201).json["accessToken"]
        wants(ask("GET", "/v1/identity/me", bearer(token)), 200)
    # One access token does not give the next.
    token = wants(ask("POST", "/v1/identity/token", bearer("mine")), 201).json["accessToken"]
    wants(ask("POST", "/v1/identity/token", bearer(token)), 401, "ACCESS_TOKEN_INVALID")
    wants(ask("POST", "/v1/identity/hmac", bearer("mine")), 401, "HMAC_INVALID")
    answer = ask("GET", "/v1/identity/me", {**bearer("mine"), "X-Correlation-ID": "abc-1"})
    same("the correlation id", wants(answer, 200).headers.get("x-correlation-id"), "abc-1")


def test_a_body_is_signed():
    account = reach()["accountId"]
    body = client.encode({"name": "Signed"})
    headers = {"x-account-id": account, "Content-Type": "application/json"}
    for signed in (b"", client.encode({"name": "Another"})):
        answer = ask("POST", "/v1/account/tenants", {**headers, "Authorization": hmac_header(signed)}, body)
        wants(answer, 401, "HMAC_INVALID")
    wants(ask("POST", "/v1/account/tenants", {**headers, "Authorization": hmac_header(body)}, body), 201)
    # Wherever it stands.
    bare = hmac_header(b"").split(" ", 1)[1]
    for place in ({"Authorization": f"Bearer {bare}"}, {"Authorization": f"apiToken {bare}"}, {"X-API-KEY": bare},
                  {"Authorization": "Basic " + base64.b64encode(f":{bare}".encode()).decode()}):
        wants(ask("POST", "/v1/account/tenants", {**headers, **place}, body), 401, "HMAC_INVALID")
    for signed, status in ((b"", 401), (b"{ }", 401), (b"{}", 201)):
        answer = ask("POST", "/v1/identity/hmac", {**headers, "Authorization": hmac_header(signed)}, b"{}")
        wants(answer, status, "" if status == 201 else "HMAC_INVALID")


def test_tenants():
    account = reach()["accountId"]
    headers = bearer("opaque", x_account_id=account)
    made = [wants(ask("POST", "/v1/account/tenants", headers, {"name": f"Tenant {i}"}), 201).json for i in range(3)]
    seen, cursor = [], ""
    for _ in range(50):
        page = wants(ask("GET", f"/v1/account/tenants?limit=2{cursor}", headers), 200).json
        same("how many", len(page["tenants"]) <= 2, True)
        seen += page["tenants"]
        if "cursor" not in page:
            break
        cursor = "&cursor=" + client.quote(page["cursor"])
    same("all of them", [t for t in seen if t in made], made)
    same("how often", len(seen), len({t["tenantId"] for t in seen}))
    one = f"/v1/account/tenants/{made[0]['tenantId']}"
    same("the tenant", wants(ask("GET", one, headers), 200).json, made[0])
    wants(ask("GET", f"/v1/account/tenants/{client.quote('Tenant 0')}", headers), 404, "NOT_FOUND")
    wants(ask("GET", "/v1/account/tenants/quick", headers), 404, "NOT_FOUND")
    for name in ("Tenant 0", "a/b", "", "*", "x" * 129, 7, None, "default", "a\tb"):
        wants(ask("POST", "/v1/account/tenants", headers, {"name": name}), 400, "NAME_INVALID")
    wants(ask("POST", "/v1/account/tenants", headers, {}), 400, "NAME_INVALID")
    wants(ask("GET", one, bearer("foreign", x_account_id=account)), 403, "ACCESS_DENIED")
    # A tenant stays while it has keys, unless they are to go with it.
    scope = {**headers, "x-tenant-id": made[0]["tenantId"]}
    key = wants(ask("POST", f"/v1/tenant/{made[0]['tenantId']}/keys", scope, {"kind": "opaque"}), 201).json
    said = wants(ask("DELETE", one, headers), 409, "CONFLICT").json["errors"][0]["message"]
    same("how it is said", said, "The tenant 'Tenant 0' still has keys (1), so it stays; ?withKeys=true deletes them with it.")
    wants(ask("DELETE", f"{one}?withKeys=perhaps", headers), 400, "INVALID_REQUEST")
    wants(ask("DELETE", f"{one}?withKeys=true", headers), 204)
    wants(ask("GET", one, headers), 404, "NOT_FOUND")
    wants(ask("GET", "/v1/identity/me", bearer(key["token"])), 401, "ACCESS_TOKEN_INVALID")


def walk_keys(path, headers, wanted, list_name, credential_of):
    """What can be done with keys, wherever they are. credential_of: a key's own Authorization."""
    made = wants(ask("POST", path, headers, wanted), 201).json
    shown = {k: v for k, v in made.items() if k not in ("privateKey", "token")}
    one = f"{path}/{made['id']}"
    same("the key", wants(ask("GET", one, headers), 200).json, shown)
    for _ in range(2):
        listed = wants(ask("GET", f"{path}?limit=100", headers), 200).json[list_name]
        same("how often it is listed", [k["id"] for k in listed].count(made["id"]), 1)
    said = wants(ask("POST", path, headers, wanted), 400, "NAME_INVALID").json["errors"][0]["message"]
    # A user's name begins the sentence, and stays as it is.
    same("how it is said", said, f"'{made['owner']}' has a key named '{made['name']}' already; choose another name.")
    changed = wants(ask("PUT", one, headers, {"name": "changed", "expires": None}), 200).json
    same("what has changed", (changed["name"], changed["expires"]), ("changed", None))
    same("what has not", {k: changed[k] for k in ("roles", "permissions", "id", "created")},
         {k: made[k] for k in ("roles", "permissions", "id", "created")})
    wants(ask("PUT", one, headers, {}), 400, "INVALID_REQUEST")
    wants(ask("PUT", one, headers, {"name": "a/b"}), 400, "NAME_INVALID")
    wants(ask("PUT", one, headers, {"expires": 0}), 400, "INVALID_REQUEST")
    wants(ask("PUT", one, headers, {"roles": ["nothing"]}), 400, "ROLES_INVALID")
    # It is off when the answer comes, and on again.
    wants(ask("GET", "/v1/identity/me", credential_of(made)), 200)
    wants(ask("POST", f"{one}/deactivate", headers), 204)
    same("who is off", ask("GET", "/v1/identity/me", credential_of(made)).status, 401)
    same("its state", wants(ask("GET", one, headers), 200).json["state"], "inactive")
    wants(ask("POST", f"{one}/activate", headers), 204)
    wants(ask("GET", "/v1/identity/me", credential_of(made)), 200)
    rotated = wants(ask("POST", f"{one}/rotate", headers, {"overlap": 3600}), 200).json
    same("its secrets", [s["retires"] is None for s in rotated["secrets"]], [False, True])
    for key in (made, rotated):
        wants(ask("GET", "/v1/identity/me", credential_of(key)), 200)
    last = rotated
    for at_once in ({"now": True}, {"overlap": 0}):
        before, last = last, wants(ask("POST", f"{one}/rotate", headers, at_once), 200).json
        wants(ask("GET", "/v1/identity/me", credential_of(last)), 200)
        same("who is retired", ask("GET", "/v1/identity/me", credential_of(before)).status, 401)
    wants(ask("DELETE", one, headers), 204)
    same("who is gone", ask("GET", "/v1/identity/me", credential_of(last)).status, 401)
    for method, target in (("GET", one), ("DELETE", one), ("POST", f"{one}/rotate"), ("POST", f"{one}/activate"),
                           ("POST", f"{one}/deactivate")):
        wants(ask(method, target, headers), 404, "KEY_NOT_FOUND")
    wants(ask("PUT", one, headers, {"name": "x"}), 404, "KEY_NOT_FOUND")
    for name in ("nobody", "a" * 127, "a" * 200, client.quote("alice")):
        wants(ask("GET", f"{path}/{name}", headers), 404, "KEY_NOT_FOUND")


def by_pair(key):
    return {"Authorization": client.sign(key["publicKey"], key["privateKey"])}


def by_token(key):
    return {"Authorization": f"Bearer {key['token']}"}


def test_account_keys():
    headers = bearer("opaque", x_account_id=reach()["accountId"])
    walk_keys("/v1/account/keys", headers, {"name": "walker", "roles": ["account-tenant-read"], "permissions": ["app.a"]},
              "keys", by_pair)


def test_tenant_keys():
    account = reach()["accountId"]
    headers = bearer("opaque", x_account_id=account)
    tenant = wants(ask("POST", "/v1/account/tenants", headers, {"name": "keys"}), 201).json["tenantId"]
    headers["x-tenant-id"] = tenant
    path = f"/v1/tenant/{tenant}/keys"
    walk_keys(path, headers, {"name": "walker", "roles": ["tenant-admin"]}, "keys", by_pair)
    walk_keys(path, headers, {"name": "walker", "kind": "opaque", "permissions": ["app.b"], "roles": [],
                              "sources": ["198.51.0.0/16"], "notBefore": 1, "expires": int(time.time()) + 3600},
              "keys", by_token)
    # What lies elsewhere does not exist here, for who reaches both.
    key = wants(ask("POST", path, headers, {"name": "elsewhere"}), 201).json["id"]
    for other in ("/v1/account/keys", f"/v1/tenant/{keys['quick_tenant']['id']}/keys", "/v1/api-tokens"):
        scope = {**headers, "x-tenant-id": keys["quick_tenant"]["id"]}
        wants(ask("GET", f"{other}/{key}", scope), 404, "KEY_NOT_FOUND")
        wants(ask("DELETE", f"{other}/{key}", scope), 404, "KEY_NOT_FOUND")
    wants(ask("GET", f"{path}/{key}", headers), 200)
    # Roles of an account are for its own keys.
    for roles in (["account-admin"], ["nothing"], ["tenant-admin", "a b"], "tenant-admin", [1], [""]):
        wants(ask("POST", path, headers, {"name": "roles", "roles": roles}), 400, "ROLES_INVALID")
    # Nobody gives what they do not hold.
    wants(ask("POST", path, headers, {"name": "more", "permissions": ["else.where"]}), 403, "ACCESS_DENIED")
    wants(ask("POST", path, headers, {"name": "kind", "kind": "triple"}), 400, "INVALID_REQUEST")
    for expires in (0, 1):
        wants(ask("POST", path, headers, {"name": "time", "expires": expires}), 400, "INVALID_REQUEST")


def test_pages_of_keys():
    account = reach()["accountId"]
    headers = bearer("opaque", x_account_id=account)
    path = "/v1/account/keys"
    made = {wants(ask("POST", path, headers, {"name": f"page {i}", "kind": "opaque"}), 201).json["id"] for i in range(5)}
    seen, cursor = [], ""
    for _ in range(100):
        page = wants(ask("GET", f"{path}?limit=2{cursor}", headers), 200).json
        same("how many", len(page["keys"]) <= 2, True)
        same("whose they are", {k.get("tenantId") for k in page["keys"]} <= {None}, True)
        seen += [k["id"] for k in page["keys"]]
        if "cursor" not in page:
            break
        cursor = "&cursor=" + client.quote(page["cursor"])
    same("all of them", made - set(seen), set())
    same("how often", len(seen), len(set(seen)))
    same("nobody's", wants(ask("GET", f"{path}?owner=nobody-here", headers), 200).json["keys"], [])
    for query in ("limit=0", "limit=101", "limit=x", "limit=", "limit=-1", "cursor=", "owner=", "unknown=1",
                  "limit=1&limit=2", "cursor=none-of-ours"):
        wants(ask("GET", f"{path}?{query}", headers), 400, "INVALID_REQUEST")


def test_api_tokens():
    headers = bearer("mine")
    path = "/v1/api-tokens"
    walk_keys(path, headers, {"name": "phone", "permissions": ["mail.imap"]}, "apiTokens", by_token)
    # Without a name it gets one; a pair is none.
    key = wants(ask("POST", path, headers, {"permissions": ["mail.smtp"]}), 201).json
    same("its name", key["name"].startswith("key-"), True)
    wants(ask("POST", path, headers, {"kind": "pair"}), 400, "INVALID_REQUEST")
    listed = wants(ask("GET", path, bearer("reader")), 200).json["apiTokens"]
    same("whether it is listed", key["id"] in [k["id"] for k in listed], True)
    wants(ask("DELETE", f"{path}/{key['id']}", bearer("reader")), 403, "ACCESS_DENIED")
    for name in ("plain", "service"):
        wants(ask("GET", path, bearer(name)), 403, "ACCESS_DENIED")
        wants(ask("POST", path, bearer(name), {"name": "x"}), 403, "ACCESS_DENIED")
    wants(ask("DELETE", f"{path}/{key['id']}", headers), 204)


def test_a_key_is_made_once():
    headers = {**bearer("mine"), "Idempotency-Key": "7f1c-1"}
    path = "/v1/api-tokens"
    body = {"permissions": ["mail.imap"]}
    first = wants(ask("POST", path, headers, body), 201)
    again = wants(ask("POST", path, headers, body), 201)
    same("whether it is a repetition", [a.headers.get("idempotency-replayed") for a in (first, again)], [None, "true"])
    same("its id", again.json["id"], first.json["id"])
    wants(ask("GET", "/v1/identity/me", by_token(first.json)), 401, "ACCESS_TOKEN_INVALID")
    wants(ask("GET", "/v1/identity/me", by_token(again.json)), 200)
    # Its secret is in use, and there is no other to be had.
    third = wants(ask("POST", path, headers, body), 201).json
    same("the third time", (third["id"], "token" in third), (first.json["id"], False))
    wants(ask("POST", path, headers, {"permissions": ["mail.smtp"]}), 409, "CONFLICT")
    for text in ("a b", "x" * 129):
        wants(ask("POST", path, {**bearer("mine"), "Idempotency-Key": text}, body), 400, "INVALID_REQUEST")


def test_verify():
    question = {"credential": keys["plain"]["secret"], "permission": "mail.imap", "service": "web"}
    verdict = wants(ask("POST", "/v1/verify", bearer("service"), question), 200).json
    same("the verdict", (verdict["verdict"], verdict["keyId"], verdict["permissions"]),
         ("granted", keys["plain"]["id"], ["mail.imap"]))
    for change, wanted in (
        ({"permission": "mail.smtp"}, "forbidden"),
        ({"credential": keys["plain"]["secret"][:-1] + "_"}, "denied"),
        ({"credential": keys["off"]["secret"], "permission": "apikeyd.keys.read"}, "denied"),
        ({"service": "sshd"}, "denied"),
        ({"tenant": "nowhere"}, "denied"),
        ({"credential": keys["foreign"]["secret"], "permission": "apikeyd.keys.read"}, "denied"),
        ({"user": "nobody-here"}, "denied"),
    ):
        # Each from another address, which is for the service to say.
        asked = {**question, **change, "source": another_source()}
        verdict = wants(ask("POST", "/v1/verify", bearer("service"), asked), 200).json
        # Why is for the audit: it would tell of any key whether there is one.
        same(f"the verdict on {change}", verdict, {"verdict": wanted})
    wants(ask("POST", "/v1/verify", bearer("mine"), question), 403, "ACCESS_DENIED")
    for missing in question:
        wants(ask("POST", "/v1/verify", bearer("service"), {k: v for k, v in question.items() if k != missing}),
              400, "INVALID_REQUEST")
    # What is good once is used up.
    token = wants(ask("POST", "/v1/identity/token", bearer("plain")), 201).json["accessToken"]
    verdicts = [wants(ask("POST", "/v1/verify", bearer("service"), {**question, "credential": token}), 200)
                .json["verdict"] for _ in range(2)]
    same("the verdicts on an access token", verdicts, ["granted", "denied"])


def test_the_rest():
    same("health", wants(ask("GET", "/healthz"), 200).bytes, b"ok\n")
    wants(ask("GET", "/metrics", {"X-Forwarded-For": "127.0.0.1"}), 200)
    wants(ask("GET", "/metrics"), 403, "ACCESS_DENIED")
    same("whether the document is this one", wants(ask("GET", "/openapi.json"), 200).bytes == document_bytes, True)
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = wants(ask(method, "/v1/auth?permission=mail.imap&service=web", bearer("plain")), 200)
        same("whose it is", answer.headers["x-api-key-id"], keys["plain"]["id"])


def form(path, name, body):
    headers = {**(bearer(name) if isinstance(name, str) else name), "Content-Type": "application/x-www-form-urlencoded"}
    return ask("POST", path, headers, body.encode())


def test_introspection():
    asked = f"token={keys['plain']['secret']}"
    told = wants(form("/v1/introspect", "inspector", asked), 200).json
    same("what is told", (told["active"], told["scope"], told["client_id"]), (True, "mail.imap", keys["plain"]["id"]))
    wants(form("/v1/introspect", "plain", asked), 403, "ACCESS_DENIED")
    same("of another account", wants(form("/v1/introspect", "inspector", f"token={keys['foreign']['secret']}"), 200).json,
         {"active": False})
    for body in ("", "token=", "other=1", "token=a&token=b"):
        same("the fault", form("/v1/introspect", "inspector", body).json["error"], "invalid_request")
    token = wants(ask("POST", "/v1/identity/token", bearer("plain")), 201).json["accessToken"]
    same("a token that is good once", wants(form("/v1/introspect", "inspector", f"token={token}"), 200).json,
         {"active": False})
    wants(form("/v1/revoke", "plain", f"token={token}"), 200)
    wants(ask("GET", "/v1/identity/me", bearer(token)), 401, "ACCESS_TOKEN_ALREADY_USED")
    same("a key", form("/v1/revoke", "plain", asked).json["error"], "unsupported_token_type")
    # The form is signed, too.
    for signed, status, code in ((b"", 401, "HMAC_INVALID"), (asked.encode(), 403, "ACCESS_DENIED")):
        wants(form("/v1/introspect", {"Authorization": hmac_header(signed)}, asked), status, code)


# ---- refusals ----


def test_credentials():
    me = "/v1/identity/me"
    wants(ask("GET", me), 401, "AUTHORIZATION_IS_REQUIRED")
    wants(ask("POST", "/v1/identity/hmac"), 401, "AUTHORIZATION_IS_REQUIRED")
    good = keys["mine"]["secret"]
    # Unknown, wrong, off: all look alike.
    said = set()
    for credential in (good[:-1] + ("0" if good[-1] != "0" else "1"), keys["off"]["secret"], "nothing", "ak_x"):
        said.add(wants(ask("GET", me, bearer(credential)), 401, "ACCESS_TOKEN_INVALID").json["errors"][0]["message"])
    same("how many sentences tell of a credential that is not good", len(said), 1)
    wants(ask("GET", me, bearer("near")), 403, "ACCESS_DENIED")
    wants(ask("GET", me, bearer("near", X_Forwarded_For="192.0.2.9")), 200)
    wants(ask("POST", "/v1/identity/token", bearer("near")), 403, "ACCESS_DENIED")
    wants(ask("POST", "/v1/identity/token", bearer("near", X_Forwarded_For="192.0.2.9")), 201)
    # Key pairs.
    pair, private = keys["admin"]["id"], keys["admin"]["private_key"]
    wrong = base64.b64encode(bytes(32)).decode()
    unknown = "00000000-0000-4000-8000-000000000000"
    for target, method in ((me, "GET"), ("/v1/identity/hmac", "POST")):
        def by(header):
            return ask(method, target, {"Authorization": header})
        said = set()
        for header in (client.sign(pair, wrong), client.sign(unknown, private), "Hmac a:b:c:d"):
            said.add(wants(by(header), 401, "HMAC_INVALID").json["errors"][0]["message"])
        same("how many sentences tell of a signature that is not good", len(said), 1)
        wants(by(hmac_header(epoch=str(int(time.time()) - 3600))), 401, "HMAC_EXPIRED")
        once = hmac_header(epoch=f"{int(time.time())}.125")
        same("the first time", by(once).status < 300, True)
        wants(by(once), 401, "HMAC_NONCE_ALREADY_USED")
    # Access tokens.
    token = wants(ask("POST", "/v1/identity/token", bearer("quick")), 201).json
    deadline = time.time() + 30
    while time.time() <= token["expires"] and time.time() < deadline:
        time.sleep(0.05)
    wants(ask("GET", me, bearer(token["accessToken"])), 401, "ACCESS_TOKEN_EXPIRED")
    head, payload, _ = token["accessToken"].split(".")
    wants(ask("GET", me, bearer(f"{head}.{payload}.{'A' * 43}")), 401, "ACCESS_TOKEN_INVALID")
    answer = wants(ask("GET", me, {"Accept": "application/problem+json"}), 401, "AUTHORIZATION_IS_REQUIRED")
    same("the type", answer.type, "application/problem+json")


def test_pages_in_browsers():
    for header in ({"Origin": "https://page.example"}, {"Origin": "null"}, {"Sec-Fetch-Mode": "cors"}):
        wants(ask("GET", "/v1/identity/me", {**bearer("mine"), **header}), 403, "ACCESS_DENIED")
        wants(ask("POST", "/v1/identity/token", {**bearer("mine"), **header}), 403, "ACCESS_DENIED")
        # Whoever has no good key is told no more than elsewhere.
        wants(ask("GET", "/v1/identity/me", {**bearer(keys["mine"]["secret"][:-6] + "000000"), **header}), 401,
              "ACCESS_TOKEN_INVALID")
    wants(ask("GET", "/v1/identity/me", bearer("mine", Sec_Fetch_Mode="navigate")), 200)


def preflight(target, **more):
    headers = {"Origin": "https://page.example", "Access-Control-Request-Method": "PUT",
               "Access-Control-Request-Headers": "authorization", **{k.replace("_", "-"): v for k, v in more.items()}}
    return client.send(socket_path, "OPTIONS", target, {k: v for k, v in headers.items() if v is not None})


def cors(answer):
    return {k: v for k, v in answer.headers.items() if k.startswith("access-control-")}


def test_keys_for_pages():
    origin = {"Origin": "https://page.example", "Sec-Fetch-Mode": "cors"}
    path = "/v1/api-tokens"
    answer = wants(ask("GET", "/v1/identity/me", {**bearer("page"), **origin}), 200)
    read = {"access-control-allow-origin": "*", "access-control-expose-headers":
            "Idempotency-Replayed, Retry-After, WWW-Authenticate, X-Correlation-ID"}
    same("what the page may read", cors(answer), read)
    # Also what is wrong with its request; and the access token it gets is for pages, too.
    same("the same of a problem", cors(wants(ask("GET", f"{path}/nobody", {**bearer("page"), **origin}), 404, "KEY_NOT_FOUND")), read)
    answer = wants(ask("POST", "/v1/identity/token", {**bearer("page"), **origin}), 201)
    same("the same of a token", cors(answer), read)
    wants(ask("GET", "/v1/identity/me", {**bearer(answer.json["accessToken"]), **origin}), 200)
    # Nothing of that for who is no page, or for a page whose key is none for pages, or none.
    same("what others hear", cors(wants(ask("GET", "/v1/identity/me", bearer("page")), 200)), {})
    for credential, status in ((bearer("mine"), 403), (bearer("ak_short"), 401), ({}, 401)):
        answer = ask("GET", "/v1/identity/me", {**credential, **origin})
        same("the status", answer.status, status)
        same("what a page may not read", cors(answer), {})
    # It makes one, and takes it back.
    made = wants(ask("POST", path, bearer("page"), {"name": "shop", "permissions": ["mail.imap"], "clientSide": True}), 201).json
    same("what it is", made["clientSide"], True)
    page = {**by_token(made), **origin}
    wants(ask("GET", "/v1/identity/me", page), 200)
    changed = wants(ask("PUT", f"{path}/{made['id']}", {**bearer("page"), **origin}, {"clientSide": False}), 200).json
    same("what it is not any more", "clientSide" in changed, False)
    wants(ask("GET", "/v1/identity/me", page), 403, "ACCESS_DENIED")
    wants(ask("PUT", f"{path}/{made['id']}", bearer("page"), {"clientSide": 1}), 400, "INVALID_REQUEST")
    wants(ask("DELETE", f"{path}/{made['id']}", bearer("page")), 204)
    # What a browser asks before.
    answer = preflight(f"{path}/some")
    same("a preflight", (answer.status, answer.bytes, cors(answer)), (204, b"", {
        "access-control-allow-origin": "*", "access-control-allow-methods": "GET, PUT, DELETE",
        "access-control-allow-headers":
            "Authorization, X-API-KEY, Content-Type, Idempotency-Key, X-Correlation-ID, x-account-id, x-tenant-id",
        "access-control-max-age": "600"}))
    for target, more, status in (("/v1/nothing", {}, 404), ("/metrics", {}, 405), ("/healthz", {}, 405),
                                 (path, {"Origin": None}, 405), (path, {"Access_Control_Request_Method": None}, 405)):
        answer = preflight(target, **more)
        same(f"the status of a preflight of {target} {more}", answer.status, status)
        same("what it allows", cors(answer), {})
    same("a preflight of the portal", cors(preflight("/portal/keys")), {})
    same("a preflight of a proxy's question", cors(preflight("/v1/auth?permission=a&service=web")), {})


def test_a_key_in_the_target():
    wants(ask("GET", f"/v1/identity/me?apiToken={keys['mine']['secret']}"), 400, "INVALID_REQUEST")


def test_bodies():
    headers = bearer("mine")
    path = "/v1/api-tokens"
    for body in (b"{", b"[]", b"1", b"null", b'{"name":"a","name":"b"}', b'{"name":"a"} x', b'{"unknown":1}',
                 b'{"permissions":"mail.imap"}', b'{"expires":"never"}', b'{"expires":1.5}', b'{"expires":-1}',
                 b'{"maxUses":true}', b'{"owner":""}', b'{"owner":"a\\u0000b"}', b'{"permissions":["a\xff"]}',
                 b'{"permissions":[' + b",".join([b'"mail.a"'] * 65) + b"]}", b"[" * 30000):
        wants(ask("POST", path, {**headers, "Content-Type": "application/json"}, body), 400, "INVALID_REQUEST")
    wants(ask("POST", path, {**headers, "Content-Type": "text/plain"}, b"{}"), 415, "UNSUPPORTED_MEDIA_TYPE")
    wants(ask("POST", path, {**headers, "Content-Type": None}, b"{}"), 415, "UNSUPPORTED_MEDIA_TYPE")
    # Refused before it comes.
    wants(ask("POST", path, {**headers, "Content-Length": "65537"}), 413, "CONTENT_TOO_LARGE")
    body = b" " * 49153
    header = {"Authorization": hmac_header(body), "Content-Type": "application/json"}
    wants(ask("POST", path, header, body), 413, "CONTENT_TOO_LARGE")
    wants(ask("GET", path, headers, {"name": "x"}), 400, "INVALID_REQUEST")


def test_paths():
    wants(ask("GET", "/v1/nothing", bearer("mine")), 404, "NOT_FOUND")
    wants(ask("GET", "/v1/api-tokens/a/b", bearer("mine")), 404, "NOT_FOUND")
    answer = wants(ask("PUT", "/v1/api-tokens", bearer("mine"), {}), 405, "METHOD_NOT_ALLOWED")
    same("what is allowed", sorted(answer.headers["allow"].split(", ")), ["GET", "POST"])
    wants(ask("PATCH", "/v1/identity/me", bearer("mine")), 405, "METHOD_NOT_ALLOWED")


def test_states():
    headers = bearer("mine")
    key = wants(ask("POST", "/v1/api-tokens", headers, {"name": "states"}), 201).json
    one = f"/v1/api-tokens/{key['id']}"
    wants(ask("POST", f"{one}/rotate", headers, {"overlap": 60}), 200)
    wants(ask("POST", f"{one}/rotate", headers, {"overlap": 60, "now": True}), 400, "INVALID_REQUEST")
    wants(ask("DELETE", one, headers), 204)


def test_failures_are_throttled():
    wrong = bearer("nothing", X_Forwarded_For="203.0.113.9")
    for _ in range(60):
        answer = ask("GET", "/v1/identity/me", wrong)
        if answer.status == 429:
            break
    wants(answer, 429, "TOO_MANY_REQUESTS")
    same("when to come again", answer.headers.get("retry-after"), "60")
    # Others are served, and whoever has a good key.
    wants(ask("GET", "/v1/identity/me", bearer("mine")), 200)
    wants(ask("GET", "/v1/identity/me", bearer("mine", X_Forwarded_For="203.0.113.9")), 200)


def test_all_has_been_seen():
    """Last."""
    described = {operation["operationId"] for item in document["paths"].values() for operation in item.values()}
    same("operations that were not driven", described - operations_seen, set())
    codes = set(document["components"]["schemas"]["ErrorCode"]["enum"])
    same("codes that were not seen", codes - codes_seen - UNSEEN - {"SERVICE_UNAVAILABLE"}, set())


# ---- where a key in the target of a request is taken ----


def query():
    target = f"?apiToken={keys['mine']['secret']}"
    answer = wants(ask("GET", f"/v1/identity/me{target}"), 200)
    same("who may keep the answer", answer.headers["cache-control"], "no-store")
    wants(ask("GET", f"/v1/api-tokens{target}&limit=1"), 200)
    wants(ask("POST", f"/v1/identity/token{target}"), 201)
    wants(ask("GET", f"/v1/identity/me{target}", bearer("mine")), 400, "INVALID_REQUEST")
    wants(ask("GET", "/v1/identity/me?apiToken="), 400, "INVALID_REQUEST")
    wants(ask("GET", "/v1/identity/me?apiToken=nothing"), 401, "ACCESS_TOKEN_INVALID")


# ---- while the daemon is away ----


def away():
    for method, target, headers, body in (
        ("GET", "/v1/identity/me", bearer("mine"), None),
        ("POST", "/v1/identity/token", bearer("mine"), None),
        ("POST", "/v1/api-tokens", bearer("mine"), {"name": "x"}),
        ("POST", "/v1/verify", bearer("service"), {"credential": "x", "permission": "a", "service": "web"}),
    ):
        answer = wants(ask(method, target, headers, body), 503, "SERVICE_UNAVAILABLE")
        same("when to come again", answer.headers.get("retry-after"), "1")
    # What needs nobody is refused all the same.
    wants(ask("GET", "/v1/identity/me"), 401, "AUTHORIZATION_IS_REQUIRED")


if part in ("query", "away"):
    globals()[part]()
else:
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
print(f"{failures} failed" if failures else f"{part}: {len(operations_seen)} operations, {len(codes_seen - {NONE})} codes")
sys.exit(1 if failures else 0)
