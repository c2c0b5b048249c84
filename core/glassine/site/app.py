"""The service's addresses: what is asked where, and what is answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse
from fastapi.security import HTTPBearer
from starlette.routing import Match, Route

from ..errors import GlassineError
from ..messages import message
from ..version import engine_version
from . import page
from .answers import code_and_words, refusal, spoken_language, told_job
from .arrivals import Upload, begun_upload, ended_upload
from .callers import Caller, Door, is_here
from .gate import Gate
from .hands import Hands
from .intake import ACCEPTED, placed
from .jobs import RUNNING, Job, Jobs
from .limits import Allowance, Refused
from .metrics import Metrics
from .settings import Settings

_LOOK = 0.2  # seconds between two looks at a job whose progress somebody follows
_STILL = 15.0  # seconds without news after which a comment line keeps the connection alive


@dataclass
class Site:
    """All that the service has while it runs."""

    jobs: Jobs
    hands: Hands
    door: Door
    metrics: Metrics
    allowance: Allowance = field(init=False)
    arriving: list[Upload] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.allowance = Allowance(self.jobs.limits.hourly)


def make_app(site: Site) -> FastAPI:
    """The application; `site` is at hand in every request."""
    app = FastAPI(
        title="Glassine",
        version=engine_version(),
        docs_url=None,  # it would load scripts from elsewhere
        redoc_url=None,
        openapi_url="/v1/openapi.json",
        lifespan=deleting,
    )
    app.state.site = site
    app.add_middleware(Gate, door=site.door, metrics=site.metrics)
    app.add_exception_handler(Refused, turned_away)
    app.add_exception_handler(GlassineError, unusable)
    app.add_exception_handler(405, wrong_method)
    for path, methods, answer, more in ROUTES:
        app.add_api_route(path, answer, methods=methods, response_model=None, **more)
    if site.door.is_open:
        without_key(app.openapi())
    return app


def without_key(described: dict[str, Any]) -> None:
    """Says in the description that a key may be left out."""
    for methods in described["paths"].values():
        for one in methods.values():
            if "security" in one:
                one["security"].append({})


@asynccontextmanager
async def deleting(app: FastAPI) -> AsyncIterator[None]:
    """While the application runs, deletes jobs that are too old."""

    async def again() -> None:
        while True:
            jobs: Jobs = app.state.site.jobs
            await asyncio.to_thread(jobs.delete_old)
            await asyncio.sleep(min(30.0, jobs.limits.keep / 4))

    task = asyncio.create_task(again())
    yield
    task.cancel()


def turned_away(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    after = {"Retry-After": str(round(error.after + 0.5))} if error.after else {}
    if error.status == 401:
        after["WWW-Authenticate"] = "Bearer"
    told = refusal(error, language_of(request))
    return JSONResponse(told, error.status, {**after, "Connection": "close"})


def wrong_method(request: Request, error: Exception) -> Response:
    """405, naming the methods that the address has: each of them is a route of its own."""
    routes = [one for one in request.app.routes if isinstance(one, Route)]
    here = [one for one in routes if one.matches(request.scope)[0] is not Match.NONE]
    allowed = sorted({method for one in here for method in one.methods or ()})
    refused = refusal(Refused(405, message("serve.no_page")), language_of(request))
    return JSONResponse(refused, 405, {"Allow": ", ".join(allowed)})


def unusable(request: Request, error: Exception) -> Response:
    """What the engine refuses: a full disk is the server's trouble, the rest the request's."""
    assert isinstance(error, GlassineError)
    full = any(one.code == "file.disk_full" for one in error.message.with_inner())
    if full:
        return turned_away(request, Refused(507, message("serve.disk_full"), 300))
    return JSONResponse({"error": code_and_words(error.message, language_of(request))}, 422)


def language_of(request: Request) -> str:
    return spoken_language(request.headers.get("accept-language", ""))


_BEARER = HTTPBearer(auto_error=False, description="A key; see: glassine site key add")


def site_of(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


def caller_of(request: Request, _: Any = Depends(_BEARER)) -> Caller:  # noqa: ANN401, B008
    return site_of(request).door.caller(request)


def job_of(request: Request, job: str, caller: Caller = Depends(caller_of)) -> Job:  # noqa: B008
    return site_of(request).jobs.find(job, caller.owner)


async def protect(request: Request, caller: Caller = Depends(caller_of)) -> Response:  # noqa: B008
    """Takes a picture and settings, and answers at once with the job that was made of them."""
    site = site_of(request)
    site.jobs.refuse_full(caller.counted)
    upload = begun_upload(site.arriving, caller.counted, site.jobs.limits)
    try:
        job = await placed(request, upload, caller, site.jobs)
    finally:
        ended_upload(site.arriving, upload)
    try:
        site.allowance.take(caller.counted)
    except Refused:
        site.jobs.delete(job)
        raise
    site.metrics.bytes.inc(job.source.stat().st_size)
    site.hands.give(job)
    told = told_job(job, site.jobs, language_of(request))
    return JSONResponse(told, 202, {"Location": told["links"]["job"]})


async def standing(request: Request, found: Job = Depends(job_of)) -> Response:  # noqa: B008
    """How far a job is and, once it is done, what it cost the picture and what it changed."""
    return JSONResponse(told_job(found, site_of(request).jobs, language_of(request)))


async def events(request: Request, found: Job = Depends(job_of)) -> Response:  # noqa: B008
    """The state of a job as server-sent events: one for each change, until the job has ended."""
    told = following(found, site_of(request).jobs, language_of(request))
    return StreamingResponse(
        told, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


async def following(job: Job, jobs: Jobs, language: str) -> AsyncIterator[str]:
    before, still = "", 0.0
    while True:
        now = told_job(job, jobs, language)
        left = now.pop("deleted_in")
        text = json.dumps(now)
        if text != before:
            yield f"event: {now['state']}\ndata: {json.dumps({**now, 'deleted_in': left})}\n\n"
            before, still = text, 0.0
        elif still >= _STILL:
            yield ": still here\n\n"
            still = 0.0
        if now["state"] not in RUNNING:
            return
        await asyncio.sleep(_LOOK)
        still += _LOOK


async def result(found: Job = Depends(job_of)) -> Response:  # noqa: B008
    """The protected copy."""
    return attached(found, found.copy, f"image/{found.intent.export.format}")


async def report(found: Job = Depends(job_of)) -> Response:  # noqa: B008
    """The page of evidence. It holds the original: keep it to yourself."""
    return attached(found, found.page, "text/html; charset=utf-8")


def attached(job: Job, file: Path, kind: str) -> Response:
    if job.standing.state != "done":
        raise Refused(409, message("serve.not_done"))
    return FileResponse(file, media_type=kind, filename=f"protected{file.suffix}")


async def delete(request: Request, found: Job = Depends(job_of)) -> Response:  # noqa: B008
    """Deletes the picture, its copy and whatever is known of them; stops what is under way."""
    await asyncio.to_thread(site_of(request).jobs.delete, found)
    return Response(status_code=204)


async def health(request: Request) -> Response:
    """Whether the service can take jobs and do them."""
    well = site_of(request).hands.alive
    return JSONResponse({"ok": well, "version": engine_version()}, 200 if well else 503)


async def metrics(request: Request) -> Response:
    """For Prometheus, and only for requests from this very machine."""
    if not is_here(request):
        raise Refused(404, message("serve.no_page"))
    site = site_of(request)
    text = site.metrics.text(site.jobs.count("waiting"), site.jobs.count("working"))
    return Response(text, media_type="text/plain; version=0.0.4")


async def front(request: Request, lang: str = "") -> Response:
    """The page for people."""
    language = spoken_language(lang or request.headers.get("accept-language", ""))
    text = page.drawn(language, site_of(request).jobs.limits)
    return Response(text, media_type="text/html; charset=utf-8")


async def part(name: str) -> Response:
    """The page's style and script."""
    if name not in page.PARTS:
        raise Refused(404, message("serve.no_page"))
    return FileResponse(page.PLACE / name, media_type=page.PARTS[name])


def form_described() -> dict[str, Any]:
    """The form of a request for OpenAPI: the picture, and the settings beside it."""
    schema = Settings.model_json_schema()
    picture = {"type": "string", "format": "binary", "description": "png, jpeg, webp, tiff, avif"}
    schema["properties"] = {"picture": picture, **schema["properties"]}
    schema["required"] = ["picture"]
    content = {"multipart/form-data": {"schema": schema}}
    return {"openapi_extra": {"requestBody": {"required": True, "content": content}}}


def answering(*codes: int) -> dict[int, Any]:
    """Which refusals an address knows."""
    error = {"type": "object", "properties": {"error": {"type": "object"}}, "required": ["error"]}
    content = {"application/json": {"schema": error}}
    return {code: {"description": "refused", "content": content} for code in codes}


def sending(*kinds: str, refusing: tuple[int, ...] = (401, 404, 421)) -> dict[str, Any]:
    """What an address sends that is no JSON, and which refusals it knows."""
    file = {"schema": {"type": "string", "format": "binary"}}
    content = {kind: {} if kind == "text/event-stream" else file for kind in kinds}
    sent = {200: {"description": "what was asked for", "content": content}}
    return {"response_class": Response, "responses": {**sent, **answering(*refusing)}}


_JOB = {"responses": answering(401, 404, 421)}
_FILE = (401, 404, 409, 421)
_POST = {
    "status_code": 202,
    "responses": answering(400, 401, 403, 408, 413, 415, 421, 422, 429, 503, 507),
    **form_described(),
}
_PICTURES = [f"image/{name}" for name in ACCEPTED]
_PAGE = {"include_in_schema": False}
ROUTES: tuple[tuple[str, list[str], Any, dict[str, Any]], ...] = (
    ("/v1/protect", ["POST"], protect, _POST),
    ("/v1/jobs/{job}", ["GET"], standing, _JOB),
    ("/v1/jobs/{job}", ["DELETE"], delete, {"status_code": 204, **_JOB}),
    ("/v1/jobs/{job}/events", ["GET"], events, sending("text/event-stream")),
    ("/v1/jobs/{job}/result", ["GET"], result, sending(*_PICTURES, refusing=_FILE)),
    ("/v1/jobs/{job}/report", ["GET"], report, sending("text/html", refusing=_FILE)),
    ("/health", ["GET"], health, {"responses": answering(421, 503)}),
    ("/metrics", ["GET"], metrics, _PAGE),
    ("/", ["GET"], front, _PAGE),
    ("/page/{name}", ["GET"], part, _PAGE),
)
"""Path, methods, the function that answers, and what the OpenAPI description adds."""
