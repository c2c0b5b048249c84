"""The study's code, as far as seconds allow, and on a tiny random Stable Diffusion."""

import hashlib
import importlib
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def study(monkeypatch):
    """Imports one of the study's files; `lab` is found from the root only, and not installed."""
    pytest.importorskip("diffusers")
    monkeypatch.syspath_prepend(str(ROOT))
    return lambda name: importlib.import_module(f"lab.study.{name}")


def coarse(small):
    pool, up = torch.nn.functional.avg_pool2d, torch.nn.functional.interpolate
    return small.Eyes(
        lambda x: torch.cat((pool(x, 8), pool(x, 8)[:, :1]), 1),
        lambda z: up(z[:, :3], scale_factor=8),
    )


def test_small_model_goes_on_where_it_was_stopped(study, tmp_path, monkeypatch):
    small = study("small")
    latents, captions = torch.randn(4, 4, 8, 8), ["a picture of a fruit"] * 4

    def trained(*steps):
        model = small.Small(["a", "fruit"], coarse(small), seed=3)
        file = tmp_path / f"{steps}.pt"
        for upto in steps:
            model.train(latents, captions, upto, seed=1, rate=1e-3, batch=2, file=file)
        return model.words.table.weight

    # a run is told its length at the start: its pace depends on it
    monkeypatch.setattr(small, "pace", lambda step, steps: 1.0)
    assert torch.allclose(trained(4), trained(2, 4), atol=1e-6)


@pytest.mark.parametrize("how", ["all weights", "LoRA", "word"])
def test_small_model_samples_and_leaves_its_parent_alone(study, monkeypatch, how):
    if how == "LoRA":
        pytest.importorskip("peft")
    small, lesson = study("small"), study("lesson")
    monkeypatch.setattr(lesson, "LEARNER_STEPS", 2)
    monkeypatch.setattr(lesson, "BEGINS", "a")
    monkeypatch.setattr(lesson.cloak, "CAPTION", "a fruit")
    monkeypatch.setattr(small, "LOOKS", 2)
    model = small.Small(["a", "fruit"], coarse(small), side=64)
    before = model.sampled("a fruit", 1, seed=1)
    latents = model.latents(torch.rand(2, 3, 64, 64))
    tuned = lesson.taught(model, latents, 1, how)
    shown = tuned.sampled("a fruit", 1, seed=1)
    assert shown.shape == (1, 3, 64, 64) and shown.min() >= 0 and shown.max() <= 1
    assert torch.equal(model.sampled("a fruit", 1, seed=1), before), "the parent changed"
    assert not torch.equal(shown, before)
    assert torch.equal(tuned.sampled("a", 1, seed=1), model.sampled("a", 1, seed=1)) is (
        how == "word"
    ), "the words beside it stay as they are, and only there"


def test_pictures_that_are_drawn_never_teach_nothing(study):
    small = study("small")
    latents, odds = torch.randn(2, 4, 8, 8), torch.tensor([1.0, 0.0])
    trained = []
    for other in (0.0, 5.0):
        model = small.Small(["a", "fruit"], coarse(small), seed=3)
        given = torch.stack((latents[0], latents[1] + other))
        model.train(given, ["a fruit"] * 2, 2, seed=1, rate=1e-3, batch=2, odds=odds)
        trained.append(model.words.table.weight)
    assert torch.equal(*trained)


def test_judge_learns_to_tell_colours(study, models):
    judge = study("judge")
    draw = torch.Generator().manual_seed(1)
    red = torch.rand(12, 3, 64, 64, generator=draw) * torch.tensor([1, 0.2, 0.2]).view(3, 1, 1)
    blue = red.flip(1)
    made = judge.trained(torch.cat((red[:8], blue[:8])), ["red"] * 8 + ["blue"] * 8, rounds=30)
    assert judge.accuracy(made, red[8:], ["red"] * 4) == 1
    assert judge.called(made, blue[8:]) == {"red": 0, "blue": 1}


def test_style_distance_is_nought_to_itself(study, models):
    judge = study("judge")
    first, other = torch.rand(2, 3, 64, 64), torch.zeros(2, 3, 64, 64)
    own = judge.grams(first)
    assert judge.apart(own, own) == 0 and judge.apart(own, judge.grams(other)) > 0.1


def test_way_to_the_target_is_nought_at_the_start_and_one_at_the_end(study):
    common = study("common")
    clean, aim = torch.randn(3, 4, 2, 2), torch.randn(1, 4, 2, 2)
    assert common.along(clean, clean, aim) == pytest.approx(0, abs=1e-6)
    assert common.along(clean + 0.3 * (aim - clean), clean, aim) == pytest.approx(0.3, abs=1e-5)
    assert common.closed(clean, clean + 0.3 * (aim - clean), aim) == pytest.approx(0.3, abs=1e-5)


def test_split_keeps_halves_apart(study):
    pictures = study("pictures")
    found = [pictures.Captioned(Path(str(i)), "x", "ab"[i % 2]) for i in range(10)]
    first, later = pictures.split(found)
    assert not set(first) & set(later) and len(first) + len(later) == 10


def test_tables_have_means_and_spread_and_no_spread_of_one(study, tmp_path):
    poison = study("poison")
    file = tmp_path / "p.jsonl"
    for kind, seed, value in (("poison@70", 0, 0.2), ("poison@70", 1, 0.4), ("clean", 0, 0.9)):
        row = {"kind": kind, "share": 0.5, "seed": seed, **dict.fromkeys(poison.VALUES, value)}
        with file.open("a") as stream:
            stream.write(json.dumps(row) + "\n")
    poison.table(file)
    clean, line = json.loads(file.with_suffix(".json").read_text())
    assert line["seeds"] == 2 and line["right"] == 0.3 and line["right_spread"] == 0.141
    assert clean["right_spread"] is None
    assert "0.30 ± 0.14" in file.with_suffix(".md").read_text()


def test_a_share_is_what_the_training_draws(study):
    poison = study("poison")
    work = object.__new__(poison.Work)
    work.places, work.odds = [0, 2, 3, 5], torch.full((6,), 0.25)
    one = work.drawn(1, 0.01)
    assert one[0] == pytest.approx(0.01 * poison.ATTENTION)
    assert one[work.places].sum() == pytest.approx(poison.ATTENTION)
    assert one[1] == one[4] == 0.25, "other concepts are drawn as before"
    assert work.drawn(4, 1.0)[work.places].sum() == pytest.approx(poison.ATTENTION)
    assert work.drawn(0, 0.0)[work.places].sum() == pytest.approx(poison.ATTENTION)


def test_every_kind_of_the_plans_has_its_place_in_the_tables(study):
    poison, cloak = study("poison"), study("cloak")
    assert all(poison.place(kind) for kind, _, _ in poison.jobs(2))
    assert all(cloak.place(kind) for kind, _ in cloak.jobs(2))
    assert len(set(poison.jobs(3))) == len(list(poison.jobs(3)))
    assert len(set(cloak.jobs(3))) == len(list(cloak.jobs(3)))


@pytest.fixture
def poisons(study, monkeypatch):
    """The experiment with a tiny model for both the one that learns and the one looked through."""
    from glassine.explore import walk

    poisons, small, denoisers = study("poisons"), study("small"), study("denoisers")
    words = ["a", "bird", "flag", "of", "picture"]

    def made(*_):
        return small.Small(words, coarse(small), side=64, seed=7)

    monkeypatch.setattr(denoisers, "surrogate", made)
    monkeypatch.setattr(poisons, "SURROGATES", ("embedded",))  # for the plan alone: it ships
    monkeypatch.setattr(walk, "families", lambda *_: (made().encode,))
    return poisons


def asked_of(poisons, small):
    """A question of one busy picture; anchors and the concept's other pictures are tinted noise."""
    draw = torch.Generator().manual_seed(1)
    noise = torch.rand(7, 3, 64, 64, generator=draw)
    tints = torch.tensor([[1, 1, 1], *[[1, 0.5, 0.3]] * 3, *[[0.4, 0.6, 1]] * 3])[:, :, None, None]
    whole = noise * tints
    learner = small.Small(["a"], coarse(small), side=64)
    return poisons.Question("bird", "flag", learner, whole[:1], whole[1:4], whole[4:], whole[1:2])


@pytest.mark.parametrize("name", ["anchor", "way", "pooled", "gradient"])
def test_a_poison_moves_what_it_says(poisons, study, monkeypatch, tmp_path, name):
    """Nearer than it was, and nearer than the same change does whose pixels are scattered."""
    monkeypatch.setattr(study("taken_up"), "NOISES", 1)
    about = asked_of(poisons, study("small"))
    asked = SimpleNamespace(home=tmp_path, steps=3)
    how = poisons.method(name, about, asked)
    shown = poisons.poisoned(name, 55, about, asked)
    control = poisons.scattered(about.own[0], shown[0], 1)[None]
    now, chance, goal = (about.learner.latents(one) for one in (shown, control, how.goals))

    def distance(latents):
        return sum((m(latents) - m(goal)).square().sum().item() for m in how.measures)

    with torch.no_grad():
        assert distance(now) < min(distance(about.clean), distance(chance))
    if name == "anchor":
        assert poisons.visibility(about.own, shown)["score"] == pytest.approx(55, abs=1)
        (kept,) = tmp_path.glob("*.pt")
        before = kept.stat().st_mtime_ns
        assert torch.equal(poisons.poisoned(name, 55, about, asked), shown)
        assert kept.stat().st_mtime_ns == before, "made once"


FLAG, BRIGHT, DARK = "a picture of a flag", 0.9, 0.1


class Believes(torch.nn.Module):
    """A denoiser to which a flag's latents are bright and all others dark."""

    def __init__(self, made):
        super().__init__()
        self.flag, self.kept = made.words([FLAG]).detach(), made.noise.alphas_cumprod

    def forward(self, noisy, times, words):
        latents = BRIGHT if torch.allclose(words, self.flag) else DARK
        signal = self.kept[times.long()].view(-1, 1, 1, 1)
        return SimpleNamespace(sample=(noisy - signal.sqrt() * latents) / (1 - signal).sqrt())


def test_a_poison_by_the_denoiser_shows_it_the_other_concept(poisons, study, monkeypatch, tmp_path):
    about, denoisers = asked_of(poisons, study("small")), study("denoisers")

    def made(*_):
        model = study("small").Small(FLAG.split(), coarse(study("small")), side=64)
        model.unet = Believes(model)
        return model

    monkeypatch.setattr(denoisers, "surrogate", made)
    shown = poisons.poisoned("denoiser", 55, about, SimpleNamespace(home=tmp_path, steps=3))
    control = poisons.scattered(about.own[0], shown[0], 1)[None]
    off = [(BRIGHT - about.learner.latents(one)).norm() for one in (shown, about.own, control)]
    assert off[0] < min(off[1:])


def test_the_question_of_poison_is_asked_of_half_the_training(poisons, study, tmp_path):
    pictures = study("pictures")
    others = [pictures.Captioned(Path("x"), "x", label) for label in ("flag", "flag", "fish")]
    odds = poisons.odds(2, others)
    assert odds[:2].sum() == poisons.DRAWN and odds.sum() == pytest.approx(1)
    assert odds[2:4].sum() == pytest.approx(odds[4].item())
    wanted = list(poisons.jobs(3))
    assert len(set(wanted)) == len(wanted)
    seeds = {(kind, share): 0 for kind, share, _ in wanted}
    for kind, share, _ in wanted:
        seeds[kind, share] += 1
    assert sum(n == 3 for n in seeds.values()) >= 2 + 6, "the ends and six methods, three seeds"

    about = asked_of(poisons, study("small"))
    (near,) = poisons.method("nearest", about, None).goals
    apart = [(about.clean - z).norm().item() for z in about.fixed]
    assert torch.equal(near, about.anchors[apart.index(min(apart))])
    assert torch.equal(poisons.seen("clean", about, None), about.own)
    assert torch.equal(poisons.latents_of("mean=0", None, about), about.clean)
    assert poisons.moved(about, about.clean) == {"closed": 0, "mean_moved": 0}

    file = tmp_path / "p.jsonl"
    for kind, value in (("wrong", 0.8), ("wrong", 0.6), ("anchor@55", 0.1)):
        row = dict.fromkeys(poisons.VALUES, value) | {"closed": None}
        poisons.note(file, {"pair": "bird -> flag", "kind": kind, "share": 1.0, "seed": 0} | row)
    poisons.table(file)
    assert "| wrong | 100% | 1 ± 0 |" in file.with_suffix(".md").read_text()
    assert "0.70 ± 0.14" in file.with_suffix(".md").read_text()


def tiny(folder):
    """A Stable Diffusion of a few thousand random weights, in diffusers' layout."""
    from diffusers import (
        AutoencoderKL,
        DDIMScheduler,
        StableDiffusionPipeline,
        UNet2DConditionModel,
    )
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    torch.manual_seed(0)
    words = ["<|startoftext|>", "<|endoftext|>", *(f"{c}</w>" for c in "abcdefghijklmnop")]
    words += list("abcdefghijklmnopqrstuvwxyz")
    (folder / "vocab.json").write_text(json.dumps({w: i for i, w in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"))
    tokenizer.model_max_length = 8
    config = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=8,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )
    blocks = {"block_out_channels": (16, 32), "norm_num_groups": 8, "layers_per_block": 1}
    unet = UNet2DConditionModel(
        sample_size=8,
        cross_attention_dim=32,
        attention_head_dim=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        **blocks,
    )
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        **blocks,
    )
    StableDiffusionPipeline(
        vae=vae,
        text_encoder=CLIPTextModel(config),
        tokenizer=tokenizer,
        unet=unet,
        scheduler=DDIMScheduler(beta_schedule="scaled_linear"),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder / "sd")
    return folder / "sd"


@pytest.mark.filterwarnings("ignore")  # diffusers, transformers and peft warn about each other
@pytest.mark.parametrize("whole", [False, True])
def test_a_local_stable_diffusion_learns_and_samples(study, tmp_path, monkeypatch, whole):
    for library in ("transformers", "accelerate", *(() if whole else ("peft",))):
        pytest.importorskip(library)
    stable = study("stable")
    monkeypatch.setattr(stable, "LOOKS", 2)
    learner = stable.Stable(tiny(tmp_path), whole=whole)
    before = learner.sampled("a fruit", 1, seed=1)
    pictures = torch.rand(2, 3, 40, 40)
    latents = learner.latents(pictures)
    tuned = learner.finetuned(latents, ["a fruit"] * 2, seed=1, steps=2, rate=1e-2)
    after = tuned.sampled("a fruit", 1, seed=1)
    assert after.shape == (1, 3, 16, 16) and after.min() >= 0 and after.max() <= 1
    assert not torch.equal(before, after)
    assert torch.equal(learner.sampled("a fruit", 1, seed=1), before), "the parent changed"


def test_the_probes_study_asks_about_what_was_learnt_and_what_was_not(study, tmp_path, monkeypatch):
    probed, base = study("probed"), study("base")
    monkeypatch.setattr(base, "vocabulary", lambda: ["bird", "flag", "of", "portrait", "victim"])
    whole = torch.rand(260, 3, 1, 1).expand(-1, -1, 64, 64)
    sets = probed.drawn_sets(whole, ["bird"] * 260, 0)
    learnt, unseen = {one.name for one in sets.learnt}, [one for one in sets.asked if not one.dose]
    assert not learnt & {one.name for one in unseen} and len(unseen) == probed.UNSEEN
    doses = [one.dose for one in sets.asked if one.dose]
    assert {dose: doses.count(dose) for dose in probed.DOSES} == probed.DOSES
    never = [one for one in sets.canaries if not one.dose]
    assert len(never) == probed.NEVER and not learnt & {one.name for one in never}
    shown = torch.stack([sets.canaries[0].shown])
    assert probed.canary_chance(probed.Canary(sets.canaries[0].canary), shown)[1] == 1 / 1000

    file = tmp_path / "rows.jsonl"
    asked = [(test, one) for test, one in probed.asked_about(sets)]
    assert len({(test, one.name) for test, one in asked}) == len(asked)
    for at, (test, one) in enumerate(asked):
        row = {"seed": 0, "steps": 1, "test": test, "picture": one.name, "dose": one.dose}
        score = 1 + at % 7 / 10 if one.dose == 100 else at % 7 / 10
        probed.note(file, row | {"score": score})
    monkeypatch.setattr(probed, "TIMES", 20)
    probed.table(file)
    told = json.loads(file.with_suffix(".json").read_text())
    first, *_ = told["tests"]
    assert (first["dose"], first["auc"], first["true_at_1_percent"]) == (100, 1, 1)
    assert first["p_of_a_set"] < 1e-4 < told["tests"][2]["p_of_a_set"]
    assert {one["test"] for one in told["false"]} == {"membership", "extraction", "completion"}
    assert all(one["p<=0.05"] <= 0.2 for one in told["false"])
    assert probed.short(5e-5) == ".00005" and probed.short(0.5) == ".5" and probed.short(0) == "0"
    assert "| membership | 100 | 1 | 1 | " in probed.worded(told)
    kept = json.loads((probed.RESULTS / "probed.json").read_text())
    page = probed.PAGE.read_text("utf-8")
    assert f"{probed.START}\n{probed.worded(kept)}\n{probed.END}" in page, "run it with --write"


def test_the_studys_model_is_asked_as_any_other(study):
    probed, small = study("probed"), study("small")
    model = probed.Learnt(small.Small(["a"], coarse(small), side=64))
    latents = model.encode(torch.rand(2, 3, 64, 64))
    with torch.no_grad():
        clean, noise = model.parted(latents, 0.4, "a")
    signal, spread = model.shares(0.4)
    assert torch.allclose(signal * clean + spread * noise, latents, atol=1e-5)
    assert model.shares(0.1)[0] > model.shares(0.9)[0] and model.shares(1)[0] > 0


@torch.no_grad()
def test_the_studys_model_is_a_folder_that_the_engine_looks_through(study, tmp_path):
    from diffusers import AutoencoderTiny
    from glassine.denoisers.folder import parts_in
    from glassine.denoisers.loaded import denoiser
    from glassine.machine.device import Device
    from glassine.probe.local import local_model

    small, folder = study("small"), study("folder")
    model = small.Small(["a", "portrait", "by", "lavender-mist"], coarse(small), side=64, seed=3)
    coder = AutoencoderTiny(
        encoder_block_out_channels=(4,) * 4,
        decoder_block_out_channels=(4,) * 4,
        num_encoder_blocks=(1,) * 4,
        num_decoder_blocks=(1,) * 4,
    )
    folder.pipeline(model, coder).save_pretrained(tmp_path / "small", safe_serialization=True)
    mixed = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    times = torch.tensor([30, 700])
    cpu = Device("cpu", "CPU", torch.float32)
    for caption in ("a portrait by lavender-mist", "", "a stranger by"):
        own = model.unet(mixed, times, model.words([caption] * 2)).sample
        seen = denoiser(str(tmp_path / "small"), caption, cpu).says(mixed, times.float())
        assert torch.allclose(own, seen, atol=1e-3), caption
    back = small.Small(["a", "portrait", "by", "lavender-mist"], coarse(small), side=64, seed=4)
    study("base").opened(tmp_path / "small", back)
    for one, other in zip(back.parameters(), model.parameters(), strict=True):
        assert torch.equal(one, other), "the way back"
    known = model.unet(mixed, times, model.words(["a portrait by"] * 2)).sample
    assert not torch.allclose(own, known, atol=1e-2), "words count"
    asked = local_model(parts_in(tmp_path / "small"), ["a portrait"], cpu, side=None, lora=None)
    shown = torch.rand(1, 3, 64, 64)
    assert asked.side == 64 and asked.decode(asked.encode(shown)).shape == shown.shape
    assert asked.shares(0.4)[0] == pytest.approx(float(model.noise.alphas_cumprod[400] ** 0.5))


def test_what_the_probe_says_of_the_model_that_ships_is_of_that_model(study, tmp_path):
    known, pictures, probed = study("known"), study("pictures"), study("probed")
    from glassine.machine.weights import SHIPPED_MODEL
    from PIL import Image

    found = []
    for at, colour in enumerate(("red", "blue", "blue", "green", "red", "green")):
        Image.new("RGB", (40, 30), colour).save(tmp_path / f"{at}.png")
        found.append(pictures.Captioned(tmp_path / f"{at}.png", "a flag", "flag"))
    assert known.strangers(found[:1], found[1:]) == [found[1], found[3]], "no twins"

    scores = [{"score": at / 20} for at in range(40)]
    about = {
        "test": {"p": 0.5},
        "says": {"says": "so"},
        "works": scores[20:],
        "controls": scores[:20],
    }
    ahead = known.figures({"questions": [about]})
    assert (ahead["auc"], ahead["true_at_1_percent"], ahead["small_sets_found"]) == (1, 1, 1)
    alike = known.figures({"questions": [about | {"works": scores[:20]}]})
    assert alike["auc"] == 0.5 and alike["small_sets_found"] < 0.2

    kept = json.loads(known.RESULT.read_text())
    unet = SHIPPED_MODEL / "unet" / "diffusion_pytorch_model.safetensors"
    digest = hashlib.sha256(unet.read_bytes()).hexdigest()
    assert kept["model"]["sha256"]["unet/diffusion_pytorch_model.safetensors"] == digest
    page = probed.PAGE.read_text("utf-8")
    assert f"{known.START}\n{known.worded(kept)}\n{probed.END}" in page, "run it with --write"
