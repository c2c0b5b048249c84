"""The service as tests use it: in this process, with a real server on loopback."""

import base64
import contextlib
import http.client
import json
import threading
import uuid

import uvicorn
from glassine.batch import worker
from glassine.site.app import make_app
from glassine.site.arrivals import hasty
from glassine.site.serve import Place, running
from waiting import until


class Here:
    """A worker's work, done in this process: starting torch is not the point."""

    def do(self, task, watch):
        return worker.delivered(task, watch)

    def stop(self):
        pass


class Client:
    """Requests to one service; `key`, or a NAME:PASSWORD, goes along where there is one."""

    def __init__(self, port, site, app):
        self.port, self.site, self.app, self.key, self.password = port, site, app, "", ""

    def ask(self, method, path, body=None, **headers):
        """Status, headers and body."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.key:
            named["Authorization"] = f"Bearer {self.key}"
        if self.password:
            named["Authorization"] = f"Basic {base64.b64encode(self.password.encode()).decode()}"
        with contextlib.closing(link):
            # a refusal may come, and end the connection, before all is sent
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                link.request(method, path, body, named)
            answer = link.getresponse()
            return answer.status, answer.headers, answer.read()

    def json(self, method, path, body=None, **headers):
        status, _, data = self.ask(method, path, body, **headers)
        return status, json.loads(data)

    def send(self, picture, **settings):
        """The status and what is said of a picture that is handed in."""
        body, kind = form(picture, **settings)
        return self.json("POST", "/v1/protect", body, Content_Type=kind)

    def followed(self, job):
        """Every event of a job, until it has ended."""
        _, _, data = self.ask("GET", job["links"]["events"])
        lines = data.decode().splitlines()
        return [json.loads(one[6:]) for one in lines if one.startswith("data: ")]


def form(picture, name="a secret name.png", **settings):
    """multipart/form-data: its bytes and its content type."""
    edge = uuid.uuid4().hex
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in settings.items()
    ]
    head = f'--{edge}\r\nContent-Disposition: form-data; name="picture"; filename="{name}"\r\n'
    parts += [head.encode(), b"Content-Type: image/png\r\n\r\n", picture, b"\r\n"]
    return b"".join(parts) + f"--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"


@contextlib.contextmanager
def service(folder, limits, make=Here, workers=1, is_open=True, names=()):
    """A client of a service that runs until the end."""
    place = Place(folder=str(folder), is_open=is_open, workers=workers, port=0, names=names)
    with running(place, limits, make) as site:
        app = make_app(site)
        config = uvicorn.Config(
            app,
            port=0,
            access_log=False,
            log_level="error",
            ws="none",
            http=hasty(limits.patience),
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            until(lambda: server.started, "the server")
            yield Client(server.servers[0].sockets[0].getsockname()[1], site, app)
        finally:  # a test that fails must not hang
            server.should_exit = True
            thread.join()
