"""A scripted engine: speaks the frames, computes nothing, does as the request's style tells it.

Styles that are orders: "slow" (waits until it is cancelled), "die", "fail", "stray" (prints into
the frames), "twice" (is protected already), "later" (previews take a moment, and can be cancelled
meanwhile), "faint" (colours change by as many levels as the strength allows), "same" (nothing
changes). Without one: the colours come back inverted.

$FAKE_HELLO names a JSON file: what of the hello is to be another engine's (None: not there).
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
STYLES = ("slow", "die", "fail", "stray", "twice", "plain", "later", "faint", "same")
NEEDS_A_LIBRARY = {"code": "fake.library", "fields": {"library": "a library"}}
CATALOGUE = {
    "recipes": [
        {"name": "cloak", "needs": ["style"]},
        {"name": "poison", "needs": ["shows", "teach"]},
        {"name": "both", "needs": ["style", "shows", "teach"]},
        {"name": "lowkey", "needs": ["faces"]},
    ],
    "model_recipes": [
        {"name": "sds", "needs": ["model"]},
        {"name": "cloak-sds", "needs": ["style", "model"]},
    ],
    "efforts": [{"name": "preview"}, {"name": "quick"}, {"name": "full"}],
    "strengths": [
        {"name": "subtle", "score": 85},
        {"name": "balanced", "score": 70},
        {"name": "strong", "score": 55},
    ],
    "surrogates": [
        {"name": "embedded", "present": True, "missing": None},
        {"name": "sd15", "present": False, "missing": None},
    ],
    "styles": [{"name": name, "thumbnail": THUMBNAIL} for name in STYLES],
    "concepts": [{"name": "cat", "thumbnail": THUMBNAIL}],
    "marks": [
        {"name": "xmp", "formats": ["png"], "missing": None},
        {"name": "receipt", "formats": [], "missing": None},
        {"name": "gone", "formats": [], "missing": NEEDS_A_LIBRARY},
    ],
    "formats": [
        {"name": "png", "suffixes": [".png"], "lossy": False},
        {"name": "jpeg", "suffixes": [".jpg"], "lossy": True},
    ],
    "sites": [{"name": "x", "longest": 1440}],
    "unheard_of": [{"name": "new"}],
    "version_of_list": 3,
}
GLANCE = ("people", "models", "away", "next")
WORDS = {
    "denoiser.sd": "Stable Diffusion 1.x and 2.x",
    **{f"fake.{name}": f"A sentence about {name}." for name in GLANCE},
    **{f"style.{name}": f"style {name}" for name in STYLES},
    "surrogate.embedded": "all of them, roughly",
    "surrogate.sd15": "Stable Diffusion 1",
    "site.x": "X",
    **{f"recipe.{name}.label": name.title() for name in ("cloak", "poison", "both")},
    **{"effort.preview": "Draft", "effort.quick": "Quick", "effort.full": "Thorough"},
    **{f"strength.{name}": name for name in ("subtle", "balanced", "strong")},
    **{"mark.xmp.label": "Metadata", "mark.receipt.label": "Ledger"},
    "recipe.cloak": "Another style",
    "recipe.poison": "Another concept",
    "recipe.poison.note": "Nobody learnt it yet.",
    "recipe.both": "Both in one",
    "mark.gone": "gone",
    "fake.library": "needs {library}",
    "fake.cpu": "CPU, {count} threads",
    "fake.card": "A card",
    "fake.refused": "This was asked. Do that.",
    "fake.disk": "Its disk is full.",
    "fake.twice": "Your export {export} of {day}, to the byte; never published.",
    "fake.goal": "towards a style",
    "fake.doubt": "A doubt.",
    "fake.blur": "blur",
    "fake.noise": "noise",
}
TWICE = {"code": "fake.twice", "fields": {"export": 3, "day": "2026-11-01"}}

FILE = {"name": "Dogs", "who": "Ann", "until": "2020-01-01", "most": 16, "path": "x", "reason": "y"}
DOGS = {
    "name": "Dogs",
    "who": "Ann",
    "key": "0123456789abcdef",
    "until": "2999-01-01",
    "strength": "strong",
    "pairs": {"dog": "cat", "ship": "apple"},
}

FACES = [[2, 4, 22, 30], [30, 4, 50, 30]]
LATER = 0.2  # seconds
OPPOSITE = bytes(255 - value for value in range(256))


class Engine:
    def __init__(self):
        self.lock, self.calls, self.parts = threading.Lock(), {}, {}
        self.joined, self.looked_at = [], {}

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
            self.fail(number, "NotUsable", said("fake.refused"))
            return
        if order == "twice" and not ask.get("again"):
            self.fail(number, "AlreadyProtected", TWICE)
            return
        if order == "later" and method == "preview":
            threading.Timer(LATER, self.if_wanted, (number, ask, parts)).start()
            return
        getattr(self, method)(number, ask, parts)

    def fail(self, number, kind, message):
        self.send({"id": number, "error": kind, "message": message})

    def if_wanted(self, number, ask, parts):
        if number in self.calls:
            self.preview(number, ask, parts)

    def answer(self, number, result, **blobs):
        self.send({"id": number, "blobs": {name: len(data) for name, data in blobs.items()}})
        for name, data in blobs.items():
            for start in range(0, len(data), PART):
                self.send({"id": number, "blob": name}, bytes(data[start : start + PART]))
        self.send({"id": number, "result": result})

    def estimate(self, number, ask, parts):
        pixels = ask["width"] * ask["height"]
        self.answer(number, {"seconds": {"preview": 1.0, "quick": pixels / 1e4, "full": 9999.0}})

    def preview(self, number, ask, parts):
        width, height = ask["pixels"]["width"], ask["pixels"]["height"]
        before = bytes(parts["pixels"]) if parts else self.looked_at.get(ask["of"])
        if before is None:
            self.fail(number, "NotUsable", said("fake.refused"))
            return
        self.looked_at[ask.get("of")] = before
        names = ["before", "after", "difference"]
        blobs = dict.fromkeys(names, before) | {"after": inverted(before, 1)}
        if ask.get("full"):
            blobs["full"] = changed(before, 1, ask)
        about = {"width": width, "height": height, "goals": [said("fake.goal")]}
        about |= {"finer": ask["seconds"] < 2, "ssimulacra2": ask["intent"]["strength"]}
        if ask.get("sees"):
            blobs |= {f"sees_{name}": before for name in ("before", "after", "difference")}
        about |= {"art": "line", "start": "subtle"}
        if ask["intent"]["recipe"] == "lowkey":
            if len(ask["intent"].get("spared", ())) == len(FACES):
                self.fail(number, "NotUsable", said("fake.refused"))
                return
            about |= {"faces": [*FACES, [1, 2, 3]]}
        self.answer(number, about, **blobs)

    def protect(self, number, ask, parts):
        data, about = bytes(parts["pixels"]), ask["pixels"]
        size = {"u8": 1, "u16": 2, "f16": 2, "f32": 4}[about["type"]]
        out = bytearray(changed(data, size, ask))
        mask = bytes(parts.get("mask") or bytes([1]) * (len(data) // (4 * size)))
        for at in (at for at, chosen in enumerate(mask) if not chosen):
            out[4 * size * at : 4 * size * (at + 1)] = bytes(4 * size)
        alphas = set(out[4 * size - 1 :: 4 * size])
        caption = ask["intent"].get("shows", "")
        result = {"ssimulacra2": 70.0, "caption": caption, "notes": []}
        self.answer(number, result | {"translucent": bool(alphas - {0, 255})}, pixels=out)

    def examine(self, number, ask, parts):
        copy = "-protected" in ask.get("file", "")
        self.answer(number, {"protected": TWICE if copy else None, "found": []})

    def caption(self, number, ask, parts):
        """Not what anybody would put together without an engine."""
        if ask["shows"] == ask["teach"]:
            self.fail(number, "NotUsable", said("fake.refused"))
        else:
            words = f"the engine's words for {ask['shows']}"
            words += f" in {ask['campaign']}" if "campaign" in ask else ""
            self.answer(number, {"caption": words})

    def campaigns(self, number, ask, parts):
        self.answer(number, {"campaigns": self.joined, "law": said("campaign.legal")})

    def join(self, number, ask, parts):
        """As the file is called: "dogs" can be joined, the others are named after what is wrong."""
        name = Path(ask["file"]).stem
        if name != "dogs":
            self.fail(number, "NotUsable", said(f"campaign.{name}", **FILE))
            return
        self.joined.append(DOGS)
        self.answer(number, DOGS)

    def model(self, number, ask, parts):
        """Every folder holds one, unless it is called otherwise."""
        name = Path(ask["folder"]).name
        if name == "none":
            self.fail(number, "WeightsMissing", said("model.no_folder", folder=ask["folder"]))
            return
        told = said("service.model", name=name, kind=said("denoiser.sd"), memory=2.0)
        self.answer(number, {"says": told})

    def report(self, number, ask, parts):
        left = {"fake.blur": 0.25, "fake.noise": None}
        trials = [{"says": said(code), "left": share} for code, share in left.items()]
        assert parts["file"].startswith(b"FILE") and parts["pixels"]
        self.answer(number, {"doubts": [], "trials": trials}, report=b"<!doctype html>more")

    def export(self, number, ask, parts):
        import hashlib

        data = b"FILE" + bytes(parts["pixels"])
        wrong = ask["intent"].get("style") == "fail"
        about = {"sha256": "0" if wrong else hashlib.sha256(data).hexdigest(), "caption": ""}
        about |= {"width": 1, "height": 1, "notes": [], "doubts": [said("fake.doubt")]}
        about |= {"cost": {"ssimulacra2": 70.0, "bytes_after": 717000}, "format": "png"}
        about |= {"glance": {name: said(f"fake.{name}") for name in GLANCE}}
        about |= {"offers": [{"format": "jpeg", "quality": 95, "bytes": 310400, "left": 0.87}]}
        self.answer(number, about, file=data, report=json.dumps(ask["intent"]).encode())

    def placed(self, number, ask, parts):
        """The receipt repeats what was asked."""
        if "refused" in ask.get("path", ""):
            self.fail(number, "NotUsable", said("fake.disk"))
            return
        self.answer(number, {}, **({"receipt": json.dumps(ask).encode()} if ask["sidecar"] else {}))


def inverted(data, size):
    """Colours inverted, alpha kept."""
    out = bytearray(data.translate(OPPOSITE))
    for k in range(size):
        out[3 * size + k :: 4 * size] = data[3 * size + k :: 4 * size]
    return bytes(out)


def changed(data, size, ask):
    if ask["intent"].get("style") == "faint":
        return shifted(data, size, round((100 - ask["intent"]["strength"]) / 5))
    if ask["intent"].get("style") == "same":
        return data
    return inverted(data, size)


def shifted(data, size, levels):
    """Each colour's highest byte a little nearer to the middle, alpha kept; floats stay."""
    if size == 4:
        return data
    nearer = bytes(v + levels if v < 128 else v - levels for v in range(256))
    out = bytearray(data)
    for channel in range(3):
        at = slice((channel + 1) * size - 1, None, 4 * size)
        out[at] = data[at].translate(nearer)
    return bytes(out)


def said(code, **fields):
    return {"code": code, "fields": fields}


def words():
    """The engine's own tables, and what this one says besides."""
    found = {}
    for name in ("en", "de", "ja"):
        path = ROOT / "core" / "glassine" / "messages" / f"{name}.json"
        found[name] = json.loads(path.read_text("utf-8"))
    found["en"] |= WORDS
    found["de"] |= {"fake.cpu": "CPU, {count} Threads"}
    return found


def main():
    engine, unpacker = Engine(), Unpacker()
    sys.stderr.write("scripted engine\n")
    hello = {"protocol": int(os.environ.get("FAKE_PROTOCOL", PROTOCOL)), "version": "0.1.0"}
    kind = os.environ.get("GLASSINE_DEVICE") or os.environ.get("FAKE_DEVICE", "cpu")
    says = said("fake.cpu", count=2) if kind == "cpu" else said("fake.card")
    hello |= {"device": {"kind": kind, "says": says}, "catalogue": CATALOGUE, "words": words()}
    hello["methods"] = ["protect", "preview", "export", "examine", "report", "caption"]
    hello["methods"] += ["campaigns", "join", "model"]
    if other := os.environ.get("FAKE_HELLO"):
        hello |= json.loads(Path(other).read_text("utf-8"))
        hello = {name: one for name, one in hello.items() if one is not None}
    engine.send({"hello": hello})
    while chunk := os.read(0, 1 << 20):
        for body, blob in unpacker.feed(chunk):
            engine.receive(body, blob)


main()
