"""What every request passes: a check of the host's name, a line in the log, and safe headers."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from time import monotonic
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from .answers import refusal, spoken_language
from .callers import Door
from .limits import Refused
from .metrics import Metrics

LOG = logging.getLogger("glassine.site")

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Sent with every answer. The page runs this service's own files only, and asks no other host for
anything."""


class Gate:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, door: Door, metrics: Metrics) -> None:
        self._app, self._door, self._metrics = app, door, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = monotonic(), 500

        async def noted(sent: MutableMapping[str, Any]) -> None:
            nonlocal status
            if sent["type"] == "http.response.start":
                status = sent["status"]
                MutableHeaders(scope=sent).update(HEADERS)
            await send(sent)

        try:
            await self._checked(scope, receive, noted)
        finally:
            self._told(scope, status, monotonic() - began)

    async def _checked(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        try:
            self._door.check_origin(request)
        except Refused as error:
            language = spoken_language(request.headers.get("accept-language", ""))
            answer = JSONResponse(refusal(error, language), error.status)
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _told(self, scope: Scope, status: int, seconds: float) -> None:
        """Logs one line: the pattern of the address, never the job's id, a name or who asked."""
        if status >= 400:
            self._metrics.refused.labels(str(status)).inc()
        route = scope.get("route")
        path = getattr(route, "path", "elsewhere")
        LOG.info("%s %s %d %.3f s", scope["method"], path, status, seconds)
