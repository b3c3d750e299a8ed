"""The device's login as tests use it."""

import json
from dataclasses import dataclass

from host_tests.end_to_end import web
from tools.dev.login import password_hash

PASSWORD = "correct horse"
SMALL_HEAP_KIB = 290  # on 64 bits: some 180 KiB of an ESP32, so that all code is loaded on demand
CONFIG = {"auth": {"password_hash": password_hash(PASSWORD, iterations=500)}}  # cheaper to verify


@dataclass
class Client:
    """A client with a cookie, or with a token."""

    port: int
    cookie: str = ""
    token: str = ""

    def send(self, method: str, path: str, body=None, **headers) -> web.Answer:
        """`body`: bytes, or what becomes JSON. In names of headers `_` stands for `-`; those of None are left out."""
        all_headers = {"Cookie": self.cookie} if self.cookie else {}
        if self.token:
            all_headers["Authorization"] = "Bearer " + self.token
        if body is not None:
            all_headers["Content-Type"] = "application/json"
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        all_headers |= {name.replace("_", "-"): value for name, value in headers.items()}
        return web.request(self.port, path, method, body, {k: v for k, v in all_headers.items() if v is not None})

    def log_in(self, password: str = PASSWORD, **headers) -> web.Answer:
        """Keeps the cookie of a login that worked."""
        answer = self.send("POST", "/api/v1/login", {"password": password}, **headers)
        if answer.status == 204:
            self.cookie = answer.headers["Set-Cookie"].partition(";")[0]
        return answer

    @classmethod
    def logged_in(cls, port: int) -> "Client":
        client = cls(port)
        assert client.log_in().status == 204
        return client

    def session(self) -> dict:
        return self.send("GET", "/api/v1/session").json()
