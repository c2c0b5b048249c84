"""What a site gives for one path: from its folder, or over HTTP from its own host.

Bounded in time, size and redirects; another host is never asked. Only `glassine sitekit check URL`
makes requests, to the artist's own site.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from .. import version
from ..errors import reason_of
from ..messages import Message, message

LARGEST = 500 << 10  # bytes that every reader of robots.txt has to read (RFC 9309, 2.5)
PICTURE = 4 << 20  # bytes of a picture; metadata stands in front
STEPS = 5  # redirects that a crawler follows (RFC 9309, 2.3.1.2)
PATIENCE, WHOLE = 10.0, 60.0  # seconds for one answer, and for all answers together


@dataclass(frozen=True)
class Answer:
    """What came for one address.

    status   of HTTP; 200 for a file that is there, 404 for one that is not, 0 for no answer
    headers  by their names in small letters; several of one name are joined by commas
    problem  why there is nothing to read; None: it is in `body`
    cut      there is more than was read
    """

    url: str
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    problem: Message | None = None
    cut: bool = False

    @property
    def there(self) -> bool:
        return self.problem is None

    @property
    def kind(self) -> str:
        """Its media type, in small letters; "" where none is said."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        return self.body.decode("utf-8-sig", "replace")


Site = Callable[[str, int], Answer]
"""A path and how many bytes are wanted -> what the site gives."""


def of_folder(folder: Path) -> Site:
    """As a plain server would give it, without any headers."""

    def asked(path: str, largest: int) -> Answer:
        local = folder / unquote(urlsplit(path).path).lstrip("/")
        local = local / "index.html" if local.is_dir() else local
        inside = local.resolve().is_relative_to(folder.resolve())
        try:
            with local.open("rb") as stream:
                body = stream.read(largest + 1)
        except OSError:
            body = None
        if body is None or not inside:
            return Answer(path, 404, problem=message("site.status", status=404))
        return Answer(path, 200, body=body[:largest], cut=len(body) > largest)

    return asked


def of_address(site: str, *, patience: float = PATIENCE, whole: float = WHOLE) -> Site:
    """Over HTTP, as long as all answers together take less than `whole` seconds."""
    until = time.monotonic() + whole

    def asked(path: str, largest: int) -> Answer:
        url = urljoin(site, path)
        for _ in range(STEPS + 1):
            left = min(patience, until - time.monotonic())
            if left <= 0:
                return Answer(url, problem=message("site.timeout", seconds=int(whole)))
            answer = once(url, largest, left)
            place = answer.headers.get("location", "")
            if answer.status not in (301, 302, 303, 307, 308) or not place:
                return answer
            url = urljoin(url, place)
            if not same_host(urlsplit(site), urlsplit(url)):
                host = urlsplit(url).netloc
                return Answer(url, answer.status, problem=message("site.elsewhere", host=host))
        return Answer(url, answer.status, problem=message("site.loop", most=STEPS))

    return asked


def same_host(one: SplitResult, other: SplitResult) -> bool:
    """Whether the two hosts are the same but for "www." in front, asked over HTTP or HTTPS."""
    names = {(part.hostname or "").removeprefix("www.") for part in (one, other)}
    return len(names) == 1 and other.scheme in ("http", "https")


def once(url: str, largest: int, seconds: float) -> Answer:
    """One request; a body that trickles in has no more seconds than one that comes at once."""
    parts, until = urlsplit(url), time.monotonic() + seconds
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    try:
        link = kind(parts.hostname or "", parts.port, timeout=seconds)
    except ValueError as error:
        return Answer(url, problem=message("site.unreachable", reason=reason_of(error)))
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        link.request("GET", target, headers={"User-Agent": agent(), "Accept": "*/*"})
        answer = link.getresponse()
        body = received(answer, largest, until)
    except TimeoutError:
        return Answer(url, problem=message("site.timeout", seconds=round(seconds)))
    except (OSError, http.client.HTTPException, ssl.SSLError, socket.gaierror, ValueError) as error:
        reason = reason_of(error) or type(error).__name__
        return Answer(url, problem=message("site.unreachable", reason=reason))
    finally:
        link.close()
    headers = joined(answer.getheaders())
    status = answer.status
    problem = None if status == 200 else message("site.status", status=status)
    return Answer(url, status, headers, body[:largest], problem, len(body) > largest)


def received(answer: http.client.HTTPResponse, largest: int, until: float) -> bytes:
    """At most one byte more than wanted. Raises TimeoutError."""
    body = b""
    while len(body) <= largest:
        piece = answer.read1(min(65_536, largest + 1 - len(body)))
        if not piece:
            return body
        body += piece
        if time.monotonic() > until:
            raise TimeoutError
    return body


def joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        known = found.get(name.lower())
        found[name.lower()] = f"{known}, {value}" if known else value
    return found


def agent() -> str:
    return f"Glassine/{version.engine_version()} (sitekit check)"
