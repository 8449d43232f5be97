# SPDX-License-Identifier: Apache-2.0 OR MIT
"""
A client of the API written from its description alone, with Python's standard library: requests over a Unix socket, and
HMAC tokens. It shares no code with the program.
"""
import base64
import hashlib
import hmac
import http.client
import json
import secrets
import socket
import time
import urllib.parse


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("gateway.example", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.bytes = response.read()
        self.type = self.headers.get("content-type", "").split(";")[0]
        self.json = json.loads(self.bytes) if self.type.endswith("json") else None

    @property
    def code(self):
        """The code of an error, in either form; "" of none."""
        if self.status < 400 or self.json is None:
            return ""
        return self.json["title"] if self.type == "application/problem+json" else self.json["errors"][0]["errorCode"]


def send(path, method, target, headers=None, body=None):
    """Sends one request. body: bytes, or what becomes JSON."""
    headers = dict(headers or {})
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        headers.setdefault("Content-Type", "application/json")
    connection = Connection(path)
    try:
        try:
            connection.request(method, target, body, headers)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it was refused by its head, before all of its body was sent
        return Answer(connection.getresponse())
    finally:
        connection.close()


def encode(body):
    """The bytes that send() makes of a body."""
    return json.dumps(body).encode()


def sign(public_key, private_key, body=b"", nonce=None, epoch=None):
    """The value of an Authorization header."""
    nonce = nonce or secrets.token_hex(12)
    epoch = epoch if epoch is not None else str(int(time.time()))
    body_hash = base64.b64encode(hashlib.sha256(body).digest()).decode() if body else ""
    message = f"{public_key}:{nonce}:{epoch}:{body_hash}"
    digest = hmac.new(base64.b64decode(private_key), message.encode(), hashlib.sha256).digest()
    return f"Hmac {public_key}:{nonce}:{epoch}:{base64.b64encode(digest).decode()}"


def quote(text):
    """As a value in a query."""
    return urllib.parse.quote(text, safe="")
