"""Who is asking: the holder of a key, or somebody unknown where that is allowed."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from starlette.requests import Request

from ..messages import message
from .keys import KeyRing
from .limits import Refused

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Caller:
    """owner    a key's number, which owns its jobs; "": no key, and jobs for whoever knows their id
    counted  the name under which an allowance is kept: a key's number, or a hash of the address
             that is salted anew in each run
    """

    owner: str
    counted: str


class Door:
    """Lets in who has a key, and others where it is open."""

    def __init__(self, ring: KeyRing, *, is_open: bool, names: tuple[str, ...] = ()) -> None:
        self._ring, self._open = ring, is_open
        self._names = {*LOOPBACK, *names}
        self._salt = secrets.token_bytes(16)

    @property
    def is_open(self) -> bool:
        """Whether somebody without a key is let in."""
        return self._open

    def caller(self, request: Request) -> Caller:
        """Raises Refused for who is not let in. A key comes in its header and nowhere else; a
        password there was for the server in front."""
        kind, _, plain = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer":
            if not self._open:
                raise Refused(401, message("serve.key_needed"))
            return Caller("", self._unnamed(request))
        key = self._ring.holder(plain.strip())
        if key is None:
            raise Refused(401, message("serve.key_bad"))
        return Caller(key.number, key.number)

    def check_origin(self, request: Request) -> None:
        """Refuses what another site's page sends through a visitor's browser, by whatever name."""
        if (request.url.hostname or "") not in self._names:
            raise Refused(421, message("serve.wrong_name"))
        if request.method in ("GET", "HEAD"):
            return
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise Refused(403, message("serve.other_page"))

    def _unnamed(self, request: Request) -> str:
        address = request.client.host if request.client else ""
        return hmac.new(self._salt, address.encode(), hashlib.sha256).hexdigest()[:16]


def is_here(request: Request) -> bool:
    """Whether a request comes from this machine, and not through a proxy on it."""
    passed_on = "x-forwarded-for" in request.headers
    return not passed_on and request.client is not None and request.client.host in LOOPBACK
