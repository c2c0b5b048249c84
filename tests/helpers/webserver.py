"""Web servers on loopback: a real nginx, and one that answers as badly as a test wants."""

import contextlib
import os
import shutil
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from waiting import until


def answers(port):
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def nginx(root, server):
    """Its address. `server` is the text of the server block, with {root} for that folder."""
    if not shutil.which("nginx"):
        pytest.skip("nginx is not installed")
    work = root.with_name(root.name + "-nginx")
    work.mkdir(exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    user = "user root;" if os.geteuid() == 0 else ""  # this folder is its owner's alone
    places = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = " ".join(f"{name}_temp_path {work}/{name};" for name in places)
    types = "types { text/html html; text/plain txt; text/xml xml; application/json json; }"
    (work / "nginx.conf").write_text(
        f"{user} daemon off; pid {work}/pid; error_log {work}/log; events {{}}\n"
        f"http {{ access_log off; {temporary} {types}\n"
        f"server {{ listen 127.0.0.1:{port}; root {root}; {server} }} }}\n"
    )
    command = ["nginx", "-p", str(work), "-c", str(work / "nginx.conf")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as running:
        try:
            until(lambda: answers(port))
            yield f"http://127.0.0.1:{port}/"
        finally:  # a test that fails must not hang
            running.terminate()


@contextlib.contextmanager
def scripted(answer):
    """Its address. `answer(handler, path)` writes what it likes."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            with contextlib.suppress(OSError):  # who asked may be gone
                answer(self, self.path)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def send(handler, body=b"", status=200, **headers):
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
