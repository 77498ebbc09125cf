"""A proxy in front of a real server that refuses, dawdles, breaks off or changes what is read."""

import http.client
import random
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


class Proxy:
    """Passes requests on to `upstream`, with the faults that are set; counts what it did.

    `corrupt`, `refuse` and `cut` are shares of the reads, drawn from a seeded source.
    """

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream).netloc
        self._lock = threading.Lock()
        self.calm()

    def happens(self, share: float) -> bool:
        """True for this share of the calls."""
        with self._lock:
            return self._random.random() < share

    def calm(self) -> None:
        """Pass everything on from now, and draw faults from the beginning of the source again."""
        self._random = random.Random(7)
        self.corrupt = self.refuse = self.cut = self.seconds = 0.0
        self.corrupted = self.refused = self.cuts = self.reads = self.requests = 0
        self.only = ""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def _pass_on(self) -> None:
        proxy, is_read = self.proxy, self.command == "GET"
        proxy.requests += 1
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        time.sleep(proxy.seconds)
        if proxy.happens(proxy.refuse):
            proxy.refused += 1
            return self._answer(503, {}, b"<Error><Code>SlowDown</Code></Error>")
        try:
            status, headers, content = self._ask(body)
        except (OSError, http.client.HTTPException):  # the server is gone: so is this connection
            self.close_connection = True
            return None
        if is_read and content and status in (200, 206) and proxy.only in self.path:
            proxy.reads += 1
            if proxy.happens(proxy.corrupt):
                proxy.corrupted += 1
                at = len(content) // 2
                content = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
            if proxy.happens(proxy.cut):
                proxy.cuts += 1
                return self._cut(status, headers, content)
        return self._answer(status, headers, content)

    def _ask(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """What the server answers to this request: status, headers, content."""
        connection = http.client.HTTPConnection(self.proxy.upstream, timeout=120)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in ("connection", "expect"):
                connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        content = answer.read()
        headers = {k: v for k, v in answer.getheaders() if k.lower() != "transfer-encoding"}
        connection.close()
        return answer.status, headers, content

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response_only(status)
        length = headers.pop("Content-Length", None) if self.command == "HEAD" else None
        for name, value in headers.items():
            if name.lower() not in ("content-length", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", length or str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _cut(self, status: int, headers: dict[str, str], content: bytes) -> None:
        """Promise all of it and close the connection after half."""
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass_on

    def log_message(self, *arguments: Any) -> None:
        return


class _Server(ThreadingHTTPServer):
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that are gone before their answer."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


@contextmanager
def proxy_to(
    upstream: str,
    certificate: Path | None = None,
    *,
    address: str = "127.0.0.1",
    port: int = 0,
) -> Iterator[tuple[Proxy, str]]:
    """A proxy and its address, gone when the block ends; with a certificate it speaks TLS."""
    proxy = Proxy(upstream)
    handler = type("Handler", (_Handler,), {"proxy": proxy})
    server = _Server((address, port), handler)
    scheme = "http"
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield proxy, f"{scheme}://{address}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
