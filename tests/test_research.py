"""The model that ships: what it is, that it is called what it is, and what takes its name."""

import hashlib
import importlib
import importlib.util
import json
import re
from pathlib import Path

import pytest
import torch
from glassine.cli import exits
from glassine.cli.names import ModelFolder
from glassine.denoisers.folder import parts_in
from glassine.errors import WeightsMissing
from glassine.evidence.wording import limits, threat
from glassine.flow.plan import plan
from glassine.formats import FORMATS
from glassine.machine.device import Device
from glassine.machine.weights import EMBEDDED, RESEARCH, SHIPPED_MODEL, model_folder
from glassine.pixels.grid import to_array
from glassine.probe import pack
from glassine.service.methods import METHODS
from glassine.service.state import State
from glassine.types import Artwork, Intent, Keep, quiet
from PIL import Image, ImageDraw
from typed import run

pytest.importorskip("diffusers")
CPU = Device("cpu", "CPU", torch.float32)
MOST = 8_000_000  # bytes of the whole folder
ROOT = Path(__file__).resolve().parents[1]
CARD = (SHIPPED_MODEL / "README.md").read_text("utf-8")


def drawn(kind, side=128):
    """(3, side, side) in [0, 1]: a simple drawing on white, as clip art is."""
    page = Image.new("RGB", (side, side), "white")
    pen, unit = ImageDraw.Draw(page), side // 8
    if kind == "flag":
        for at, colour in enumerate(("navy", "white", "crimson")):
            pen.rectangle((0, (2 + at) * unit, side, (3 + at) * unit), fill=colour)
    elif kind == "flower":
        for x, y in ((3, 1), (5, 3), (3, 5), (1, 3)):
            pen.ellipse((x * unit, y * unit, (x + 2) * unit, (y + 2) * unit), fill="hotpink")
        pen.ellipse((3 * unit, 3 * unit, 5 * unit, 5 * unit), fill="gold", outline="black")
    else:
        pen.ellipse((unit, 2 * unit, 6 * unit, 6 * unit), fill="orange", outline="black", width=3)
        pen.polygon([(6 * unit, 3 * unit), (7 * unit, 4 * unit), (6 * unit, 5 * unit)], fill="red")
    flat = torch.frombuffer(bytearray(page.tobytes()), dtype=torch.uint8)
    return flat.view(side, side, 3).permute(2, 0, 1).float() / 255


# --- what ships ----------------------------------------------------------------------------------


def test_what_ships_is_small_holds_no_pickle_and_names_no_place_of_its_makers():
    files = [file for file in SHIPPED_MODEL.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < MOST
    assert {file.suffix for file in files} == {".safetensors", ".json", ".md"}
    told = "".join(file.read_text("utf-8") for file in files if file.suffix != ".safetensors")
    assert not re.search(r"\"/|/(tmp|root|home|work)/", told)


def test_the_card_knows_every_file_of_weights_by_its_sum():
    for file in SHIPPED_MODEL.rglob("*.safetensors"):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        assert digest in CARD, f"{file.parent.name} is another one than the card tells of"


@pytest.fixture
def checkpoint(monkeypatch):
    """The study's model from which what ships was made."""
    monkeypatch.syspath_prepend(str(ROOT))
    small = importlib.import_module("lab.study.small")
    kept = small.HOME / "base-128.pt"
    if not kept.exists():
        pytest.skip(f"no checkpoint of the study at {kept}")
    if hashlib.sha256(kept.read_bytes()).hexdigest() not in CARD:
        pytest.skip(f"{kept} is of another training than what ships")
    words = json.loads((SHIPPED_MODEL / "tokenizer" / "tokenizer.json").read_text())["model"]
    own = small.Small(sorted(set(words["vocab"]) - {"[none]"}), small.Eyes(abs, abs), side=128)
    state = torch.load(kept, weights_only=True)
    own.load(state["raw"])
    own.settle(state["calm"])
    return own


@torch.no_grad()
def test_it_predicts_what_the_studys_model_predicts(checkpoint):
    from glassine.denoisers.loaded import denoiser

    own = checkpoint
    mixed = torch.randn(2, 4, 16, 16, generator=torch.Generator().manual_seed(1))
    times = torch.tensor([30, 700])
    for caption in ("a portrait by ember", "a picture of a bird", ""):
        expected = own.unet(mixed, times, own.words([caption] * 2)).sample
        seen = denoiser(str(SHIPPED_MODEL), caption, CPU).says(mixed, times.float())
        assert torch.allclose(expected, seen, atol=5e-3), caption


def test_the_studys_script_makes_it_byte_for_byte(checkpoint, models, tmp_path):
    folder = importlib.import_module("lab.study.folder")
    folder.saved(checkpoint, tmp_path / "made", half=True)
    for file in SHIPPED_MODEL.rglob("*.safetensors"):
        made = tmp_path / "made" / file.relative_to(SHIPPED_MODEL)
        assert made.read_bytes() == file.read_bytes()


@torch.no_grad()
def test_it_has_learnt_what_drawings_look_like():
    """It sees the noise in them far better than the same network untrained."""
    from diffusers import UNet2DConditionModel
    from glassine.denoisers.loaded import denoiser, drawn_noise, guesser
    from glassine.explore.denoising import through_folder

    shown = {kind: drawn(kind) for kind in ("flag", "flower", "bird")}
    parts = parts_in(SHIPPED_MODEL)
    torch.manual_seed(1)
    raw = UNet2DConditionModel.from_config(parts.net.config).eval()
    losses = {"own": [], "untrained": [], "nothing": []}
    for kind, one in shown.items():
        through = through_folder(str(SHIPPED_MODEL), f"a picture of a {kind}", CPU)
        latents, noise = through.latents(one[None]), through.sees.noise
        words = {"text": torch.zeros(1, 6, parts.net.config["cross_attention_dim"])}
        says = {
            "own": denoiser(str(SHIPPED_MODEL), f"a picture of a {kind}", CPU).says,
            "untrained": guesser(parts.entry, raw, words, CPU),
            "nothing": lambda mixed, _: torch.zeros_like(mixed),
        }
        for at, seed in ((200, 1), (500, 2), (800, 3)):
            level, added = torch.tensor([at]), drawn_noise(latents, seed)
            mixed = noise.mixed(latents, added, level)
            for name, guess in says.items():
                miss = guess(mixed, noise.times[level]) - added
                losses[name].append(miss.square().mean().item())
    own, untrained, nothing = (sum(rows) / len(rows) for rows in losses.values())
    assert own < 0.4 * min(untrained, nothing), (own, untrained, nothing)


def test_what_a_step_takes_is_told_as_it_was_measured(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    bench = importlib.import_module("lab.bench.denoiser")
    page = bench.PAGE.read_text("utf-8")
    assert f"{bench.START}\n{bench.worded()}\n{bench.END}" in page, "run it with --write"
    assert {row.split(" | ")[0] for row in bench.worded().splitlines()[2:]} >= {
        *("| research surrogate", "| SD 1.5's size")
    }


# --- its name ------------------------------------------------------------------------------------


def test_only_the_bare_word_means_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    taken = ModelFolder()
    assert model_folder(EMBEDDED) == SHIPPED_MODEL == taken.convert(EMBEDDED, None, None)
    for other in ("./embedded", str(tmp_path / "embedded")):
        assert model_folder(other) == Path(other) == taken.convert(other, None, None)
        with pytest.raises(WeightsMissing, match="no such folder"):
            plan(Artwork(drawn("bird", 64)), Intent(recipe="sds", model=other))


def test_it_is_called_a_research_surrogate_and_nothing_else():
    made = plan(Artwork(drawn("bird", 64)), Intent(recipe="sds", model=EMBEDDED))
    assert made.surrogates == (RESEARCH,) and Path(made.model) == SHIPPED_MODEL
    assert "research surrogate" in str(threat(made)) and limits(made)
    ask = METHODS["model"]({"folder": EMBEDDED}, {}, quiet, State(wish="cpu"))
    said = str(ask.result.says)
    assert "research surrogate" in said and "no real model" in said
    assert "Stable Diffusion" not in said and str(SHIPPED_MODEL) not in said
    size = {"width": 64, "height": 64, "recipe": "cloak-sds", "model": EMBEDDED}
    assert METHODS["estimate"](size, {}, quiet, State(wish="cpu")).result.surrogates == (RESEARCH,)


def test_without_its_libraries_one_sentence_says_what_to_install(tmp_path, monkeypatch, capsys):
    clean = saved(tmp_path / "clean.png", drawn("bird", 64))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *_: None)
    (tmp_path / "works").mkdir()
    for given in (
        ("protect", clean, "-o", tmp_path / "copy.png", "--recipe", "sds", "--model", EMBEDDED),
        ("report", clean, "--original", clean, "--model", EMBEDDED),
        ("probe", EMBEDDED, tmp_path / "works"),
    ):
        assert run(*given) == exits.MISSING
        said = capsys.readouterr().err
        assert "diffusers" in said and "pip install 'glassine[denoisers]'" in said
    assert not (tmp_path / "copy.png").exists()


# --- from one end to the other -------------------------------------------------------------------


def saved(file, picture):
    file.write_bytes(FORMATS["png"].write(picture, None, Keep(), 95))
    return file


def test_protect_and_report_take_it_and_say_so(tmp_path, capsys):
    clean, copy = saved(tmp_path / "clean.png", drawn("flower", 96)), tmp_path / "copy.png"
    asked = ("--effort", "preview", "--device", "cpu", "--marks", "none", "--style", "ember")
    model = ("--recipe", "cloak-sds", "--model", EMBEDDED)
    assert run("protect", clean, "-o", copy, *model, *asked) == exits.DONE
    said = capsys.readouterr()
    page = (tmp_path / "copy.html").read_text("utf-8")
    assert copy.read_bytes() != clean.read_bytes() and RESEARCH in said.err + said.out
    assert "no real model" in page and "did more than a cloak" in page
    assert str(SHIPPED_MODEL) not in page + said.err + said.out
    again = tmp_path / "again.html"
    given = ("report", copy, "--original", clean, "--quick", "-o", again, "--device", "cpu")
    assert run(*given, "--model", EMBEDDED) == exits.DONE
    said, page = capsys.readouterr().out, again.read_text("utf-8")
    assert "no real model" in said and "The denoiser" in page and RESEARCH in page


def test_probe_takes_it_and_says_what_its_answers_are_worth(tmp_path, capsys):
    for name, side in (("works", 96), ("newer", 104)):
        (tmp_path / name).mkdir()
        for kind in ("flag", "flower"):
            shown = drawn(kind, side)
            Image.fromarray(to_array(shown, 8)).save(tmp_path / name / f"{kind}.png")
    given = (EMBEDDED, tmp_path / "works", "--against", tmp_path / "newer", "-o", tmp_path / "out")
    few = ("--samples", "2", "--paintings", "1", "--noises", "1", "--steps", "2", "--device", "cpu")
    assert run("probe", *given, *few) == exits.DONE
    said = capsys.readouterr()
    told = json.loads((tmp_path / "out" / pack.JSON).read_text())
    page = (tmp_path / "out" / pack.PAGE).read_text("utf-8")
    assert said.err.startswith("Doubt: The model that is asked is the research surrogate")
    assert told["model"]["name"] == RESEARCH and "three Debian packages" in page
    assert told["again"].startswith(f"glassine probe {EMBEDDED} works")
    assert [one["question"] for one in told["questions"]] == [
        *("completion", "extraction", "membership")
    ]
    assert all(0 < one["test"]["p"] <= 1 for one in told["questions"])
