"""The real engine process over its pipes: hello, pixels, cancel, bad requests, and its end."""

import contextlib
import gc
import io
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from threading import Event

import numpy as np
import psutil
import pytest
import pyvips
import torch
from glassine import ledger
from glassine.errors import NotUsable
from glassine.flow import timing
from glassine.flow.plan import plan
from glassine.flow.recipes import STEPS
from glassine.machine.loading import kept_for_good
from glassine.messages import LANGUAGES, from_plain
from glassine.pixels.flatten import on_white
from glassine.pixels.srgb import to_linear, to_srgb
from glassine.plain import typed
from glassine.service import raster, requests, warming
from glassine.service.answers import Captioned
from glassine.service.asked import Nothing, Pixels, Wish
from glassine.service.call import Answer, Method
from glassine.service.frames import PART, PROTOCOL, Unpacker, pack
from glassine.service.methods import METHODS, hello
from glassine.service.session import Session
from glassine.service.state import State
from glassine.types import Artwork, Intent, quiet
from glassine.visibility.limits import strictest
from heavy import HEAVY
from PIL import Image
from waiting import PATIENCE, until

ROOT = Path(__file__).resolve().parents[1]
SERVE = ROOT / "tests" / "fakes" / "serve.py"
W, H = 72, 64


class Client:
    """What the plugin does, without Qt."""

    def __init__(self, folder):
        self.ledger = folder / "ledger"
        env = {**os.environ, "GLASSINE_THREADS": "1", "GLASSINE_LEDGER": str(self.ledger)}
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-u", str(SERVE)],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.unpacker, self.waiting = Unpacker(), []

    def send(self, body, blob=b""):
        self.process.stdin.write(pack(body, blob))
        self.process.stdin.flush()

    def frame(self):
        while not self.waiting:
            chunk = os.read(self.process.stdout.fileno(), 1 << 20)
            assert chunk, f"the engine ended with {self.process.wait()}"
            self.waiting += self.unpacker.feed(chunk)
        return self.waiting.pop(0)

    def ask(self, number, method, ask, **blobs):
        sizes = {name: len(data) for name, data in blobs.items()}
        self.send({"id": number, "method": method, "ask": ask, "blobs": sizes})
        for name, data in blobs.items():
            for start in range(0, len(data), PART):
                self.send({"id": number, "blob": name}, data[start : start + PART])

    def answer(self, number):
        """The last frame of that request, its blobs, and the progress on the way."""
        blobs, progress = {}, []
        while True:
            body, blob = self.frame()
            if body.get("id") != number:
                continue
            if "blob" in body:
                blobs[body["blob"]] = blobs.get(body["blob"], b"") + blob
                self.send({"id": number, "got": len(blob)})
            if "progress" in body:
                progress.append(body["progress"])
            if set(body) & {"result", "error", "cancelled"}:
                return body, blobs, progress


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    made = Client(tmp_path_factory.mktemp("engine"))
    body, _ = made.frame()
    made.hello = body["hello"]
    yield made
    made.process.stdin.close()
    ended = made.process.wait(PATIENCE)
    made.process.stdout.close()
    assert ended == 0, "ends when its stdin closes"


@pytest.fixture
def pixels():
    """(H, W, 4) BGRA with texture, a hole and a see-through corner."""
    draw = np.random.default_rng(5)
    found = draw.integers(0, 256, (H, W, 4), dtype=np.uint8)
    found[..., 3] = 255
    found[:16, :16, 3] = 0
    found[48:, 48:, 3] = 100
    return found


def about(kind="u8", order="BGRA", **more):
    return {"width": W, "height": H, "order": order, "type": kind, **more}


def intent(**more):
    return {
        "recipe": "cloak",
        "style": "ember",
        "strength": 60,
        "effort": "preview",
        "seed": 3,
        **more,
    }


def said(body):
    """What is wrong, in English."""
    return str(from_plain(body["message"]))


def protected(client, number, data, kind="u8", **more):
    ask = {"pixels": about(kind, **more), "intent": intent()}
    client.ask(number, "protect", ask, pixels=data.tobytes())
    body, blobs, _ = client.answer(number)
    assert "result" in body, body
    return body["result"], np.frombuffer(blobs["pixels"], data.dtype).reshape(data.shape)


def test_hello_says_who_is_there_and_what_there_is(client):
    hello = client.hello
    assert hello["protocol"] == PROTOCOL and hello["device"]["says"]
    listed = hello["catalogue"]
    assert {"protect", "preview", "examine", "report"} <= set(hello["methods"])
    for kind in ("recipes", "styles", "concepts", "marks", "formats", "surrogates", "sites"):
        assert listed[kind] and all(row["name"] for row in listed[kind]), kind
    assert all(row["thumbnail"] for row in listed["styles"] + listed["concepts"])
    assert len(json.dumps(hello)) < 1 << 20


def test_hello_brings_the_words_of_every_code(client):
    """So a plugin that does not know a code can say it in its own language."""
    words = client.hello["words"]
    assert set(words) == set(LANGUAGES)
    client.ask(12, "protect", {"intent": intent()})
    body, _, _ = client.answer(12)
    texts = {words[language][body["message"]["code"]] for language in LANGUAGES}
    assert len(texts) == len(LANGUAGES) and all("{field}" in text for text in texts)


@pytest.mark.parametrize(
    ("shows", "caption"),
    [("dog", "a picture of a dog"), (" An  Apple ", "a picture of an apple"), (" ", "")],
)
def test_the_caption_is_the_one_that_the_plan_will_have(client, scene, shows, caption):
    client.ask(13, "caption", {"shows": shows, "teach": "cat"})
    assert client.answer(13)[0]["result"] == {"caption": caption}
    if caption:
        wanted = Intent(recipe="poison", shows=shows, teach="cat", surrogates=("embedded",))
        assert plan(Artwork(scene), wanted).caption == caption


def test_pixels_go_and_come_back_in_the_same_form(client, pixels):
    result, out = protected(client, 1, pixels)
    assert (out[..., 3] == pixels[..., 3]).all(), "alpha to the bit"
    assert (out[:16, :16] == pixels[:16, :16]).all(), "nothing under alpha 0 changes"
    assert (out != pixels).any() and result["translucent"]
    assert result["ssimulacra2"] > 59.5
    others = strictest([(on_canvas(pixels), on_canvas(out))])
    assert min(result["ssimulacra2"], others) < 62, "as much as the strictest judge allows"
    _, again = protected(client, 2, pixels)
    assert (out == again).all(), "same request, same pixels"


def on_canvas(bgra):
    """(3, H, W) in [0, 1]: as it is seen on white."""
    rgba = torch.from_numpy(bgra[..., [2, 1, 0, 3]].copy()).permute(2, 0, 1) / 255
    return on_white(rgba[:3], rgba[3:])


def test_sixteen_bits_and_floats_keep_what_they_hold(client, pixels):
    wide = pixels.astype(np.uint16) * 257
    wide[..., :3] -= np.minimum(wide[..., :3], 101)
    _, out = protected(client, 3, wide, "u16")
    assert (out[..., 3] == wide[..., 3]).all() and (out % 257 != 0).mean() > 0.3
    light = (wide / np.float32(65535)).astype(np.float32)
    light[20, :, :3] = 4.5  # brighter than white
    light[21, 0, 0] = np.nan
    _, out = protected(client, 4, light, "f32", order="RGBA", linear=True)
    assert (out[20] == light[20]).all() and np.isnan(out[21, 0, 0])
    changed = np.abs(out[22:40, :, :3] - light[22:40, :, :3])
    assert 0 < changed.mean() < 0.1


def test_the_selection_is_all_that_changes(client, pixels):
    mask = np.zeros((H, W), np.uint8)
    mask[20:40, 20:50] = 255
    ask = {"pixels": about(), "intent": intent()}
    client.ask(5, "protect", ask, pixels=pixels.tobytes(), mask=mask.tobytes())
    body, blobs, _ = client.answer(5)
    out = np.frombuffer(blobs["pixels"], np.uint8).reshape(H, W, 4)
    assert not out[mask == 0].any(), "nothing at all outside"
    assert (out[mask > 0][:, 3] == pixels[mask > 0][:, 3]).all()
    assert (out[mask > 0] != pixels[mask > 0]).any()
    seen_through = (pixels[mask > 0][:, 3] < 255).any()
    assert (pixels[..., 3] < 255).any() and not seen_through, "as this test needs them"
    assert not body["result"]["translucent"], "what lies beside the selection does not count"


def test_progress_ends_at_the_end_and_says_what_is_left(client, pixels):
    client.ask(6, "protect", {"pixels": about(), "intent": intent()}, pixels=pixels.tobytes())
    _, _, progress = client.answer(6)
    assert progress and all(0 <= one["fraction"] <= 1 and one["left"] >= 0 for one in progress)
    stages = [one["stage"] for one in progress]
    assert stages == sorted(stages, key=("optimise", "fit").index)


def test_a_preview_and_another_strength(client, pixels):
    def preview(number, *, seconds=5.0, scaled=False, **more):
        ask = {"pixels": about(), "intent": intent(**more), "seconds": seconds, "full": not scaled}
        ask |= {"scaled": scaled, "of": "these"}
        client.ask(number, "preview", ask, **({} if scaled else {"pixels": pixels.tobytes()}))
        body, blobs, progress = client.answer(number)
        assert "result" in body, body
        return body["result"], blobs, progress

    told, blobs, first = preview(7)
    size = told["width"] * told["height"] * 4
    assert {len(blobs[name]) for name in ("before", "after", "difference")} == {size}
    assert len(blobs["full"]) == pixels.size
    told, _, second = preview(8, strength=85)
    assert told["ssimulacra2"] > 84.5
    assert "optimise" in {one["stage"] for one in first}
    assert "optimise" not in {one["stage"] for one in second}, "a new strength costs no gradient"
    _, dragged, nothing = preview(9, strength=72, scaled=True)
    assert not nothing, "a strength that is dragged costs no look either"
    _, looked, _ = preview(10, strength=72)
    dragged, looked = (
        np.frombuffer(one["after"], np.uint8).astype(int) for one in (dragged, looked)
    )
    clean = np.frombuffer(blobs["before"], np.uint8).astype(int)
    amount = np.abs(dragged - clean).mean() / np.abs(looked - clean).mean()
    assert 0.7 < amount < 1.4, "as much of the change as will be found, about"
    _, _, longer = preview(11, strength=72, seconds=6.0)
    assert not longer, "more time that makes it no larger is not spent"
    ask = {"pixels": about(), "intent": intent(), "seconds": 5.0, "scaled": True, "of": "others"}
    client.ask(12, "preview", ask)
    assert client.answer(12)[0]["error"] == "NotUsable", "of what it has not seen"


def test_a_preview_shows_what_a_model_sees_with_nothing_downloaded(client, pixels):
    ask = {"pixels": about(), "intent": intent(), "seconds": 5.0, "sees": True}
    client.ask(11, "preview", ask, pixels=pixels.tobytes())
    body, blobs, _ = client.answer(11)
    told = body["result"]
    assert told["seen_by"] == "flux2" and told["seen_gain"] > 1
    seen = {name: blobs[name] for name in blobs if name.startswith("sees")}
    assert set(seen) == {"sees_before", "sees_after", "sees_goal", "sees_difference"}
    assert {len(one) for one in seen.values()} == {told["width"] * told["height"] * 4}
    views = {name: np.frombuffer(one, np.uint8).astype(int) for name, one in seen.items()}
    assert 0 < np.abs(views["sees_after"] - views["sees_before"]).mean() < 40
    picture = np.frombuffer(blobs["before"], np.uint8).astype(int)
    assert (views["sees_before"] != picture).any(), "the picture itself there would be a lie"


def test_cancel_is_answered_within_half_a_second(client, pixels):
    """Of the engine's own processor time, which no busy machine makes longer."""

    def worked():
        return sum(psutil.Process(client.process.pid).cpu_times()[:2])

    large = np.tile(pixels, (8, 8, 1))
    ask = {"pixels": {**about(), "width": W * 8, "height": H * 8}, "intent": intent(effort="full")}
    client.ask(9, "protect", ask, pixels=large.tobytes())
    while "got" not in client.frame()[0]:
        pass
    idle = worked()
    until(lambda: worked() - idle > 0.3, "the engine at work")
    began = worked()
    client.send({"id": 9, "cancel": True})
    body, _, _ = client.answer(9)
    assert body.get("cancelled") and worked() - began < 0.5


def test_work_that_asks_no_watcher_is_stopped_and_the_next_request_begins(monkeypatch):
    """Between any two operations of torch, wherever the work is, and on its own thread only."""
    begun, frames, unpacker = Event(), [], Unpacker()

    @torch.no_grad()
    def endless(request):
        while True:
            begun.set()
            torch.ones(1) + 1

    def gradient(request):
        one = torch.ones(1, requires_grad=True)
        (found,) = torch.autograd.grad((one * 3).sum(), one)
        return Answer(Captioned(str(found.item())))

    def written(frame):
        frames.extend(body for body, _ in unpacker.feed(bytes(frame)))
        return len(frame)

    def told(number, what):
        return any(body["id"] == number and what in body for body in frames)

    monkeypatch.setitem(METHODS, "endless", Method(Nothing, endless))
    monkeypatch.setitem(METHODS, "gradient", Method(Nothing, gradient))
    session = Session(written)
    session.receive({"id": 1, "method": "endless"}, b"")
    assert begun.wait(PATIENCE)
    session.receive({"id": 1, "cancel": True}, b"")
    session.receive({"id": 2, "method": "gradient"}, b"")
    until(lambda: told(2, "result") or told(2, "error"), "the next request's answer")
    assert told(1, "cancelled") and not told(1, "error")
    assert told(2, "result"), "gradients were switched off in the work that was stopped"
    assert torch.ones(1) + 1 == 2


def test_an_estimate_counts_steps_and_the_goals_that_they_look_at(monkeypatch):
    monkeypatch.setattr(timing, "gradient_seconds", lambda name, device: (1.0,) * 5)
    monkeypatch.setattr(timing, "look_seconds", lambda: 0.0)
    ask = {"recipe": "cloak", "width": 100, "height": 100, "surrogates": ["embedded"]}
    seconds = METHODS["estimate"](ask, {}, quiet, State()).result.seconds
    pixels = 104**2  # sides that an encoder can take
    for effort, steps in STEPS.items():
        assert seconds[effort] == pytest.approx(steps * pixels * 4 / 3)


@pytest.mark.parametrize(
    ("method", "ask", "word"),
    [
        ("protekt", {}, "protect"),
        ("protect", {"pixels": {**about(), "height": H + 1}, "intent": intent()}, "announced"),
        ("protect", {"pixels": about("u32"), "intent": intent()}, "u32"),
        ("protect", {"pixels": about(), "intent": intent(recipe="claok")}, "cloak"),
        ("protect", {"pixels": about(), "intent": intent(recipe="poison")}, "both"),
        ("protect", {"intent": intent()}, "'pixels'"),
        ("protect", {"pixels": {**about(), "width": "72"}, "intent": intent()}, "'pixels.width'"),
        ("protect", {"pixels": about(), "intent": intent(effort="never")}, "effort"),
        ("preview", {"pixels": about(), "intent": intent()}, "'seconds'"),
        ("estimate", {"recipe": "claok", "width": W, "height": H}, "cloak"),
    ],
)
def test_bad_requests_are_answered_in_words(client, pixels, method, ask, word):
    client.ask(20, method, ask, pixels=pixels.tobytes())
    body, _, _ = client.answer(20)
    assert body["error"] != "Bug" and word in said(body), body


def test_an_export_is_a_file_with_its_evidence(client, pixels):
    wanted = intent(export={"format": "png", "marks": ["xmp"], "claim": {"creator": "Ada"}})
    client.ask(30, "export", {"pixels": about(), "intent": wanted}, pixels=pixels.tobytes())
    body, blobs, _ = client.answer(30)
    told = body["result"]
    import hashlib

    assert hashlib.sha256(blobs["file"]).hexdigest() == told["sha256"]
    assert blobs["file"].startswith(b"\x89PNG") and b"Ada" in blobs["file"]
    assert blobs["report"].lstrip()[:15].lower().startswith(b"<!doctype html")
    assert told["doubts"] and told["effects"] and told["cost"]["ssimulacra2"] > 55
    assert set(blobs) == {"file", "report"}


def test_a_file_from_krita_has_a_profile_its_size_on_paper_and_no_new_colours(client):
    """16 bits without a profile are linear light to Krita, and 300 dpi were 72."""
    rows = np.random.default_rng(3).integers(9000, 50000, (H, W, 1), np.uint16)
    grey = np.concatenate([rows] * 3 + [np.full_like(rows, 65535)], 2)
    told = about() | {"type": "u16", "ppi": 300.0, "grey": True}
    wanted = intent(export={"format": "png"})
    for number, as_is in ((61, False), (62, True)):
        ask = {"pixels": told, "intent": wanted, "as_is": as_is}
        client.ask(number, "export", ask, pixels=grey.tobytes())
        body, blobs, _ = client.answer(number)
        assert "result" in body, body
        image = pyvips.Image.new_from_buffer(blobs["file"], "")
        assert image.get_typeof("icc-profile-data") and image.format == "ushort"
        assert round(image.xres * 25.4) == round(image.yres * 25.4) == 300
        red, green, blue = (image[band].numpy() for band in range(3))
        assert (red == green).all() and (green == blue).all(), "no tint"
        assert (red == rows[..., 0]).all() == as_is, "as it is, to the bit"


@pytest.mark.parametrize("private", [False, True])
def test_a_copy_says_of_its_file_who_made_it_and_the_rest_if_asked(client, tmp_path, private):
    """Krita sends pixels only; the file that they were opened from has an author and a place."""
    file, rgb = tmp_path / "opened.jpg", np.full((H, W, 3), 90, np.uint8)
    told = Image.Exif()
    told[0x013B], told[0x0110] = "Ann", "Spycam"
    told.get_ifd(0x8825)[1] = "N"
    Image.fromarray(rgb).save(file, exif=told, dpi=(300, 300))
    wanted = intent(export={"format": "webp", "quality": 90, "keep_private": private})
    pixels = np.full((H, W, 4), 90, np.uint8)
    body, blobs, _ = exported(client, 37, pixels, intent=wanted, file=str(file))
    kept = Image.open(io.BytesIO(blobs["file"])).getexif()
    assert kept[0x013B] == "Ann" and kept[0x011A] == 300
    assert (kept.get(0x0110) == "Spycam") is private and bool(kept.get_ifd(0x8825)) is private
    notes = [note["code"] for note in body["result"]["notes"]]
    assert ("metadata.dropped" in notes) is not private


def test_a_receipt_travels_and_learns_its_place(client, pixels, tmp_path, monkeypatch):
    wanted = intent(export={"format": "png", "marks": ["receipt"], "sidecar": True})
    body, blobs, _ = exported(client, 29, pixels, intent=wanted)
    digest, place = body["result"]["sha256"], str(tmp_path / "copy.png")
    monkeypatch.setenv("GLASSINE_LEDGER", str(client.ledger))
    assert set(blobs) == {"file", "report"} and ledger.by_sha256(digest) is None, "not written yet"
    client.ask(28, "placed", {"sha256": digest, "path": place, "sidecar": True})
    body, blobs, _ = client.answer(28)
    assert "result" in body and json.loads(blobs["receipt"])["sha256"] == digest
    assert ledger.by_sha256(digest).path == place


@pytest.mark.parametrize("method", ["estimate", "preview", "protect", "export", "report"])
def test_every_method_computes_where_the_engine_was_told_to(monkeypatch, pixels, method):
    monkeypatch.setenv("GLASSINE_DEVICE", "abacus")
    ask = {"pixels": about(), "intent": intent(export={"format": "png"}), "seconds": 1}
    ask |= {"recipe": "cloak", "width": W, "height": H}
    with pytest.raises(NotUsable, match="'abacus' was asked for"):
        METHODS[method](ask, {"pixels": bytearray(pixels.tobytes())}, quiet, State())


def test_an_engine_for_the_processor_says_so(monkeypatch):
    from glassine.machine import device

    monkeypatch.setattr(device, "seen_cards", lambda: pytest.fail("a card was looked at"))
    monkeypatch.setenv("GLASSINE_DEVICE", "cpu")
    assert hello(State())["device"]["kind"] == "cpu"


def test_a_receipt_of_an_engine_that_is_gone_is_refused_in_words(client):
    client.ask(27, "placed", {"sha256": "0" * 64, "sidecar": True})
    body, _, _ = client.answer(27)
    assert body["error"] == "NotUsable" and "Export it once more." in said(body), body


def exported(client, number, pixels, **more):
    client.ask(number, "export", {"pixels": about(), **more}, pixels=pixels.tobytes())
    return client.answer(number)


def test_what_was_exported_here_is_recognised_and_asked_about(client, pixels, tmp_path):
    wanted = intent(export={"format": "png", "marks": ["receipt"]})
    body, blobs, _ = exported(client, 31, pixels, intent=wanted)
    copy = tmp_path / "copy.png"
    copy.write_bytes(blobs["file"])
    client.ask(28, "placed", {"sha256": body["result"]["sha256"]})
    client.answer(28)
    client.ask(32, "examine", {"file": str(copy)})
    told = client.answer(32)[0]["result"]
    assert told["protected"]["fields"]["export"] and told["found"][0]["mark"] == "receipt"
    body, _, _ = exported(client, 33, pixels, intent=wanted, file=str(copy))
    assert body["error"] == "AlreadyProtected" and body["message"] == told["protected"]
    body, _, _ = exported(client, 34, pixels, intent=wanted, file=str(copy), again=True)
    assert "result" in body, "and is done where it is asked for"
    ask = {"pixels": about(), "intent": intent(), "file": str(copy)}
    client.ask(35, "protect", ask, pixels=pixels.tobytes())
    assert client.answer(35)[0]["error"] == "AlreadyProtected"


def test_a_file_that_is_gone_or_no_picture_is_nothing_known(client, pixels, tmp_path):
    other = tmp_path / "notes.txt"
    other.write_text("words")
    for number, path in enumerate((other, tmp_path / "gone.png", tmp_path), 36):
        client.ask(
            number, "examine", {"file": str(path), "pixels": about()}, pixels=pixels.tobytes()
        )
        assert client.answer(number)[0]["result"] == {"protected": None, "found": []}


def test_a_report_measures_the_file_that_was_written(client, pixels):
    pixels[..., 3] = 255
    _, blobs, _ = exported(client, 41, pixels, intent=intent())
    ask = {"pixels": about(), "intent": intent(), "after": ["jpeg75"]}
    client.ask(42, "report", ask, pixels=pixels.tobytes(), file=blobs["file"])
    told, pages, progress = client.answer(42)
    assert [one["says"]["code"] for one in told["result"]["trials"]] == ["purifier.jpeg75"]
    assert told["result"]["doubts"] and progress[-1]["stage"] == "verify"
    assert pages["report"].lstrip()[:15].lower().startswith(b"<!doctype html")
    marked = intent(export={"format": "png", "marks": ["watermark"]})
    small = {**ask, "intent": marked, "pixels": {**about(), "height": H // 2}}
    client.ask(43, "report", small, pixels=pixels[: H // 2].tobytes(), file=blobs["file"])
    assert "compared" in said(client.answer(43)[0])
    with contextlib.closing(sqlite3.connect(client.ledger)) as link:
        tables = {name for (name,) in link.execute("SELECT name FROM sqlite_master")}
        issued = link.execute("SELECT * FROM ids").fetchall() if "ids" in tables else []
    assert issued == [], "a report draws no watermark's number"


def test_garbage_on_stdin_ends_the_engine():
    made = subprocess.Popen(
        [sys.executable, "-I", "-u", str(SERVE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    _, words = made.communicate(b"GET / HTTP/1.1\r\n\r\n" * 4, timeout=PATIENCE)
    assert made.returncode == 2 and b"Not a frame" in words


def test_linear_light_is_encoded_and_back():
    light = torch.linspace(0, 1, 4096)
    assert (to_linear(to_srgb(light)) - light).abs().max() < 1e-6


def test_a_mask_of_another_size_is_refused():
    picture = raster.raster(typed(Pixels, about()), bytes(4 * W * H))
    with pytest.raises(NotUsable, match="selection"):
        requests.wanted_intent(typed(Wish, intent()), picture, b"\1" * 7)


def test_too_large_an_announcement_is_refused(client):
    client.send({"id": 40, "method": "protect", "ask": {}, "blobs": {"pixels": 1 << 50}})
    body, _, _ = client.answer(40)
    assert "announced" in said(body)


@pytest.mark.parametrize(
    ("method", "ask", "word"),
    [
        ("export", {"intent": intent(export={"format": "ora"})}, "ora"),
        ("export", {"intent": intent(export={"marks": ["xmp"], "keep_path": True})}, "ledger"),
        (
            "export",
            {"intent": intent(export={"marks": ["xmp"], "claim": {"policy": "whatever"}})},
            "whatever",
        ),
        ("export", {"intent": intent(campaign="none")}, "none"),
        ("protect", {"intent": intent(strength=[])}, "'intent.strength'"),
        ("protekt", {"intent": intent()}, "protect"),
    ],
    ids=("format", "receipt", "policy", "campaign", "shape", "method"),
)
def test_what_no_pixels_could_make_right_is_refused_before_they_are_there(
    client, method, ask, word
):
    """Parts that are under way meanwhile are nobody's, and the next request is served."""
    ask = {"pixels": about(), **ask}
    client.send({"id": 41, "method": method, "ask": ask, "blobs": {"pixels": 4 * W * H}})
    body, _, _ = client.answer(41)
    assert body["error"] != "Bug" and word in said(body), body
    client.send({"id": 41, "blob": "pixels"}, bytes(4 * W * H))
    client.ask(42, "caption", {"shows": "a cat"})
    body, _, _ = client.answer(42)
    assert "result" in body


def test_an_export_in_the_name_of_a_bad_certificate_reads_no_pixels(client):
    claim = {"certificate": "none.pem", "key": "none.pem"}
    wish = intent(export={"marks": ["c2pa"], "claim": claim})
    ask = {"pixels": about(), "intent": wish}
    client.send({"id": 43, "method": "export", "ask": ask, "blobs": {"pixels": 4 * W * H}})
    body, _, _ = client.answer(43)
    assert body["error"] == "NotUsable" and "none.pem" in said(body)


WARMED = """
import json, sys
import numpy
from glassine.service.methods import METHODS, hello
from glassine.service.state import State
from glassine.service.warming import to_load
state, quiet = State(), lambda now: None
hello(state)
for load in to_load(state):
    load()
warm = set(sys.modules)
pixels = {"width": 96, "height": 96, "order": "BGRA", "type": "u8"}
ask = {"pixels": pixels, "intent": {}, "seconds": 9.0}
METHODS["preview"](ask, {"pixels": numpy.full((96, 96, 4), 99, "uint8").tobytes()}, quiet, state)
print(json.dumps([sorted(set(sys.modules) - warm), sorted(warm)]))
"""


def test_a_warm_engine_loads_nothing_for_its_first_preview():
    words = [sys.executable, "-c", WARMED]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    later, warm = json.loads(done.stdout.splitlines()[-1])
    assert later == [] and {"lpips", "piq"} <= set(warm)
    assert not (HEAVY | {"kornia", "torchvision.datasets"}) & set(warm), "nobody waits for these"


def test_the_engine_loads_ahead_and_a_request_goes_before_the_next_part(monkeypatch):
    """Unasked, a part at a time; what cannot be loaded keeps nobody."""
    ran, begun, go_on = [], Event(), Event()

    def failing():
        ran.append("no such weights")
        raise OSError

    def slow():
        ran.append("a part")
        begun.set()
        assert go_on.wait(PATIENCE)

    parts = iter((failing, slow, lambda: ran.append("another")))
    monkeypatch.setattr(warming, "to_load", lambda state: parts)
    monkeypatch.setitem(
        METHODS, "asked", Method(Nothing, lambda request: Answer(ran.append("asked")))
    )
    session = Session(lambda frame: len(frame))
    session.greet()
    assert begun.wait(PATIENCE)
    session.receive({"id": 1, "method": "asked"}, b"")
    go_on.set()
    until(lambda: len(ran) == 4, "all parts")
    assert ran == ["no such weights", "a part", "asked", "another"]


def test_what_is_loaded_is_never_looked_at_for_garbage():
    looks, held = [], []
    gc.callbacks.append(seen := lambda *told: looks.append(told))
    try:
        with kept_for_good():
            held += [[] for _ in range(100_000)]
    finally:
        gc.callbacks.remove(seen)
        loaded, collects = gc.get_freeze_count(), gc.isenabled()
        gc.unfreeze()
    assert not looks and collects and loaded >= len(held)
