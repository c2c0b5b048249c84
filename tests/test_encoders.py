"""Surrogates on a device: the one that ships, the real ones, and a local autoencoder."""

import platform
from dataclasses import replace

import pytest
import torch
from glassine.errors import NotUsable, UnknownEntry, WeightsMissing
from glassine.machine import bytewise, device
from glassine.machine.device import Device
from glassine.messages import message
from glassine.surrogates import SHIPPED, SURROGATES, encoders, eyes, kl, surrogate_named
from glassine.surrogates.nets.tiny import read_net
from typed import run

CPU = Device("cpu", message("device.cpu", count=1), torch.float32)
CARD = Device("cuda", message("device.card", maker="NVIDIA", name="none"), torch.float16)
FAMILIES = ("sd15", "sdxl", "sd3", "flux1", "flux2")
CHANNELS = dict(zip(FAMILIES, (4, 4, 16, 16, 32), strict=True))


@pytest.fixture(autouse=True)
def forget():
    """Loaded networks are kept for the whole process; a test must not see another's."""
    encoders.encoders.cache_clear()
    yield
    encoders.encoders.cache_clear()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_shipped_surrogate_stands_for_every_family(family, scene):
    encode = encoders.encoders("embedded", CPU)[family]
    rgb = scene[None].requires_grad_(True)
    latents = encode(rgb)
    assert latents.shape == (1, CHANNELS[family], 12, 16)
    (slope,) = torch.autograd.grad(latents.square().sum(), rgb)
    assert (slope != 0).float().mean() > 0.99


@pytest.mark.parametrize("family", FAMILIES)
def test_the_shipped_surrogate_resembles_the_real_one(family, scene, models):
    likeness, real = (
        encoders.encoders(name, CPU)[family](scene[None]) for name in ("embedded", family)
    )
    assert ((likeness - real).norm() / real.norm()).item() < 0.05


def test_real_surrogates_are_found_when_present(models):
    assert encoders.present_surrogates() == FAMILIES


def test_without_downloads_there_are_no_real_ones():
    assert encoders.present_surrogates() == ()
    with pytest.raises(WeightsMissing, match=r"taesd.* not on this machine"):
        encoders.encoders("sd15", CPU)


@pytest.mark.parametrize("family", FAMILIES)
def test_decoders_give_the_picture_back(family, scene, models):
    entry = SURROGATES[family]
    seen = entry.sees(models / entry.folder)(encoders.encoders(family, CPU)[family](scene[None]))
    assert (seen[0] - scene).abs().mean() < 0.12


def test_what_a_model_sees_is_shown_with_nothing_downloaded(scene):
    (eye,) = eyes.eyes(("embedded",), CPU, 2)
    seen = eye.sees(scene[:, :90, :124])
    assert (eye.name, eye.family) == ("embedded", "flux2")
    assert seen.shape == (3, 90, 124) and seen.min() >= 0 and seen.max() <= 1
    assert (seen - scene[:, :90, :124]).abs().mean() < 0.05, "it is the picture"
    assert (eye.sees(1 - scene) - scene).abs().mean() > 0.1, "and not any picture"


def test_the_decoder_that_ships_is_the_published_one(models):
    places = (SHIPPED, models / "taef2")
    ours, theirs = (read_net(place, "decoder", 32, pool=True).state_dict() for place in places)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_real_encoders_bring_their_own_eyes(models):
    assert [eye.name for eye in eyes.eyes(("embedded",), CPU, 2)] == ["sd15", "sdxl"]
    assert [eye.name for eye in eyes.eyes(("flux1", "sd3"), CPU, 2)] == ["flux1", "sd3"]


def test_latents_come_back_as_float32_from_lower_precision(scene):
    low = replace(CPU, dtype=torch.bfloat16)
    exact, rough = (encoders.encoders("embedded", d)["sd15"](scene[None]) for d in (CPU, low))
    assert rough.dtype == torch.float32
    assert ((rough - exact).norm() / exact.norm()).item() < 0.1


def test_steps_in_float16_go_where_exact_ones_go(scene):
    """Squares of latents and slopes stay inside float16's range, also far from the goal.

    On a small part: a processor without float16 takes seconds for it.
    """
    part = scene[None, :, 16:80, 32:96]
    exact, rough = (
        encoders.gradient_encoders("embedded", replace(CPU, dtype=one))
        for one in (torch.float32, torch.float16)
    )
    white = torch.ones_like(part)
    for family in FAMILIES:
        one, other = (towards(net[family], part, white) for net in (exact, rough))
        assert torch.cosine_similarity(one.sign(), other.sign(), 0) > 0.6


def towards(encode, rgb, goal):
    """The gradient of the squared latent distance, flat."""
    at = rgb.clone().requires_grad_(True)
    loss = (encode(at) - encode(goal)).square().sum()
    return torch.autograd.grad(loss, at)[0].flatten()


def test_a_damaged_file_is_refused_with_the_cure(tmp_path, monkeypatch):
    monkeypatch.setenv("GLASSINE_MODELS", str(tmp_path))
    (tmp_path / "taesd").mkdir()
    torch.save({"0.weight": torch.zeros(1)}, tmp_path / "taesd" / "taesd_encoder.pth")
    with pytest.raises(WeightsMissing, match="download it again"):
        encoders.encoders("sd15", CPU)


def test_a_full_autoencoder_of_a_local_folder_is_a_surrogate(tmp_path, scene):
    diffusers = pytest.importorskip("diffusers")
    blocks = ("DownEncoderBlock2D",) * 4
    net = diffusers.AutoencoderKL(
        down_block_types=blocks,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8, 8, 8, 8),
        norm_num_groups=4,
        layers_per_block=1,
    )
    net.save_pretrained(tmp_path / "mine" / "vae")
    (encode,) = encoders.encoders(str(tmp_path / "mine"), CPU).values()
    assert encode(scene[None]).shape == (1, 4, 12, 16)
    expected = net.eval().encode(scene[None] * 2 - 1).latent_dist.mean
    assert torch.allclose(encode(scene[None]), expected, atol=1e-4)


def test_a_full_autoencoder_is_not_run_in_float16(tmp_path, monkeypatch, scene):
    """SDXL's gives no numbers in it."""
    seen = []
    net = torch.nn.Conv2d(3, 4, 8, stride=8)
    net.register_forward_pre_hook(lambda net, given: seen.append(given[0].dtype))
    (tmp_path / "config.json").touch()
    monkeypatch.setattr(kl, "load_autoencoder", lambda place: net)
    for dtype in (torch.float16, torch.bfloat16):
        (encode,) = encoders.encoders(str(tmp_path), replace(CPU, dtype=dtype)).values()
        encode(scene[None])
    assert seen == [torch.float32, torch.bfloat16]


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(WeightsMissing, match=r"config\.json"):
        surrogate_named(str(tmp_path))


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(UnknownEntry, match="Did you mean 'flux1'"):
        surrogate_named("flux-1")


def test_a_device_that_is_not_there_is_said(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(NotUsable, match=r"'cuda'.*cpu"):
        device.choose("cuda")


def test_the_fastest_device_comes_first(monkeypatch):
    found = [CARD, CPU]
    monkeypatch.setattr(device, "usable_devices", lambda: found)
    assert device.choose() == found[0]


def test_the_processor_is_had_without_a_look_at_the_cards(monkeypatch):
    """One that hangs when it is tried may be why it is asked for."""
    monkeypatch.setattr(device, "seen_cards", lambda: pytest.fail("a card was looked at"))
    assert device.choose("cpu").kind == "cpu"


@pytest.fixture
def card(monkeypatch):
    """A CUDA card: whether its bfloat16 is real, and the number formats that work on it."""

    def put(real, *good):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a card")
        bfloat16 = lambda including_emulation=True: including_emulation or real  # noqa: E731
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", bfloat16)
        works = device.works
        monkeypatch.setattr(
            device, "works", lambda d: d.dtype in good if d.kind == "cuda" else works(d)
        )

    return put


@pytest.mark.parametrize(
    ("real", "good", "taken"),
    [
        (True, (torch.bfloat16, torch.float16, torch.float32), torch.bfloat16),
        (False, (torch.bfloat16, torch.float16, torch.float32), torch.float16),
        (False, (torch.bfloat16, torch.float32), torch.float32),
    ],
)
def test_a_card_computes_in_the_first_format_that_works_on_it(card, real, good, taken):
    card(real, *good)
    assert device.choose().kind == "cuda" and device.choose().dtype == taken


def test_a_card_that_nothing_works_on_is_left_out_and_named(card, capsys):
    card(False)
    assert device.choose().kind == "cpu"
    assert run("doctor") == 0
    assert "Not used: NVIDIA a card" in capsys.readouterr().out


def test_doctor_says_what_to_ask_for_to_compute_elsewhere(card, capsys):
    card(True, torch.float16)
    assert run("doctor") == 0
    said = capsys.readouterr().out
    assert (
        "Computes on: NVIDIA a card" in said
        and "Also here: CPU, 1 thread with --device cpu" in said
    )


def test_a_format_works_where_slopes_are_what_they_are_here(monkeypatch):
    assert device.works.__wrapped__(replace(CPU, dtype=torch.bfloat16))
    assert not device.works.__wrapped__(CARD)
    conv = torch.nn.functional.conv2d

    def broken(x, *rest, **options):
        return conv(x, *rest, **options) * (torch.nan if x.dtype == torch.float16 else 1)

    monkeypatch.setattr(torch.nn.functional, "conv2d", broken)
    assert not device.works.__wrapped__(replace(CPU, dtype=torch.float16))
    assert device.works.__wrapped__(CPU)


@pytest.mark.parametrize(("kind", "last"), [("mps", False), ("cuda", True), ("cpu", True)])
def test_channels_lie_last_except_on_apples_cards(monkeypatch, scene, kind, last):
    at = replace(CPU, kind=kind)
    assert at.layout == (torch.channels_last if last else torch.contiguous_format)
    monkeypatch.setattr(Device, "layout", at.layout)
    laid, convolve = [], torch.nn.functional.conv2d

    def seen(x, *rest, **options):
        laid.append(x.is_contiguous(memory_format=at.layout))
        return convolve(x, *rest, **options)

    monkeypatch.setattr(torch.nn.functional, "conv2d", seen)
    for encode in encoders.gradient_encoders.__wrapped__("embedded", CPU).values():
        encode(scene[None])
    assert len(laid) > 50 and all(laid)


@pytest.mark.parametrize(
    ("amx", "short", "maker", "fast"),
    [
        (True, True, "GenuineIntel", True),
        (False, True, "GenuineIntel", False),
        (False, True, "AuthenticAMD", True),
        (False, False, "AuthenticAMD", False),
    ],
)
def test_bfloat16_is_used_only_where_it_wins(monkeypatch, amx, short, maker, fast):
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: short)
    monkeypatch.setattr(device, "processor", lambda: maker)
    assert device.has_fast_bfloat16() is fast


@pytest.mark.parametrize(("amx", "kernels", "taken"), [(0, 1, 1), (0, 0, 0), (1, 1, 0)])
def test_steps_are_taken_in_bytes_beside_fast_bfloat16_but_not_beside_amx(
    monkeypatch, amx, kernels, taken
):
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: bool(amx))
    monkeypatch.setattr(device, "has_fast_bfloat16", lambda: True)
    monkeypatch.setattr(device.bytewise, "usable", lambda: bool(kernels))
    found = device.choose("cpu")
    assert (found.dtype, found.in_bytes) == (torch.bfloat16, bool(taken))


@pytest.mark.skipif(not bytewise.usable(), reason="this CPU is not faster in bytes")
def test_a_walk_in_bytes_is_the_same_whatever_else_runs_in_bfloat16(scene):
    mixed, whole = (
        encoders.gradient_encoders("embedded", replace(CPU, dtype=dtype, in_bytes=True))["sd15"]
        for dtype in (torch.bfloat16, torch.float32)
    )
    assert torch.equal(mixed(scene[None]), whole(scene[None]))


def test_the_processor_has_a_name():
    assert device.processor() or not platform.processor()


def test_the_embedded_surrogate_names_the_families_that_it_likens():
    found = encoders.encoders("embedded", CPU)
    assert set(SURROGATES["embedded"].families) == set(found)


def test_an_encoder_for_steps_is_made_at_its_first_call(scene, monkeypatch):
    """A preview of four steps does not wait for the fifth family's."""
    made, twin = [], encoders.gradient_twin
    monkeypatch.setattr(encoders, "gradient_twin", lambda *told: [made.append(1), twin(*told)][1])
    found = encoders.gradient_encoders.__wrapped__("embedded", CPU)
    assert not made and len(found) == 5
    one = found["sd15"](scene[None, :, :64, :64])
    assert torch.equal(found["sd15"](scene[None, :, :64, :64]), one) and len(made) == 1


def test_loading_an_encoder_draws_nothing_from_the_common_chance():
    state = torch.random.get_rng_state()
    encoders.gradient_encoders.__wrapped__("embedded", CPU)
    assert torch.equal(torch.random.get_rng_state(), state)
