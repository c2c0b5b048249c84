"""Why something failed: a few words for the artist; what a library said is for a bug report."""

import errno
import json
import sqlite3
import zipfile
from dataclasses import replace
from io import BytesIO
from urllib.error import HTTPError, URLError

import httpx
import pytest
import torch
from glassine.causes import CAUSES, cause_of, details_of
from glassine.cli import speech
from glassine.cli.exits import message_and_code
from glassine.errors import NotUsable, accident, reason_of
from glassine.flow.recipes import RECIPES
from glassine.machine.files import why
from glassine.machine.weights.fetch import network_reason
from glassine.messages import LANGUAGES, from_plain, in_words, message, to_plain
from glassine.service.session import mishap

CARD = RuntimeError("CUDA error: unspecified launch failure\nCUDA kernel errors might be reported")


class Odd(Exception):
    """Says nothing of itself."""


def sqlite_error(name, said="database is odd"):
    error = sqlite3.OperationalError(said)
    error.sqlite_errorname = name
    return error


def on_windows(number):
    error = PermissionError(errno.EACCES, "The process cannot access the file")
    error.winerror = number
    return error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (MemoryError(), "memory"),
        (torch.OutOfMemoryError(), "memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "memory"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "memory"),
        (CARD, "device"),
        (RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), "device"),
        (RuntimeError("HIP error: invalid device function"), "device"),
        (
            RuntimeError("Native API failed. level_zero backend: UR_RESULT_ERROR_DEVICE_LOST"),
            "device",
        ),
        (FloatingPointError("nan"), "numbers"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "disk_full"),
        (PermissionError(errno.EACCES, "Permission denied"), "not_permitted"),
        (OSError(errno.EROFS, "Read-only file system"), "not_permitted"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory"), "absent"),
        (OSError(errno.EBUSY, "Device or resource busy"), "busy"),
        (on_windows(32), "busy"),
        (OSError(errno.EIO, "Input/output error"), "disk"),
        (sqlite_error("SQLITE_BUSY"), "busy"),
        (sqlite_error("SQLITE_FULL"), "disk_full"),
        (sqlite_error("SQLITE_IOERR_WRITE"), "disk"),
        (sqlite_error("SQLITE_READONLY_DIRECTORY"), "not_permitted"),
        (sqlite_error("SQLITE_NOTADB"), "damaged"),
        (EOFError("Ran out of input"), "damaged"),
        (ModuleNotFoundError("No module named 'cv3'"), "library"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "network"),
        (TimeoutError("timed out"), "slow"),
        (
            type("AuthenticationException", (Exception,), {})("Authentication failed."),
            "not_permitted",
        ),
        (type("EndpointConnectionError", (Exception,), {})("Could not connect"), "network"),
        (httpx.ConnectError("refused"), "network"),
        (httpx.ReadTimeout("timed out"), "slow"),
        (RuntimeError("shape '[3, 4]' is invalid for input of size 7"), "unknown"),
        (Odd("No field 'x' in <Odd object at 0x7f>"), "unknown"),
        (KeyError("x"), "unknown"),
    ],
    ids=lambda one: one if isinstance(one, str) else type(one).__name__,
)
@pytest.mark.parametrize("tongue", LANGUAGES)
def test_an_error_is_one_of_a_few_causes_in_words(error, kind, tongue):
    found = cause_of(error)
    assert found.code == f"cause.{kind}" and kind in CAUSES
    words = in_words(found, tongue)
    assert words != found.code and type(error).__name__ not in words
    assert not str(error) or str(error).splitlines()[0] not in words
    assert found.details() == (details_of(error),)
    assert found.fields["details"].startswith(type(error).__name__)


def test_who_asks_may_know_what_an_unclear_error_means():
    assert cause_of(Odd(), "damaged").code == "cause.damaged"
    assert cause_of(OSError(errno.ENOSPC, ""), "damaged").code == "cause.disk_full"


@pytest.mark.parametrize("tongue", LANGUAGES)
@pytest.mark.parametrize("kind", CAUSES)
def test_every_cause_has_words(kind, tongue):
    code = f"cause.{kind}"
    assert in_words(message(code, status=503), tongue) != code


def test_details_are_one_short_line():
    assert details_of(CARD) == "RuntimeError: CUDA error: unspecified launch failure"
    assert details_of(Odd()) == "Odd"
    assert len(details_of(RuntimeError("x" * 5000))) == 200


def test_a_reason_of_ours_stays_what_it_is():
    ours = message("file.disk_full")
    assert reason_of(NotUsable(ours.code)) == ours
    assert reason_of(ConnectionError(ours)) == ours


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (HTTPError("https://x", 404, "Not Found", {}, BytesIO()), "cause.server"),
        (URLError(ConnectionRefusedError(errno.ECONNREFUSED, "refused")), "cause.network"),
        (URLError(TimeoutError("timed out")), "cause.slow"),
        (URLError(OSError("[SSL] certificate verify failed")), "cause.network"),
        (URLError("no host given"), "cause.network"),
        (ConnectionError(message("weights.too_much")), "weights.too_much"),
    ],
)
def test_why_a_download_failed(error, code):
    assert network_reason(error).code == code


def test_a_server_is_quoted_by_its_number():
    error = HTTPError("https://x", 503, "Service Unavailable", {}, BytesIO())
    assert "503" in in_words(network_reason(error), "de")


def test_what_nobody_foresaw_is_said_in_words_everywhere(monkeypatch, tmp_path):
    monkeypatch.setenv("GLASSINE_LANGUAGE", "de")
    error = Odd("No field 'x' in <Odd object at 0x7f>")
    kind, told = mishap(error)
    said = [accident(error), message_and_code(error)[0], told, why(tmp_path / "x", OSError("odd"))]
    assert kind == "Bug"
    for one in said:
        assert "Odd" not in in_words(one, "de") and "Error" not in in_words(one, "de")
        again = from_plain(json.loads(json.dumps(to_plain(one))))
        assert again.details() == one.details() != ()
        terminal = speech.spoken(one)
        assert terminal.startswith(in_words(one, "de"))
        assert f"Details für einen Fehlerbericht: {one.details()[0]}" in terminal


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("CUDA out of memory. Tried to")])
def test_memory_is_called_memory_in_a_torch_error_too(error):
    assert accident(error).code == "accident.memory"
    assert mishap(error)[0] == "OutOfMemory" and mishap(error)[1].code == "service.memory"


def test_a_damaged_file_says_so_once_and_keeps_what_the_library_said(tmp_path):
    from glassine.formats import FORMATS

    whole = BytesIO()
    with zipfile.ZipFile(whole, "w") as folder:
        folder.writestr("mimetype", "application/x-krita")
        folder.writestr("mergedimage.png", b"x" * 100)
    with pytest.raises(NotUsable) as caught:
        FORMATS["kra"].read(whole.getvalue()[:-30], "a.kra")
    said = caught.value.message
    assert "(" not in in_words(said) and said.details()[0].startswith("BadZipFile")


def test_a_card_that_fails_is_told_in_words(monkeypatch, scene):
    from glassine.flow import optimise as module
    from glassine.flow.plan import plan
    from glassine.types import Artwork, Intent

    card = replace(module.choose("cpu"), kind="cuda")
    cpu = module.choose("cpu")
    monkeypatch.setattr(module, "choose", lambda wish: cpu if wish == "cpu" else card)

    def within(made, device, watch):
        if device.kind == "cuda":
            raise CARD
        return scene, ()

    made = plan(Artwork(scene), Intent(), device="cpu")
    assert made.recipe == RECIPES["cloak"]
    monkeypatch.setattr(module, "within_memory", within)
    (note,) = module.optimise(replace(made, device="cuda")).notes
    assert "graphics card does not answer" in str(note)
    assert "CUDA" not in str(note) and "RuntimeError" not in str(note)
    assert note.details() == ("RuntimeError: CUDA error: unspecified launch failure",)
