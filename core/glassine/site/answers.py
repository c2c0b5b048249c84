"""What a job looks like to the one who asked for it, in their language, as plain JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from time import monotonic
from typing import Any

from ..evidence.brief import briefs
from ..messages import LANGUAGES, Field, Message, from_plain, in_words, message
from ..messages.words import FALLBACK
from .jobs import Job, Jobs
from .limits import Refused

Json = dict[str, Any]


def spoken_language(header: str) -> str:
    """The first language of an Accept-Language header that has a table of words, else English."""
    asked = [part.partition(";")[0].strip().lower()[:2] for part in header[:200].split(",")]
    return next((one for one in asked if one in LANGUAGES), FALLBACK)


def refusal(refused: Refused, language: str) -> Json:
    return {"error": code_and_words(refused.said, language)}


def code_and_words(one: Message, language: str, hidden: str = "") -> Json:
    """For programs and people. `hidden`: a folder of the server's, which the words leave out."""
    words = in_words(one, language)
    return {"code": one.code, "says": words.replace(f"{hidden}/", "") if hidden else words}


def told_job(job: Job, jobs: Jobs, language: str) -> Json:
    """Everything there is to know of the job now."""
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
        whole["problem"] = code_and_words(now.problem, language, str(job.folder))
    if now.state == "done":
        whole |= told_result(job, language)
    return whole


def told_progress(job: Job) -> Json | None:
    now = job.standing.now
    if now is None:
        return None
    return {"stage": now.stage, "done": now.done, "total": now.total}


def links(job: Job) -> dict[str, str]:
    """Addresses of the job and its files; a file that is not there yet has none."""
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
        "why_not": code_and_words(weak, language) if weak else None,
        "format": job.intent.export.format,
        "words": report.get("facts", {}).get("caption", ""),
        "glance": glance_in_words(report.get("glance") or {}, language),
        "doubts": short_doubts(report.get("doubts") or (), language),
        "cost": report.get("cost"),
    }


def glance_in_words(glance: Mapping[str, Any], language: str) -> dict[str, str]:
    """The report in four sentences: people, models, away, next."""
    told = {name: with_styles_called(from_plain(one), language) for name, one in glance.items()}
    return {name: in_words(one, language) for name, one in told.items()}


def with_styles_called(said: Message, language: str) -> Message:
    """The message with each style called as the page's menu calls it, where it is in that menu."""

    def called(value: Field) -> Field:
        if isinstance(value, Message):
            return with_styles_called(value, language)
        return tuple(map(called, value)) if isinstance(value, tuple) else value

    fields = {name: called(value) for name, value in said.fields.items()}
    if said.code == "goal.style":
        listed = message(f"style.{fields['style']}")
        if (words := in_words(listed, language)) != listed.code:
            fields["style"] = words
    return Message(said.code, fields)


def short_doubts(doubts: Iterable[Mapping[str, Any]], language: str) -> list[str]:
    told = tuple(from_plain(dict(one)) for one in doubts)
    return [in_words(one.says, language) for one in briefs(told)]
