"""A scripted engine: speaks the frames, computes nothing, does as the request's style tells it.

Styles that are orders: "slow" (waits until it is cancelled), "die", "fail", "stray" (prints into
the frames), "twice" (is protected already), "later" (previews take a moment, and can be cancelled
meanwhile). Without one: the colours come back inverted.
"""

import json
import os
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "krita_plugin" / "glassine_krita" / "engine"))

from frames import PART, PROTOCOL, Unpacker, pack  # noqa: E402

THUMBNAIL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9Q"
    "DwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
CATALOGUE = {
    "styles": [
        {"name": name, "says": f"style {name}", "thumbnail": THUMBNAIL}
        for name in ("slow", "die", "fail", "stray", "twice", "plain", "later")
    ],
    "concepts": [{"name": "cat", "says": "cat", "thumbnail": THUMBNAIL}],
    "marks": [
        {"name": "xmp", "says": "metadata", "note": "", "formats": ["png"], "missing": ""},
        {"name": "receipt", "says": "ledger", "note": "", "formats": [], "missing": ""},
        {"name": "gone", "says": "gone", "note": "", "formats": [], "missing": "needs a library"},
    ],
    "formats": [
        {"name": "png", "says": "PNG", "suffixes": [".png"], "lossy": False},
        {"name": "jpeg", "says": "JPEG", "suffixes": [".jpg"], "lossy": True},
    ],
    "sites": [{"name": "site", "says": "Site", "longest": 1440}],
    "unheard_of": [{"name": "new"}],
    "version_of_list": 3,
}

LATER = 0.2  # seconds
OPPOSITE = bytes(255 - value for value in range(256))


class Engine:
    def __init__(self):
        self.lock, self.calls, self.parts = threading.Lock(), {}, {}

    def send(self, body, blob=b""):
        with self.lock:
            data = memoryview(pack(body, blob))
            while data:
                data = data[os.write(1, data) :]

    def receive(self, body, blob):
        number = body["id"]
        if "method" in body:
            self.calls[number] = body
            self.parts[number] = {name: bytearray() for name in body.get("blobs", {})}
        elif body.get("cancel"):
            self.calls.pop(number, None)
            self.send({"id": number, "cancelled": True})
            return
        elif "blob" in body and number in self.calls:
            self.parts[number][body["blob"]] += blob
            self.send({"id": number, "got": len(blob)})
        else:
            return
        call, parts = self.calls.get(number), self.parts[number]
        if all(len(parts[name]) == size for name, size in call.get("blobs", {}).items()):
            self.run(number, call["method"], call["ask"], parts)

    def run(self, number, method, ask, parts):
        order = ask.get("intent", {}).get("style", "")
        told = {"done": 1, "total": 2, "stage": "optimise", "fraction": 0.5, "left": 3.0}
        if method in ("protect", "export", "preview"):
            self.send({"id": number, "progress": told})
        if order == "slow" and method != "preview":
            return
        if order == "die" and method == "protect":
            os._exit(9)
        if order == "stray" and method == "protect":
            os.write(1, b"Loading weights: 100%\n" * 4)
            return
        if order == "fail" and method == "protect":
            self.send({"id": number, "error": "NotUsable", "says": "This was asked. Do that."})
            return
        if order == "twice" and not ask.get("again"):
            says = "Your export 3 of 2026-11-01, to the byte; never published."
            self.send({"id": number, "error": "AlreadyProtected", "says": says})
            return
        if order == "later" and method == "preview":
            threading.Timer(LATER, self.if_wanted, (number, ask, parts)).start()
            return
        getattr(self, method)(number, ask, parts)

    def if_wanted(self, number, ask, parts):
        if number in self.calls:
            self.preview(number, ask, parts)

    def answer(self, number, result, **blobs):
        self.send({"id": number, "blobs": {name: len(data) for name, data in blobs.items()}})
        for name, data in blobs.items():
            for start in range(0, len(data), PART):
                self.send({"id": number, "blob": name}, bytes(data[start : start + PART]))
        self.send({"id": number, "result": result})

    def warm(self, number, ask, parts):
        self.answer(number, {})

    def estimate(self, number, ask, parts):
        pixels = ask["width"] * ask["height"]
        self.answer(number, {"seconds": {"preview": 1.0, "quick": pixels / 1e4, "full": 9999.0}})

    def preview(self, number, ask, parts):
        width, height = ask["pixels"]["width"], ask["pixels"]["height"]
        before = bytes(parts["pixels"])
        names = ["before", "after", "difference"]
        blobs = dict.fromkeys(names, before) | {"after": inverted(before, 1)}
        if ask.get("full"):
            blobs["full"] = inverted(before, 1)
        about = {"width": width, "height": height, "ssimulacra2": 70.0, "goals": ["a style"]}
        about |= {"finer": False, "gain": 8, "strength": ask["intent"]["strength"]}
        self.answer(number, about, **blobs)

    def protect(self, number, ask, parts):
        data, about = bytes(parts["pixels"]), ask["pixels"]
        size = {"u8": 1, "u16": 2, "f16": 2, "f32": 4}[about["type"]]
        out = bytearray(inverted(data, size))
        mask = bytes(parts.get("mask") or bytes([1]) * (len(data) // (4 * size)))
        for at in (at for at, chosen in enumerate(mask) if not chosen):
            out[4 * size * at : 4 * size * (at + 1)] = bytes(4 * size)
        alphas = set(out[4 * size - 1 :: 4 * size])
        caption = ask["intent"].get("shows", "")
        result = {"ssimulacra2": 70.0, "caption": caption, "notes": [], "goals": ["a style"]}
        self.answer(number, result | {"translucent": bool(alphas - {0, 255})}, pixels=out)

    def examine(self, number, ask, parts):
        copy = "-protected" in ask.get("file", "")
        says = "Your export 3 of 2026-11-01, to the byte; never published." if copy else ""
        self.answer(number, {"protected": says, "found": []})

    def report(self, number, ask, parts):
        trials = [{"says": "blur", "left": 0.25}, {"says": "noise", "left": None}]
        assert parts["file"].startswith(b"FILE") and parts["pixels"]
        self.answer(number, {"doubts": [], "trials": trials}, report=b"<!doctype html>more")

    def export(self, number, ask, parts):
        import hashlib

        data = b"FILE" + bytes(parts["pixels"])
        wrong = ask["intent"].get("style") == "fail"
        about = {"sha256": "0" if wrong else hashlib.sha256(data).hexdigest(), "caption": ""}
        about |= {"width": 1, "height": 1, "notes": []}
        about |= {"doubts": [{"code": "new", "says": "A doubt."}]}
        about |= {"cost": {"ssimulacra2": 70.0}, "asked": ask["intent"]}
        self.answer(number, about, file=data, report=b"<!doctype html>report")

    def placed(self, number, ask, parts):
        """The receipt repeats what was asked."""
        if "refused" in ask.get("path", ""):
            self.send({"id": number, "error": "NotUsable", "says": "Its disk is full."})
            return
        self.answer(number, {}, **({"receipt": json.dumps(ask).encode()} if ask["sidecar"] else {}))


def inverted(data, size):
    """Colours inverted, alpha kept."""
    out = bytearray(data.translate(OPPOSITE))
    for k in range(size):
        out[3 * size + k :: 4 * size] = data[3 * size + k :: 4 * size]
    return bytes(out)


def main():
    engine, unpacker = Engine(), Unpacker()
    sys.stderr.write("scripted engine\n")
    hello = {"protocol": int(os.environ.get("FAKE_PROTOCOL", PROTOCOL)), "version": "0.1.0"}
    kind = os.environ.get("GLASSINE_DEVICE") or os.environ.get("FAKE_DEVICE", "cpu")
    says = "CPU, 2 threads" if kind == "cpu" else "A card"
    hello |= {"device": {"kind": kind, "says": says}, "catalogue": CATALOGUE}
    hello["methods"] = ["protect", "preview", "export", "examine", "report"]
    engine.send({"hello": hello})
    while chunk := os.read(0, 1 << 20):
        for body, blob in unpacker.feed(chunk):
            engine.receive(body, blob)


main()
