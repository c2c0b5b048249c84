"""Times of the engine alone for the requests of krita_work.py: the same service without Krita.

    python -m lab.bench.krita_alone PICTURE PART,...

Prints one JSON line. Parts are krita_work.py's: previews, apply, export.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from typing import Any

import pyvips

from ..places import ROOT

sys.path.insert(0, str(ROOT / "core"))

from glassine.service.frames import PART, Unpacker, pack

CLOAK = {"recipe": "cloak", "style": "ember", "strength": 70, "seed": 1}


class Engine:
    """The service as a process, with this file in the place of Krita's plugin."""

    def __init__(self) -> None:
        words = [sys.executable, "-I", "-u", str(ROOT / "tests" / "fakes" / "serve.py")]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdin and self.process.stdout
        self.into, self.out = self.process.stdin, self.process.stdout
        self.waiting: list[tuple[dict[str, Any], bytes]] = []
        self.unpacker, self.number = Unpacker(), 0
        self.frame()  # hello

    def send(self, body: dict[str, Any], blob: bytes = b"") -> None:
        self.into.write(pack(body, blob))
        self.into.flush()

    def frame(self) -> dict[str, Any]:
        while not self.waiting:
            self.waiting += self.unpacker.feed(os.read(self.out.fileno(), 1 << 20))
        body, blob = self.waiting.pop(0)
        if "blob" in body:
            self.send({"id": body["id"], "got": len(blob)})
        return body

    def ask(self, method: str, ask: dict[str, Any], pixels: bytes = b"") -> float:
        """Seconds from the request to the end of its answer."""
        self.number += 1
        began = time.perf_counter()
        sizes = {"pixels": len(pixels)} if pixels else {}
        self.send({"id": self.number, "method": method, "ask": ask, "blobs": sizes})
        for start in range(0, len(pixels), PART):
            self.send({"id": self.number, "blob": "pixels"}, pixels[start : start + PART])
        while True:
            body = self.frame()
            if body.get("id") == self.number and {"result", "error"} & set(body):
                assert "result" in body, body
                return time.perf_counter() - began


def painting(path: str, side: int) -> bytes:
    image = pyvips.Image.new_from_file(path)
    image = image.flatten() if image.hasalpha() else image
    image = image.resize(side / image.width, vscale=side / image.height, kernel="nearest")
    red, green, blue = image.bandsplit()[:3]
    return bytes(blue.bandjoin([green, red, 255]).cast("uchar").write_to_memory())


def about(side: int) -> dict[str, Any]:
    return {"width": side, "height": side, "order": "BGRA", "type": "u8", "linear": False}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("picture")
    parser.add_argument("parts", type=lambda text: text.split(","))
    args = parser.parse_args()
    engine, path, parts = Engine(), args.picture, args.parts
    found: dict[str, float] = {}
    engine.ask("warm", {})
    draft = {**CLOAK, "effort": "preview"}
    if "previews" in parts:
        small, ask = painting(path, 1024), {"pixels": about(1024), "intent": draft, "seconds": 1.0}
        found["first preview of a 2048x2048 document"] = engine.ask("preview", ask, small)
    if "apply" in parts:
        large, ask = painting(path, 2048), {"pixels": about(2048), "intent": draft}
        found["apply to a layer of 2048x2048, preview"] = engine.ask("protect", ask, large)
    if "export" in parts:
        export = {"format": "png", "marks": ["xmp"]}
        ask = {"pixels": about(4096), "intent": {**draft, "export": export}}
        took = engine.ask("export", ask, painting(path, 4096))
        found["export at 4096x4096 to png, preview"] = took
    sys.stdout.write(json.dumps({what: round(s, 2) for what, s in found.items()}) + "\n")
    engine.into.close()
    return engine.process.wait(10)


if __name__ == "__main__":
    sys.exit(main())
