"""A request with a picture -> a job whose file lies in its folder; nothing is decoded here."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from ..formats import FORMATS
from ..formats.vips import pixel_count
from ..machine import files
from ..messages import message
from .arrivals import Upload, hurried
from .limits import Limits, Refused
from .settings import Settings

if TYPE_CHECKING:
    from ..types import Intent
    from .callers import Caller
    from .jobs import Job, Jobs

ACCEPTED = ("png", "jpeg", "webp", "tiff", "avif")
"""Formats that are taken from strangers; archives (kra, ora) are not."""

_FIELDS = 30
_HEAD = 64  # bytes in which a picture says its format


async def placed(request: Request, upload: Upload, caller: Caller, jobs: Jobs) -> Job:
    """The job made of a request, its picture stored; raises Refused where none is made."""
    limits = jobs.limits
    told = int(request.headers.get("content-length") or 0)
    if told > limits.bytes:
        raise Refused(413, message("serve.too_many_bytes", most=limits.bytes / (1 << 20)))
    form = await received(request, upload, limits)
    try:
        picture, intent = asked_in(form)
        job = jobs.place(caller.owner, caller.counted, intent)
        try:
            files.write(job.source, await picture.read(), permissions=0o600)
            job.pixels = checked_pixels(job, limits)
        except BaseException:
            jobs.delete(job)
            raise
    finally:
        await form.close()
    return job


async def received(request: Request, upload: Upload, limits: Limits) -> FormData:
    """The whole form, to be closed; it lies in memory, or in files without a name."""
    hasty = Request(request.scope, hurried(request.receive, upload, limits))
    try:
        return await hasty.form(max_files=1, max_fields=_FIELDS)
    except (MultiPartException, HTTPException, UnicodeDecodeError) as error:
        raise Refused(400, message("serve.no_form")) from error
    except OSError as error:
        raise full_or(error) from error


def asked_in(form: FormData) -> tuple[UploadFile, Intent]:
    """The picture and what is wanted. The file's name is dropped here."""
    picture = form.get("picture")
    if not isinstance(picture, UploadFile):
        raise Refused(422, message("serve.no_picture"))
    words = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    try:
        return picture, Settings.model_validate(words).intent()
    except ValidationError as error:
        raise Refused(422, message("serve.settings", problems=problems(error))) from error


def full_or(error: OSError) -> Refused:
    """A refusal because the disk is full; raises any other error again."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Refused(507, message("serve.disk_full"), 300)
    raise error


def problems(error: ValidationError) -> tuple[str, ...]:
    """Which setting, and what is wrong with it; the value itself is not repeated."""
    return tuple(
        f"{'.'.join(map(str, one['loc']))}: {one['msg'].removeprefix('Value error, ')}"
        for one in error.errors(include_url=False, include_input=False)
    )


def checked_pixels(job: Job, limits: Limits) -> int:
    """How many pixels its header states; raises for no picture, or one too large to decode."""
    with job.source.open("rb") as stream:
        head = stream.read(_HEAD)
    if not any(FORMATS[name].opens(head) for name in ACCEPTED):
        raise Refused(415, message("serve.format", formats=ACCEPTED))
    pixels = pixel_count(job.source)
    if not pixels:
        raise Refused(415, message("serve.damaged"))
    if pixels > limits.pixels:
        raise Refused(413, message("serve.too_many_pixels", most=limits.pixels / 1e6))
    return pixels
