"""What a job looks like to the one who asked for it, in their language, as plain JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from time import monotonic
from typing import Any

from ..evidence.brief import briefs
from ..messages import LANGUAGES, Message, from_plain, in_words
from ..messages.words import FALLBACK
from .jobs import Job, Jobs
from .limits import Refused

Json = dict[str, Any]


def spoken_language(header: str) -> str:
    """Of the languages that an Accept-Language asks for, the first that there is."""
    asked = [part.partition(";")[0].strip().lower()[:2] for part in header[:200].split(",")]
    return next((one for one in asked if one in LANGUAGES), FALLBACK)


def refusal(refused: Refused, language: str) -> Json:
    return {"error": in_both(refused.said, language)}


def in_both(one: Message, language: str, hidden: str = "") -> Json:
    """Its code and its words; a folder of the server's is left out of these."""
    words = in_words(one, language)
    return {"code": one.code, "says": words.replace(f"{hidden}/", "") if hidden else words}


def told_job(job: Job, jobs: Jobs, language: str) -> Json:
    """Everything there is to know of it now."""
    now = job.standing
    whole: Json = {
        "id": job.id,
        "state": now.state,
        "ahead": jobs.ahead(job),
        "progress": told_progress(job),
        "deleted_in": max(0, round(jobs.limits.keep - (monotonic() - job.born))),
        "links": links(job),
    }
    if now.problem:
        whole["problem"] = in_both(now.problem, language, str(job.folder))
    if now.state == "done":
        whole |= told_result(job, language)
    return whole


def told_progress(job: Job) -> Json | None:
    now = job.standing.now
    if now is None:
        return None
    return {"stage": now.stage, "done": now.done, "total": now.total}


def links(job: Job) -> dict[str, str]:
    """Where the rest of it is; what is not there yet has no address."""
    here = f"/v1/jobs/{job.id}"
    always = {"job": here, "events": f"{here}/events"}
    if job.standing.state != "done":
        return always
    return always | {"result": f"{here}/result", "report": f"{here}/report"}


def told_result(job: Job, language: str) -> Json:
    """What it cost the picture and what it changed, in words and in numbers."""
    weak, report = job.standing.weak, job.standing.told
    return {
        "protected": weak is None,
        "why_not": in_both(weak, language) if weak else None,
        "format": job.intent.export.format,
        "words": report.get("facts", {}).get("caption", ""),
        "glance": in_four(report.get("glance") or {}, language),
        "doubts": in_brief(report.get("doubts") or (), language),
        "cost": report.get("cost"),
    }


def in_four(glance: Mapping[str, Any], language: str) -> dict[str, str]:
    """The report in four sentences: people, models, away, next."""
    return {name: in_words(from_plain(one), language) for name, one in glance.items()}


def in_brief(doubts: Iterable[Mapping[str, Any]], language: str) -> list[str]:
    told = tuple(from_plain(dict(one)) for one in doubts)
    return [in_words(one.says, language) for one in briefs(told)]
