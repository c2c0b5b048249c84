"""Nothing mixes two devices: the networks run on the chosen one, pictures come back from it."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from elsewhere import KIND, There, elsewhere
from glassine import encoders
from glassine.device import Device, choose
from glassine.optimise import loop, optimise
from glassine.plan import plan
from glassine.purifiers import PURIFIERS, impress
from glassine.service import pace
from glassine.surrogates.nets import tiny
from glassine.types import Artwork, Intent
from glassine.verify import render, report, trials, verify

HERE, AWAY = Device("cpu", "CPU", torch.float32), Device(KIND, "A card", torch.float32)
IN_THE_LOOP = [None, *(name for name in PURIFIERS if PURIFIERS[name].differentiable)]


@pytest.fixture(autouse=True)
def forget():
    """Loaded networks are kept for the whole process; those from there must not be."""
    yield
    for kept in (encoders.encoders, encoders.walkers, encoders.decoder, pace.slope_seconds):
        kept.cache_clear()


@pytest.fixture
def chosen(monkeypatch):
    def choose(device):
        for module in (loop, report, render):
            monkeypatch.setattr(module, "choose", lambda wish: device)

    return choose


def planned(resist=None, **intent):
    coarse = torch.rand(1, 3, 7, 7, generator=torch.Generator().manual_seed(5))
    rgb = F.interpolate(coarse, (72, 67), mode="bicubic")[0].clamp(0, 1)
    wish = {"style": "texture", "surrogates": ("embedded",), "seed": 3} | intent
    made = plan(Artwork(rgb, alpha=torch.ones(1, 72, 67)), Intent(**wish), device="cpu")
    resisting = replace(made.recipe, resist=(resist,) * 9 if resist else ())
    return replace(made, recipe=resisting, steps=5)


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


@pytest.mark.parametrize("handling", IN_THE_LOOP)
def test_steps_are_the_same_elsewhere(chosen, handling):
    made = planned(handling)
    chosen(HERE)
    here = optimise(made)
    chosen(AWAY)
    with elsewhere():
        there = optimise(made)
    assert torch.equal(there.rgb, here.rgb) and not isinstance(there.rgb, There)
    assert there.notes == (), "done here because it failed there"


def test_a_report_is_the_same_elsewhere(chosen, monkeypatch):
    monkeypatch.setattr(encoders, "spared", lambda encode, *_: encode)
    chosen(HERE)
    done = optimise(planned())
    here = verify(done, purifiers=("jpeg75",))
    chosen(AWAY)
    with elsewhere():
        assert verify(done, purifiers=("jpeg75",)).effects == here.effects


def test_times_are_taken_elsewhere():
    with elsewhere():
        assert all(seconds > 0 for seconds in pace.measured("embedded", AWAY))


@pytest.mark.parametrize("fails", ["Placeholder storage has not been allocated", ""])
def test_a_card_that_fails_leaves_the_work_to_the_processor(chosen, monkeypatch, fails):
    made, convolve = planned(), F.conv2d
    chosen(HERE)
    here = optimise(made)

    def conv2d(x, *rest, **options):
        if fails and isinstance(x, There):
            raise RuntimeError(fails)
        return convolve(x, *rest, **options) * (torch.nan if isinstance(x, There) else 1)

    monkeypatch.setattr(F, "conv2d", conv2d)
    monkeypatch.setattr(loop, "choose", lambda wish: HERE if wish == "cpu" else AWAY)
    with elsewhere():
        there = optimise(replace(made, device=KIND))
        (encode,) = [encoders.encoders("embedded", AWAY)["sd15"]]
        assert encode(made.artwork.rgb[None, :, :64, :64]).isfinite().all()
    assert torch.equal(there.rgb, here.rgb)
    assert there.notes[0].startswith(f"A card failed ({'RuntimeError' if fails else 'Floating'}")


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
        assert pace.slope_seconds("embedded", AWAY) == pace.slope_seconds("embedded", choose("cpu"))


@pytest.fixture
def real(tmp_path, monkeypatch):
    """A surrogate with its decoder, both of random weights."""
    torch.manual_seed(1)
    for half in ("encoder", "decoder"):
        torch.save(getattr(tiny, half)(4).state_dict(), tmp_path / f"taesd_{half}.pth")
    monkeypatch.setattr(encoders, "present", lambda: ("sd15",))
    monkeypatch.setattr(encoders, "place", lambda entry: tmp_path)


@pytest.mark.parametrize("name", ["round_trip", "impress"])
def test_removals_by_a_real_encoder_run_where_it_is(real, monkeypatch, name):
    monkeypatch.setattr(encoders, "spared", lambda encode, *_: encode)
    monkeypatch.setattr(impress, "_STEPS", 2)
    rgb = planned().artwork.rgb
    with elsewhere():
        apply = PURIFIERS[name].ready(trials.scene(72, AWAY))
        treated = apply(rgb, torch.Generator().manual_seed(1))
    assert not isinstance(treated, There) and treated.isfinite().all()
    assert not torch.equal(treated, rgb)
