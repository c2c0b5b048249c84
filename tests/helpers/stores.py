"""Real servers for files on loopback: OpenSSH's sshd for SFTP, moto's web server for S3."""

import contextlib
import getpass
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlencode

import pytest
from waiting import until
from webserver import answers


class Ssh:
    """An sshd with keys of its own; started and ended at will, always at the same port.

    how       what a client needs to get in
    stranger  another key, which does not open it
    """

    def __init__(self, program, work):
        self._program, self._work = program, work
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        for name in ("host", "own", "stranger"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", work / name], check=True
            )
        (work / "own.pub").rename(work / "authorized")
        self.how = {"key_filename": str(work / "own"), "look_for_keys": False, "allow_agent": False}
        self.stranger = str(work / "stranger")
        self._running = None

    def address(self, folder, port):
        """Of a folder, through the line at that port."""
        return f"sftp://{getpass.getuser()}@127.0.0.1:{port}{folder}"

    def known_at(self, port):
        """The line in known_hosts by which the server is known at that port."""
        kind, key, *_ = (self._work / "host.pub").read_text().split()
        return f"[127.0.0.1]:{port} {kind} {key}\n"

    def another_key(self):
        """What some other server's line would have in its place."""
        return (self._work / "stranger.pub").read_text().split()[1]

    def said(self):
        return (self._work / "log").read_text()

    def start(self, *sftp):
        """`sftp`: options of its sftp-server, as -R (nothing may be written)."""
        lines = {
            "ListenAddress": f"127.0.0.1:{self.port}",
            "HostKey": self._work / "host",
            "AuthorizedKeysFile": self._work / "authorized",
            "PidFile": "none",
            "StrictModes": "no",
            "PasswordAuthentication": "no",
            "KbdInteractiveAuthentication": "no",
            "PermitRootLogin": "yes",
            "Subsystem": " ".join(["sftp internal-sftp", *sftp]),
        }
        config = self._work / "config"
        config.write_text("".join(f"{name} {value}\n" for name, value in lines.items()))
        log = (self._work / "log").open("ab")
        self._running = subprocess.Popen([self._program, "-D", "-e", "-f", config], stderr=log)
        log.close()
        until(lambda: answers(self.port), "sshd")

    def lines(self):
        """The processes that serve one connection each."""
        import psutil

        return psutil.Process(self._running.pid).children(recursive=True)

    def cut(self):
        """Ends every connection as a broken network does."""
        for one in self.lines():
            with contextlib.suppress(ProcessLookupError):
                os.kill(one.pid, 9)

    def stop(self):
        if self._running is not None:
            self.cut()
            self._running.kill()
            self._running.wait()
        self._running = None


@contextlib.contextmanager
def ssh(work):
    """An sshd that is not started yet; skips where the program or paramiko is missing."""
    program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("sshd is not installed (openssh-server)")
    if find_spec("paramiko") is None:
        pytest.skip("paramiko is not installed")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # it wants this folder when root starts it
    made = Ssh(program, work)
    try:
        yield made
    finally:
        made.stop()


class Line:
    """A way to a server on which a test can cut what is sent, or let it go nowhere.

    most   bytes that one connection may send before it is cut; None: any number
    times  connections that are cut so; None: every one
    dead   nothing gets through, and nobody is told
    """

    def __init__(self, to):
        self._to, self.most, self.times, self.dead = to, None, None, False
        self._open, self._ends = socket.create_server(("127.0.0.1", 0)), []
        self.port = self._open.getsockname()[1]
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._open.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self._to))
                except OSError:
                    near.close()
                    continue
                self._ends += [near, far]
                for one, other, counts in ((near, far, True), (far, near, False)):
                    threading.Thread(
                        target=self._carry, args=(one, other, counts), daemon=True
                    ).start()

    def _carry(self, one, other, counts):
        sent = 0
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                sent += len(data)
                if counts and self._cuts(sent):
                    break
                if not self.dead:
                    other.sendall(data)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _cuts(self, sent):
        if self.most is None or sent <= self.most or self.times == 0:
            return False
        if self.times is not None:
            self.times -= 1
        return True

    def close(self):
        for one in (self._open, *self._ends):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@contextlib.contextmanager
def s3(work):
    """moto's server as a process that checks keys and rights; its address.

    Skips where moto or s3fs is missing.
    """
    for name in ("moto", "flask", "flask_cors", "s3fs"):
        if find_spec(name) is None:
            pytest.skip(f"{name} is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with (work / "s3-log").open("wb") as log:
        running = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until(lambda: answers(port), "moto")
        yield port
    finally:
        running.kill()
        running.wait()


def s3_ask(port, service, **form):
    """What the server answers to one request of the service's query protocol."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    kinds = {"Content-Type": "application/x-www-form-urlencoded"}
    signed = f"AWS4-HMAC-SHA256 Credential=x/20200101/us-east-1/{service}/aws4_request"
    body = urlencode({"Version": "2010-05-08", **form})
    link.request("POST", "/", body, kinds | {"Authorization": signed})
    answer = link.getresponse()
    said = answer.read().decode()
    link.close()
    assert answer.status == 200, said
    return said


def s3_user(port, policy):
    """Key and secret of a new user who may do what the policy says; from then on keys count."""
    s3_ask(port, "iam", Action="CreateUser", UserName="ann")
    told = s3_ask(port, "iam", Action="CreateAccessKey", UserName="ann")
    names = ("AccessKeyId", "SecretAccessKey")
    key = {name: told.partition(f"<{name}>")[2].partition("<")[0] for name in names}
    whole = json.dumps({"Version": "2012-10-17", "Statement": policy})
    s3_ask(
        port,
        "iam",
        Action="PutUserPolicy",
        UserName="ann",
        PolicyName="own",
        PolicyDocument=whole,
    )
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    link.request("POST", "/moto-api/reset-auth", b"0")
    assert link.getresponse().status == 200
    link.close()
    return key["AccessKeyId"], key["SecretAccessKey"]
