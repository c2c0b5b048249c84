"""Denoisers of tiny random models: what they say, what objectives move, and wrong folders."""

import json
import shutil
from dataclasses import replace
from functools import cache

import pipelines
import pytest
import torch
import torch.nn.functional as F
import typed
from glassine.cli import exits
from glassine.denoisers import DENOISERS
from glassine.denoisers.folder import parts_in
from glassine.denoisers.loaded import denoiser, drawn_noise
from glassine.denoisers.noise import noise_of
from glassine.errors import NotUsable, OutOfMemory, WeightsMissing
from glassine.evidence.page.render import html
from glassine.evidence.sight import sighted
from glassine.evidence.wording import NO_DENOISER
from glassine.explore import denoising
from glassine.explore.denoising import LOSSES, Through, in_turn, through_model
from glassine.explore.redrawn import redrawn, walked_back
from glassine.flow import optimise as optimising
from glassine.flow import timing
from glassine.flow.catalogue import catalogue
from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.recipes import FINE_STEPS, MODEL_RECIPES
from glassine.flow.settle import settle
from glassine.flow.verify import verify
from glassine.formats import FORMATS
from glassine.machine.device import Device
from glassine.machine.weights import EMBEDDED
from glassine.machine.weights.pipelines import numbers_in
from glassine.service.methods import METHODS
from glassine.service.state import State
from glassine.types import Artwork, Change, Intent, Keep, quiet
from pipelines import models_at

__all__ = ["models_at"]

pytest.importorskip("diffusers")
CPU = Device("cpu", "CPU", torch.float32)
LEVEL = 100  # of a thousand: with little noise, so that the picture counts
PREDICTS = {"sd": "epsilon", "sdxl": "epsilon", "sd3": "flow", "flux1": "flow"}


@pytest.fixture(scope="module")
def folders(models_at):
    """Kind -> its folder."""
    return models_at


@pytest.fixture
def copied(folders, tmp_path):
    """A Stable Diffusion that a test may break."""
    return shutil.copytree(folders["sd"], tmp_path / "sd")


def picture(height=72, width=64, seed=0):
    draw = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, 9, 8, generator=draw)
    return F.interpolate(coarse, (height, width), mode="bicubic")[0].clamp(0, 1)


def through(folder):
    planned = plan(Artwork(picture()), Intent(recipe="advdm", model=str(folder), seed=1))
    return through_model(planned, CPU)


# --- what they say -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", DENOISERS)
def test_a_denoiser_answers_for_every_latent(folders, kind):
    seen = through(folders[kind])
    latents = seen.latents(picture()[None])
    assert latents.shape[2:] == (9, 8), "one side is no multiple of what a token holds"
    found = seen.sees.error(latents, drawn_noise(latents, 3), torch.tensor([400]))
    assert found.shape == latents.shape and found.isfinite().all()
    assert seen.sees.noise.predicts == PREDICTS[kind]
    other = denoiser(str(folders[kind]), "zebra", CPU)
    again = other.error(latents, drawn_noise(latents, 3), torch.tensor([400]))
    assert not torch.equal(found, again), "the prompt must reach the network"


@pytest.mark.parametrize("kind", DENOISERS)
def test_gradients_are_those_of_finite_differences(folders, kind):
    """Of the error by the pixels, along one direction, through denoiser and autoencoder."""
    seen, at = through(folders[kind]), torch.tensor([500])
    draw = torch.Generator().manual_seed(2)
    rgb = picture()[None].requires_grad_(True)
    noise = drawn_noise(seen.latents(rgb).detach(), 1)

    def loss(pixels):
        return seen.sees.error(seen.latents(pixels), noise, at).double().square().mean()

    (slope,) = torch.autograd.grad(loss(rgb), rgb)
    way = slope.sign() + torch.randn(rgb.shape, generator=draw)
    step = 3e-4
    with torch.no_grad():
        ahead, behind = loss(rgb + step * way), loss(rgb - step * way)
    expected = (slope * way).sum().item()
    assert ((ahead - behind) / (2 * step)).item() == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("predicts", ["epsilon", "v_prediction", "flow"])
def test_latents_and_noise_are_found_again_whatever_a_model_predicts(predicts):
    config = {"prediction_type": predicts, "beta_schedule": "scaled_linear"}
    if predicts == "flow":
        config = {"_class_name": "FlowMatchEulerDiscreteScheduler", "num_train_timesteps": 1000}
    noise, draw = noise_of(config), torch.Generator().manual_seed(1)
    latents, added = torch.randn(2, 3, 4, 5, 6, generator=draw)
    at = torch.tensor([0, 300, 900])
    mixed = noise.mixed(latents, added, at)
    clean, found = noise.parted(noise.truth(latents, added, at), mixed, at)
    assert torch.allclose(found, added, atol=1e-5) and torch.allclose(clean, latents, atol=1e-3)
    assert noise.spread.diff().min() > 0, "levels go from little noise to much"
    assert noise.predicts == predicts


def test_levels_are_those_between_two_shares():
    noise = noise_of({})
    assert noise.levels(0, 1) == range(1000) and noise.levels(0.7, 1) == range(700, 1000)
    assert len(noise.levels(1, 1)) == 1


def test_the_distilled_slope_is_the_error_itself(folders):
    """SDS: the error goes back through the autoencoder alone."""
    seen, at = through(folders["sd"]), torch.tensor([200])
    latents = seen.latents(picture()[None]).detach().requires_grad_(True)
    noise = drawn_noise(latents, 5)
    loss = LOSSES["distilled"](seen.sees, latents, noise, at).square().sum() / 2
    (slope,) = torch.autograd.grad(loss, latents)
    found = seen.sees.error(latents, noise, at).detach()
    assert torch.allclose(slope, found, atol=1e-6)
    whole = LOSSES["error"](seen.sees, latents, noise, at).square().sum() / 2
    (full,) = torch.autograd.grad(whole, latents)
    assert not torch.allclose(full, found, atol=1e-2)


# --- what objectives move ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def moved():
    """(recipe, model) -> (plan, its change), with few steps at one level of noise."""

    @cache
    def change(name, model):
        wish = Intent(recipe=name, model=model, seed=1)
        made = plan(Artwork(picture()), wish)
        asks = replace(made.recipe.denoising, low=LEVEL / 1000, high=LEVEL / 1000)
        made = replace(made, recipe=replace(made.recipe, denoising=asks), steps=12, held_out=())
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(optimising, "choose", lambda wish: CPU)
            return made, optimise(made).pixels.float()

    return change


@pytest.fixture(params=["sd", EMBEDDED])
def model(request, folders):
    """A random Stable Diffusion, and the trained one that ships."""
    return EMBEDDED if request.param == EMBEDDED else str(folders["sd"])


def seen_of(model, rgb):
    """Over some noises: (mean denoising error, the noise that is seen, latents)."""
    seen, at = through(model), torch.tensor([LEVEL])
    with torch.no_grad():
        latents = seen.latents(rgb[None])
        half = [drawn_noise(latents, seed) for seed in range(40, 48)]
        noises = [*half, *(-one for one in half)]  # their mean is nothing
        errors = torch.cat([seen.sees.error(latents, one, at) for one in noises])
        guessed = torch.cat([seen.sees.guessed_noise(latents, one, at) for one in noises])
    return errors, guessed, latents


def test_advdm_makes_the_picture_harder_to_denoise(model, moved):
    before, after = (seen_of(model, one)[0] for one in (picture(), changed(moved("advdm", model))))
    assert after.square().mean() > before.square().mean() + 0.01


def test_sds_moves_latents_against_the_error(model, moved):
    errors, _, latents = seen_of(model, picture())
    _, _, after = seen_of(model, changed(moved("sds", model)))
    way, error = (after - latents).flatten(), errors.mean(0).flatten()
    assert torch.cosine_similarity(way, error, 0) < -0.1


def test_mist_brings_latents_and_seen_noise_to_the_texture(model, moved):
    made, _ = moved("mist", model)
    _, guessed, latents = seen_of(model, picture())
    _, after, reached = seen_of(model, changed(moved("mist", model)))
    _, _, goal = seen_of(model, made.goals[0].picture)
    assert (reached - goal).norm() < 0.99 * (latents - goal).norm()
    assert (after - goal).norm() < (guessed - goal).norm()


def changed(found):
    return (picture() + found[1]).clamp(0, 1)


def test_the_report_has_the_denoisers_own_view(folders, moved):
    made, change = moved("advdm", str(folders["sd"]))
    protected = settle(Change(made, change.half()))
    report = verify(protected)
    assert [row.level for row in report.denoised] == [0.1, 0.3, 0.5, 0.7, 0.9]
    first, seen = report.denoised[0], through(folders["sd"])
    with torch.no_grad():
        latents = seen.latents(made.artwork.rgb[None])
        noises = [drawn_noise(latents, draw) for draw in range(4)]
        errors = [seen.sees.error(latents, one, torch.tensor([100])) for one in noises]
    assert first.original == pytest.approx(torch.stack(errors).square().mean().item(), rel=1e-3)
    assert first.protected > first.original and first.protected > first.scattered
    assert report.record.model == "sd" and "/" not in report.record.model
    page = html(protected, report, sighted(protected))
    assert "The denoiser&#x27;s loss" in page or "The denoiser's loss" in page
    assert "What the model makes of both" not in page, "nobody asked"
    assert NO_DENOISER not in report.limits


@pytest.mark.parametrize("kind", ["sd", "sd3"])
def test_a_model_draws_both_pictures_anew_from_one_noise(folders, kind):
    made = plan(Artwork(picture()), Intent(recipe="sds", model=str(folders[kind]), redraw=True))
    one, same, other = redrawn(made, CPU, picture(), picture(), picture(seed=1))
    assert made.redraw and one.shape == picture().shape and one.min() >= 0 and one.max() <= 1
    assert torch.equal(one, same) and not torch.equal(one, other)
    told = replace(made, prompt="zebra")
    assert not torch.equal(one, redrawn(told, CPU, picture())[0]), "it is told the prompt"


def test_what_is_walked_back_without_noise_is_the_picture_itself(folders, monkeypatch):
    """A denoiser that is right gives back the latents it was given."""
    sees = through(folders["sd"]).sees
    latents = torch.randn(1, 4, 3, 3, generator=torch.Generator().manual_seed(1))

    def right(mixed, times):
        signal, spread = sees.noise.shares(times.long(), mixed)
        return (mixed - signal * latents) / spread

    found = walked_back(replace(sees, says=right), latents)
    assert torch.allclose(found, latents, atol=1e-3)
    wrong = walked_back(replace(sees, says=lambda mixed, _: mixed), latents)
    assert not torch.allclose(wrong, latents, atol=0.1)


def test_a_change_keeps_to_mask_and_plan(folders, monkeypatch):
    monkeypatch.setattr(optimising, "choose", lambda wish: CPU)
    mask = torch.zeros(1, 72, 64)
    mask[:, :, :32] = 1
    wish = Intent(recipe="sds", model=str(folders["sd"]), seed=1, mask=mask)
    made = replace(plan(Artwork(picture()), wish), steps=2)
    change = optimise(made).pixels
    assert change[:, :, :32].any() and not change[:, :, 32:].any()
    assert torch.equal(change, optimise(made).pixels)


def test_steps_are_shared_out_evenly():
    turns = [[in_turn(step, share) for step in range(8)] for share in (1.0, 0.5, 0.25, 0.0)]
    assert [sum(row) for row in turns] == [8, 4, 2, 0]
    assert turns[1] == [False, True] * 4


def test_every_recipe_has_its_paper_and_a_range_of_levels():
    for recipe in MODEL_RECIPES.values():
        asks = recipe.denoising
        assert "arXiv" in asks.source and 0 <= asks.low < asks.high <= 1 and 0 < asks.share <= 1
        assert asks.loss in LOSSES and (asks.share == 1 or recipe.goals)
        assert bool(asks.rounds) is bool(asks.lessons)


@pytest.mark.parametrize("kind", ["sd", "flux1"])
@pytest.mark.parametrize(
    ("name", "levels"), [("advdm-word", range(500)), ("advdm-early", range(700, 1000))]
)
def test_steps_look_only_at_the_levels_that_a_paper_gives(folders, monkeypatch, kind, name, levels):
    seen = []
    monkeypatch.setitem(LOSSES, "error", lambda *it: seen.append(it[3]) or it[1])
    asks, found = MODEL_RECIPES[name].denoising, through(folders[kind])
    for drawn in (0, 299, 300, 499, 500, 12345, 999_999_999):
        denoising.looked_at(asks, found, drawn, 1)(picture()[None])
    at = torch.cat(seen)
    assert set(at.tolist()) <= set(levels) and len(set(at.tolist())) > 3
    noise = found.sees.noise
    assert noise.spread[at].max() <= noise.spread[levels[-1]] and at.min() >= levels[0]


def test_half_of_the_steps_go_on_towards_the_goal(folders, monkeypatch):
    seen = []
    real = denoising.DenoiserCourse.seen
    monkeypatch.setattr(denoising.DenoiserCourse, "seen", lambda *it: seen.append(1) or real(*it))
    monkeypatch.setattr(optimising, "choose", lambda wish: CPU)
    wish = Intent(recipe="cloak-sds", model=str(folders["sd"]), seed=1)
    optimise(replace(plan(Artwork(picture()), wish), steps=6))
    assert len(seen) == 3


# --- folders -------------------------------------------------------------------------------------


def refused(folder):
    with pytest.raises(WeightsMissing) as found:
        parts_in(folder)
    return found.value.message


def test_a_whole_folder_is_counted(folders):
    parts = parts_in(folders["sd"])
    net = denoiser(str(folders["sd"]), "x", CPU).net
    assert parts.net.numbers == sum(one.numel() for one in net.parameters())
    assert parts.bytes_on(CPU) == 4 * (parts.net.numbers + parts.vae.numbers)


def test_a_wrong_folder_is_told_what_it_holds(tmp_path, folders):
    assert refused(tmp_path / "nowhere").code == "model.no_folder"
    (tmp_path / "lora.safetensors").write_bytes(b"x")
    said = refused(tmp_path)
    assert said.code == "model.no_index" and "lora.safetensors" in str(said)
    said = refused(folders["sd"] / "unet")
    assert said.code == "model.no_index" and "config.json" in str(said)


def test_a_model_of_another_kind_is_named(copied):
    pipelines.index_says(copied, _class_name="WanPipeline")
    said = refused(copied)
    assert "WanPipeline" in str(said) and "FLUX.1" in str(said)
    (copied / "model_index.json").write_text("{")
    assert refused(copied).code == "model.unreadable"


def test_a_missing_part_is_named(copied):
    shutil.rmtree(copied / "unet")
    said = refused(copied)
    assert said.code == "model.no_part" and "unet" in str(said) and "vae" in str(said)


class Trap:
    """A pickle that leaves a trace when it is opened."""

    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return open, (str(self.file), "w")


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_a_pickle_is_never_opened(copied, tmp_path, part):
    sprung = tmp_path / "sprung"
    for file in (copied / part).glob("*.safetensors"):
        torch.save(Trap(sprung), file.with_suffix(".bin"))
        file.unlink()
    assert refused(copied).code == "model.pickle"
    with pytest.raises(WeightsMissing, match="can run programs"):
        plan(Artwork(picture()), Intent(recipe="advdm", model=str(copied)))
    if part == "vae":
        with pytest.raises(WeightsMissing, match="can run programs"):
            optimise(plan(Artwork(picture()), Intent(surrogates=(str(copied),))))
    assert not sprung.exists()


def test_files_that_were_cut_off_are_told_with_their_sizes(copied):
    (file,) = (copied / "unet").glob("*.safetensors")
    whole = file.read_bytes()
    for length in (len(whole) // 2, 4, 0):
        file.write_bytes(whole[:length])
        said = refused(copied)
        assert said.code in ("model.cut_off", "model.no_safetensors") and str(length) in str(said)
    assert said.code == "model.no_safetensors"
    file.write_bytes(whole + b"more")
    assert refused(copied).code == "model.cut_off"
    file.write_bytes(whole)
    assert numbers_in(file) > 0


def test_a_missing_shard_is_named(copied):
    (file,) = (copied / "unet").glob("*.safetensors")
    rows = {"weight_map": {"a": file.name, "b": "second.safetensors"}}
    (file.parent / "net.safetensors.index.json").write_text(json.dumps(rows))
    assert "second.safetensors" in str(refused(copied))


def test_a_model_larger_than_memory_is_refused_before_it_is_loaded(folders, monkeypatch):
    from glassine.denoisers import loaded

    monkeypatch.setattr(loaded.memory, "available", lambda: 1000)
    monkeypatch.setattr(loaded, "network", lambda *_: pytest.fail("it was loaded"))
    with pytest.raises(OutOfMemory, match="GB"):
        denoiser(str(folders["sd"]), "something else", CPU)


def test_what_no_scheduler_of_ours_says_is_refused():
    with pytest.raises(WeightsMissing, match="sample"):
        noise_of({"prediction_type": "sample"})


def test_a_recipe_and_a_model_must_belong_together(folders):
    with pytest.raises(NotUsable, match="no model was named"):
        plan(Artwork(picture()), Intent(recipe="sds"))
    with pytest.raises(NotUsable, match="advdm"):
        plan(Artwork(picture()), Intent(recipe="cloak", model=str(folders["sd"])))


def test_a_through_is_an_encoder_of_its_own_model(folders):
    made = plan(Artwork(picture()), Intent(recipe="sds", model=str(folders["sd3"])))
    assert made.surrogates == (str(folders["sd3"]),)
    assert isinstance(through_model(made, CPU), Through)


def test_the_command_line_says_what_it_takes_and_through_what(folders, tmp_path, capsys):
    clean, copy = tmp_path / "clean.png", tmp_path / "copy.png"
    clean.write_bytes(FORMATS["png"].write(picture(), None, Keep(), 95))
    asked = ("--recipe", "sds", "--effort", "preview", "--device", "cpu", "--marks", "none")
    # with one seed in twenty a picture of 72 px no longer looks like itself
    seeded = ("--seed", "1")
    typed.run("protect", clean, "-o", copy, "--model", folders["sd"], "--redraw", *seeded, *asked)
    said = capsys.readouterr()
    assert copy.exists() and "GB" in said.err and "through the model" in said.out
    assert "What the model makes of both" in (tmp_path / "copy.html").read_text()
    given = ("report", copy, "--original", clean, "--quick", "-o", tmp_path / "again.html")
    prompt = ("--prompt", "a zebra")
    assert typed.run(*given, "--model", folders["sd"], "--redraw", *prompt) == 0
    page = (tmp_path / "again.html").read_text()
    assert "What the model makes of both" in page and "a zebra" in page
    assert "The denoiser" in page and "Only encoders were worked against" not in page
    capsys.readouterr()
    assert typed.run(*given, "--redraw") == 2 and "none was named" in capsys.readouterr().err
    assert typed.run(*given, "--model", tmp_path) == exits.MISSING
    assert typed.run("protect", clean, "-o", tmp_path / "b.png", *asked) == exits.NOT_USABLE
    assert "no model was named" in capsys.readouterr().err
    for option in (("--model", folders["sd"]), ("--prompt", "a cat"), ("--redraw",)):
        assert typed.run("protect", clean, "-o", tmp_path / "c.png", *option) == 2
        assert f"{option[0]} was given" in capsys.readouterr().err


# --- what Krita may ask --------------------------------------------------------------------------


def test_an_estimate_counts_steps_through_the_model(folders, monkeypatch):
    monkeypatch.setattr(timing, "gradient_seconds", lambda name, device: (3.0,))
    monkeypatch.setattr(timing, "look_seconds", lambda: 0.0)
    told = {"a cat": 5.0, "a painting": 7.0}
    monkeypatch.setattr(timing, "denoiser_seconds", lambda asks, model, prompt, _: told[prompt])
    size = {"width": 100, "height": 100, "model": str(folders["sd"])}
    pixels = 104**2  # sides that an encoder can take
    for recipe, prompt, step in (
        ("sds", "", 7),
        ("sds", "a cat", 5),
        ("cloak-sds", "a cat", 5 / 2 + 3 * 4 / 3 / 2),
    ):
        found = asked_of_krita("estimate", size | {"recipe": recipe, "prompt": prompt})
        for effort, steps in FINE_STEPS.items():
            assert found.result.seconds[effort] == pytest.approx(steps * pixels * step)
    for wrong in ({"recipe": "cloak"}, {"recipe": "sds", "model": ""}, {"recipe": "subject"}):
        with pytest.raises(NotUsable):
            asked_of_krita("estimate", size | wrong)


def test_krita_protects_a_layer_through_a_model(folders, monkeypatch):
    rows = torch.cat([picture(), torch.ones(1, 72, 64)]).permute(1, 2, 0)
    blobs = {"pixels": (rows * 255).round().byte().numpy().tobytes()}
    pixels = {"width": 64, "height": 72, "order": "BGRA", "type": "u8"}
    wish = {"recipe": "advdm", "effort": "preview", "strength": 60, "seed": 1}
    made = {}
    for prompt in ("", "a painting", "zebra"):
        wanted = wish | {"model": str(folders["sd"]), "prompt": prompt}
        heard = []
        found = asked_of_krita("protect", {"pixels": pixels, "intent": wanted}, blobs, heard.append)
        made[prompt] = bytes(found.blobs["pixels"])
        assert heard[0].left > 0 and found.result.seed == 1
    assert made[""] == made["a painting"] != made["zebra"] and made[""] != blobs["pixels"]


def test_krita_is_told_what_a_folder_holds_before_anything_is_loaded(folders, copied, monkeypatch):
    said = str(asked_of_krita("model", {"folder": str(folders["flux1"])}).result.says)
    assert said.startswith("flux1: FLUX.1") and "GB" in said
    shutil.rmtree(copied / "unet")
    with pytest.raises(WeightsMissing, match="unet"):
        asked_of_krita("model", {"folder": str(copied)})
    offered = {row["name"]: row["needs"] for row in catalogue()["model_recipes"]}
    assert offered["cloak-sds"] == ["style", "model"] and offered["sds"] == ["model"]
    assert "subject" not in offered, "of a set, and not of a picture"


def asked_of_krita(method, ask, blobs=None, watch=quiet):
    return METHODS[method](ask, blobs or {}, watch, State(wish="cpu"))
