"""A set of pictures against a model that is taught them meanwhile, killed and gone on with."""

from dataclasses import replace

import pytest
import torch
from glassine.batch import subject, worker
from glassine.batch.run import batch
from glassine.batch.subject import with_subject
from glassine.batch.worker import Worker
from glassine.cli.commands.batch import ended_line
from glassine.denoisers.loaded import denoiser, drawn_noise
from glassine.denoisers.lora import pupil
from glassine.errors import Cancelled, NotUsable
from glassine.flow import recipes
from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.read import read
from glassine.formats import FORMATS
from glassine.machine.device import Device
from glassine.types import Artwork, Intent, Keep, quiet
from pipelines import models_at

__all__ = ["models_at"]

pytest.importorskip("diffusers")
pytest.importorskip("peft")
CPU = Device("cpu", "CPU", torch.float32)


@pytest.fixture(scope="module")
def model(models_at):
    return models_at["sd"]


@pytest.fixture
def few(monkeypatch):
    """Three turns of two lessons, so that a test waits for none of it."""
    recipe = recipes.MODEL_RECIPES["subject"]
    asks = replace(recipe.denoising, rounds=3, lessons=2, rate=1e-2)
    monkeypatch.setitem(recipes.MODEL_RECIPES, "subject", replace(recipe, denoising=asks))
    monkeypatch.setattr(subject, "choose", lambda wish: CPU)


@pytest.fixture
def folder(tmp_path, scene):
    inside = tmp_path / "in"
    inside.mkdir()
    for number, name in enumerate(("a.png", "b.png")):
        crop = scene[:, 20:84, 20 * number : 20 * number + 64]
        (inside / name).write_bytes(FORMATS["png"].write(crop, None, Keep(), 95))
    (inside / "broken.png").write_bytes(b"\x89PNG\r\n")
    return inside


def asked(model):
    return Intent(recipe="subject", model=str(model), effort="preview", seed=3)


def found(intent, folder):
    """The changes that the plans of the set's pictures come to."""
    pictures = sorted(folder.glob("[ab].png"))
    return [optimise(plan(read(one), intent)).pixels for one in pictures]


def test_a_killed_set_goes_on_and_comes_to_the_same(few, model, folder, tmp_path):
    pictures = sorted(folder.glob("*.png"))
    whole = with_subject(asked(model), pictures, tmp_path / "one", "cpu", quiet)
    heard = []

    def kill(now):
        heard.append(now)
        if now.done == 4:  # of six: in the middle of the second turn's end
            raise Cancelled

    with pytest.raises(Cancelled):
        with_subject(asked(model), pictures, tmp_path / "two", "cpu", kill)
    (kept,) = (tmp_path / "two" / subject.NAME).iterdir()
    assert "1" in (kept / subject.TURN).read_text()
    late = []
    again = with_subject(asked(model), pictures, tmp_path / "two", "cpu", late.append)
    assert [(now.done, now.total) for now in late] == [(done, 6) for done in (0, 3, 4, 5, 6)]
    assert "GB" in str(*late[0].said)
    for one, other in zip(found(whole, folder), found(again, folder), strict=True):
        assert one.any() and torch.equal(one, other)
    once_more = with_subject(asked(model), pictures, tmp_path / "two", "cpu", pytest.fail)
    assert once_more == again, "what is finished is not done again"
    with pytest.raises(NotUsable, match="not one of those"):
        optimise(plan(Artwork(torch.rand(3, 64, 64)), again))


def test_the_model_is_as_it_was_afterwards(few, model, folder, tmp_path):
    before = denoiser(str(model), "a painting", CPU)
    latents = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    at, noise = torch.tensor([300]), drawn_noise(latents, 2)
    said = before.error(latents, noise, at)
    with_subject(asked(model), sorted(folder.glob("*.png")), tmp_path / "out", "cpu", quiet)
    again = denoiser(str(model), "a painting", CPU)
    assert torch.equal(again.error(latents, noise, at), said)


def test_lessons_lower_the_loss_and_go_on_where_they_stopped(model):
    denoiser.cache_clear()
    draw = torch.Generator().manual_seed(4)
    latents = [torch.randn(1, 4, 8, 8, generator=draw)]

    def loss(learner):
        levels = range(50, 1000, 100)
        noises = [(drawn_noise(latents[0], at), torch.tensor([at])) for at in levels]
        with torch.no_grad():
            rows = [learner.model.error(latents[0], *one).square().mean() for one in noises]
        return torch.stack(rows).mean().item()

    def taught(lessons, state=None):
        denoiser.cache_clear()
        learner = pupil(denoiser(str(model), "a cat", CPU), 4, 1e-2, 0)
        if state:
            learner.recall(state)
        for lesson in lessons:
            learner.learn(latents, torch.Generator().manual_seed(lesson))
        return learner

    start, first = loss(taught(())), taught(range(15))
    half = {name: one.clone() for name, one in first.state().items()}
    whole, resumed = taught(range(30)), taught(range(15, 30), half)
    assert loss(whole) == loss(resumed) < start - 0.01
    denoiser.cache_clear()


def test_a_batch_writes_the_set(few, model, folder, tmp_path, monkeypatch, one_viewer):
    monkeypatch.setattr(Worker, "do", lambda self, work, watch: worker.delivered(work, watch))
    out = tmp_path / "out"
    states = []
    end = batch(folder, out, asked(model), states.append, device="cpu")
    assert "minutes" in ended_line(states[0]), "what it takes is said before"
    assert (end.done, end.failed) == (2, 1), "a broken picture costs itself"
    for name in "ab":
        copy, clean = read(out / f"{name}.glassine.png"), read(folder / f"{name}.png")
        assert not torch.equal(copy.rgb, clean.rgb)
    assert "subject" in (out / "a.glassine.html").read_text("utf-8")


def test_a_set_cannot_be_one_picture(model):
    with pytest.raises(NotUsable, match="folder of pictures"):
        plan(Artwork(torch.rand(3, 64, 64)), asked(model))
