"""The encoder of our own: how it is trained, what it never learns, and how it is asked."""

import importlib
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def witness(monkeypatch):
    """Imports one of its files; `lab` is found from the root only, and not installed."""
    monkeypatch.syspath_prepend(str(ROOT))
    return lambda name: importlib.import_module(f"lab.study.witness.{name}")


@pytest.fixture
def home(tmp_path):
    """As much as a training wants: a few crops, and nothing held out."""
    draw = np.random.default_rng(0)
    np.save(tmp_path / "crops.npy", draw.integers(0, 256, (5, 96, 96, 3), dtype=np.uint8))
    np.save(tmp_path / "count.npy", np.array(4))
    return tmp_path


def test_a_picture_becomes_latents_of_an_eighth_and_comes_back(witness):
    net = witness("net").Autoencoder()
    rgb = torch.rand(2, 3, 64, 40)
    assert net.means(rgb).shape == (2, 8, 8, 5)
    made, nats = net(rgb, torch.Generator().manual_seed(1))
    assert made.shape == rgb.shape and nats > 0


def test_what_it_sees_of_a_place_hardly_depends_on_what_is_far_away(witness):
    torch.manual_seed(0)
    net = witness("net").Autoencoder()
    wide = torch.rand(1, 3, 64, 512)
    with torch.no_grad():
        whole, cut = net.means(wide), net.means(wide[..., :256])
    assert torch.allclose(whole[..., :8], cut[..., :8], atol=1e-5)


def test_training_goes_on_where_it_was_stopped(witness, home):
    train = witness("train")

    def steps(run, count):
        for _ in range(count):
            train.taken(run, train.Crops(home, 3))
        return run

    through = steps(train.Run.begun(3), 4)
    steps(train.Run.begun(3), 2).save(home / "checkpoint.pt")
    again = train.Run.begun(3)
    again.load(home / "checkpoint.pt")
    for one, other in zip(
        through.calm.parameters(), steps(again, 2).calm.parameters(), strict=True
    ):
        assert torch.equal(one, other)


def test_a_step_draws_from_the_crops_that_are_there(witness, home):
    crops = witness("train").Crops(home, 1)
    assert torch.equal(crops(7), crops(7)) and not torch.equal(crops(7), crops(8))
    assert len(crops.crops) == 4, "a file that was not filled has empty crops at its end"


def test_a_row_after_a_stop_is_the_mean_of_the_steps_that_there_were(witness, home, monkeypatch):
    train = witness("train")
    curve = home / "curve.jsonl"
    costs = iter((0.5, 0.3, 0.1, 0.1))
    run = train.Run.begun(1)
    run.step = 3  # stopped there; the next row is due at 4

    def taken(run, crops):
        run.step += 1
        return {"loss": next(costs)}

    for name, value in {"CURVE": curve, "TOLD": 4, "KEPT": 99, "taken": taken}.items():
        monkeypatch.setattr(train, name, value)
    for name in ("held_crops", "judged"):
        monkeypatch.setattr(train, name, lambda *_, **__: {})
    monkeypatch.setattr(train.time, "monotonic", lambda: float(run.step))
    train.train(run, home, 1.0, 1)
    assert train.rows(curve)[0]["loss"] == 0.5


def test_the_rate_rises_then_falls_with_the_clock(witness):
    pace = witness("train").pace
    early, top, middle, end = (pace(share) for share in (0.0, 0.02, 0.5, 1.0))
    assert early < 0.1 and top > 0.95 and 0.4 < middle < 0.6 and end == pytest.approx(0.01)
    assert pace(1.1) == end


def test_what_is_held_out_is_not_listed_in_any_size(witness, tmp_path):
    pictures = witness("pictures")
    room = tmp_path / "plasma-workspace-wallpapers/usr/share/wallpapers"
    for name in ("Autumn", "Kite"):
        for file in ("images/2560x1600.jpg", "images_dark/2560x1600.jpg", "screenshot.jpg"):
            path = room / name / "contents" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes(60_000))
    found = pictures.listed(tmp_path, "plasma-workspace-wallpapers")
    assert {path.parts[-4] for path in found} == {"Kite"} and len(found) == 2


def test_a_crop_is_not_plain_where_there_is_something_to_see(witness):
    pictures = witness("pictures")
    page = np.full((400, 400, 3), 255, np.uint8)
    page[100:300, 100:300] = np.random.default_rng(1).integers(0, 256, (200, 200, 3))
    cut = pictures.crop(Image.fromarray(page), random.Random(2))
    assert cut.shape == (96, 96, 3) and cut.std() > 20


def test_gap_closed_is_nothing_at_the_start_and_all_at_the_goal(witness):
    pytest.importorskip("scipy")
    measure = witness("measure")
    made = {"clean": torch.zeros(3, 16, 16), "goal": torch.ones(3, 16, 16)}
    made["after"] = 0.25 * made["goal"]

    def encode(rgb):
        return rgb.mean((2, 3))

    view = measure.View.of(encode, made)
    closed = [view.closed(made[which]) for which in ("clean", "after", "goal")]
    assert closed == pytest.approx([0, 0.25, 1])


def test_agreement_is_of_ranks_and_only_left_out_families_count(witness):
    pytest.importorskip("scipy")
    measure = witness("measure")
    known = [dict.fromkeys(measure.FAMILIES, value) for value in (0.1, 0.2, 0.4)]
    for row, other in zip(known, (0.3, 0.2, 0.1), strict=True):
        row["sd15"] = other
    found = measure.agreement([1.0, 2.0, 9.0], known, measure.SETTINGS["sd15 70"].left_out())
    assert (found["sd15"], found["flux1"], found["left out"]) == pytest.approx((-1, 1, 1))
