"""Nothing mixes two devices: the networks run on the chosen one, pictures come back from it."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from elsewhere import KIND, There, elsewhere
from glassine.evidence import trials
from glassine.evidence.page import render
from glassine.flow import optimise as optimising
from glassine.flow import timing
from glassine.flow import verify as verifying
from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.settle import settle
from glassine.flow.verify import verify
from glassine.machine.device import Device, choose
from glassine.purifiers import PURIFIERS, impress
from glassine.surrogates import encoders
from glassine.surrogates.nets import tiny
from glassine.types import Artwork, Intent
from glassine.visibility import eye, haarpsi

HERE, AWAY = Device("cpu", "CPU", torch.float32), Device(KIND, "A card", torch.float32)
DIFFERENTIABLE = [name for name in PURIFIERS if PURIFIERS[name].differentiable]


@pytest.fixture(autouse=True)
def forget():
    """Loaded networks are kept for the whole process; those from there must not be."""
    yield
    for kept in (
        encoders.encoders,
        encoders.gradient_encoders,
        encoders.decoder,
        timing.gradient_seconds,
    ):
        kept.cache_clear()


@pytest.fixture(autouse=True)
def haarpsi_here(monkeypatch):
    """`piq` indexes with a pair of numbers, of which torch makes a tensor that our card cannot
    read; real ones can."""
    monkeypatch.setattr(eye, "haarpsi", lambda one, two: haarpsi(one.cpu(), two.cpu()))


@pytest.fixture
def chosen(monkeypatch):
    def choose(device):
        for module in (optimising, verifying, render):
            monkeypatch.setattr(module, "choose", lambda wish: device)

    return choose


def protected(plan):
    return settle(optimise(plan))


def planned(**intent):
    coarse = torch.rand(1, 3, 7, 7, generator=torch.Generator().manual_seed(5))
    rgb = F.interpolate(coarse, (72, 67), mode="bicubic")[0].clamp(0, 1)
    wish = {"style": "texture", "surrogates": ("embedded",), "seed": 3} | intent
    made = plan(Artwork(rgb, alpha=torch.ones(1, 72, 67)), Intent(**wish), device="cpu")
    return replace(made, steps=5)


def test_the_other_device_is_one():
    a, b = torch.rand(3), torch.rand(3)
    with elsewhere():
        there = a.to(KIND)
        assert isinstance(there, There) and torch.equal((2 * there).cpu(), 2 * a)
        assert torch.equal((there * b.sum()).cpu(), a * b.sum()), "single numbers may mix"
        with pytest.raises(RuntimeError, match="two devices"):
            there + b
        with pytest.raises(RuntimeError, match="generator"):
            torch.rand(3, device=KIND, generator=torch.Generator())
        with pytest.raises(TypeError, match="double"):
            there.double()


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_gradients_through_a_handling_are_the_same_elsewhere(name):
    """For whoever puts one into the loop: it runs there, and so does its way back."""
    rgb, apply = planned().artwork.rgb, PURIFIERS[name].apply

    def gradient(picture):
        at = picture.requires_grad_(True)
        draw = torch.Generator().manual_seed(1)
        return torch.autograd.grad(apply(at, draw).square().sum(), at)[0]

    here = gradient(rgb.clone())
    with elsewhere():
        there = gradient(rgb.to(KIND))
        assert isinstance(there, There) and torch.equal(there.cpu(), here)


def test_steps_are_the_same_elsewhere(chosen):
    made = planned()
    chosen(HERE)
    here = protected(made)
    chosen(AWAY)
    with elsewhere():
        there = protected(made)
    assert torch.equal(there.rgb, here.rgb) and not isinstance(there.rgb, There)
    assert there.notes == (), "done here because it failed there"


def test_a_report_is_the_same_elsewhere(chosen, monkeypatch):
    monkeypatch.setattr(encoders, "with_fallback", lambda encode, *_: encode)
    chosen(HERE)
    done = protected(planned())
    here = verify(done, purifiers=("jpeg75",))
    chosen(AWAY)
    with elsewhere():
        assert verify(done, purifiers=("jpeg75",)).effects == here.effects


def test_times_are_taken_elsewhere():
    with elsewhere():
        assert all(seconds > 0 for seconds in timing.measure_gradients("embedded", AWAY))


@pytest.mark.parametrize("fails", ["Placeholder storage has not been allocated", ""])
def test_a_card_that_fails_leaves_the_work_to_the_processor(chosen, monkeypatch, fails):
    made, convolve = planned(), F.conv2d
    chosen(HERE)
    here = protected(made)

    def conv2d(x, *rest, **options):
        if fails and isinstance(x, There):
            raise RuntimeError(fails)
        return convolve(x, *rest, **options) * (torch.nan if isinstance(x, There) else 1)

    monkeypatch.setattr(F, "conv2d", conv2d)
    monkeypatch.setattr(optimising, "choose", lambda wish: HERE if wish == "cpu" else AWAY)
    with elsewhere():
        there = protected(replace(made, device=KIND))
        (encode,) = [encoders.encoders("embedded", AWAY)["sd15"]]
        assert encode(made.artwork.rgb[None, :, :64, :64]).isfinite().all()
    assert torch.equal(there.rgb, here.rgb)
    assert str(there.notes[0]).startswith("A card failed (")
    assert bool(fails) == ("RuntimeError" in " ".join(there.notes[0].details()))


@pytest.fixture
def full(monkeypatch):
    """The other device has no room for convolutions."""
    convolve = F.conv2d

    def conv2d(x, *rest, **options):
        if isinstance(x, There):
            raise RuntimeError("MPS backend out of memory (MPS allocated: 5.56 GB)")
        return convolve(x, *rest, **options)

    monkeypatch.setattr(F, "conv2d", conv2d)


def test_a_full_card_leaves_looks_and_times_to_the_processor(full):
    rgb = planned().artwork.rgb[None, :, :64, :64]
    here = encoders.encoders("embedded", choose("cpu"))["sd15"](rgb)
    with elsewhere():
        assert torch.equal(encoders.encoders("embedded", AWAY)["sd15"](rgb).cpu(), here)
        assert timing.gradient_seconds("embedded", AWAY) == timing.gradient_seconds(
            "embedded", choose("cpu")
        )


@pytest.fixture
def real(tmp_path, monkeypatch):
    """A surrogate with its decoder, both of random weights."""
    torch.manual_seed(1)
    for half in ("encoder", "decoder"):
        torch.save(getattr(tiny, half)(4).state_dict(), tmp_path / f"taesd_{half}.pth")
    monkeypatch.setattr(encoders, "present_surrogates", lambda: ("sd15",))
    monkeypatch.setattr(encoders, "weights_folder", lambda entry: tmp_path)


@pytest.mark.parametrize("name", ["round_trip", "impress"])
def test_removals_by_a_real_encoder_run_where_it_is(real, monkeypatch, name):
    monkeypatch.setattr(encoders, "with_fallback", lambda encode, *_: encode)
    monkeypatch.setattr(impress, "_STEPS", 2)
    rgb = planned().artwork.rgb
    with elsewhere():
        apply = PURIFIERS[name].ready(trials.scene(72, AWAY))
        treated = apply(rgb, torch.Generator().manual_seed(1))
    assert not isinstance(treated, There) and treated.isfinite().all()
    assert not torch.equal(treated, rgb)
