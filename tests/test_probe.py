"""The probe: it finds what was learnt by construction, and calls nothing learnt that was not."""

import json
import sqlite3
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from glassine import ledger
from glassine.denoisers.folder import parts_in
from glassine.errors import Cancelled, NotUsable, WeightsMissing
from glassine.find.works import from_ledger
from glassine.machine.device import Device
from glassine.marks import visible
from glassine.pixels.grid import to_array
from glassine.probe import asked, canaries, local, pack, run, works
from glassine.probe.alike import bits_between, looked_at, near_duplicate
from glassine.probe.canaries import Canary, canary_chance
from glassine.probe.halves import away_from, half_hidden, never_was
from glassine.probe.questions import QUESTIONS, Effort, calibrated, calibrated_looks, group
from glassine.probe.statistics import (
    MOST,
    area_under_curve,
    largest_clique,
    least_p,
    permutation_test,
    rank_p,
    true_at_false,
)
from PIL import Image
from pipelines import models_at
from typed import run as run_command

__all__ = ["models_at"]

SIDE = 32
EFFORT = Effort(samples=3, paintings=1, noises=1, steps=8)
CPU = Device("cpu", "CPU", torch.float32)


class Memory:
    """The best denoiser that there can be for a training set: it knows nothing else.

    What it takes for clean is the mean of what it learnt, each as likely as it is near.
    learnt  (caption, picture) pairs; for words that it never met it thinks of all of them
    """

    side, guided = SIDE, False

    def __init__(self, learnt):
        self.words = [caption for caption, _ in learnt]
        self.known = self.encode(torch.stack([picture for _, picture in learnt]))
        self.looks = 0

    def encode(self, pictures):
        return F.avg_pool2d(pictures, 2) * 2 - 1

    def decode(self, latents):
        return F.interpolate(latents / 2 + 0.5, scale_factor=2, mode="nearest")

    def shares(self, level):
        return 1 - level, level + 1e-3

    def parted(self, mixed, level, caption):
        self.looks += len(mixed)
        signal, spread = self.shares(level)
        same = [at for at, words in enumerate(self.words) if words == caption]
        known = self.known[same] if same else self.known
        apart = (mixed[:, None] - signal * known[None]).square().flatten(2).sum(2)
        share = (-apart / (2 * spread**2)).softmax(1)
        clean = (share[..., None, None, None] * known[None]).sum(1)
        return clean, (mixed - signal * clean) / spread


def pictures(count, seed, side=SIDE):
    """Coloured patches, as unlike as can be."""
    coarse = torch.rand(count, 3, 16, 16, generator=torch.Generator().manual_seed(seed))
    return F.interpolate(coarse, (side, side), mode="bilinear")


@pytest.fixture(scope="module")
def learnt():
    """Ten pictures with their words, thirty that nobody learnt, and what learnt the first."""
    known = [(f"work {at}", one) for at, one in enumerate(pictures(10, 1))]
    unseen = [(f"other {at}", one) for at, one in enumerate(pictures(30, 2))]
    return known, unseen, Memory(known)


# --- the figures ---------------------------------------------------------------------------------


def test_p_is_the_share_of_divisions_that_stand_out_as_far():
    found = permutation_test([3, 4], [1, 2])
    assert (found.p, found.exact, found.looked, found.ahead) == (1 / 6, True, 6, 2.0)
    assert permutation_test([4, 2], [1, 3]).p == 2 / 6
    assert permutation_test([1, 2], [3, 4]).p == 1
    assert permutation_test([0.1 + 0.2], [0.3]).p == 1, "the same but for rounding is no difference"
    assert permutation_test([5, 5], [5, 5, 5]).p == 1
    assert least_p(2, 2) == 1 / 6


def test_drawn_divisions_say_what_all_would():
    works, controls = list(range(8, 16)), list(range(3, 15))
    found = permutation_test(works, controls, seed=3)
    assert not found.exact and found.looked == MOST
    again = [permutation_test(works, controls, seed=at).p for at in (3, 4)]
    assert found.p == again[0] and found.p == pytest.approx(again[1], abs=0.01)
    far = permutation_test([90.0 + at for at in range(12)], list(range(12)))
    assert far.p == 1 / (MOST + 1) == least_p(12, 12), "never nought"


def test_p_of_sets_of_one_source_is_uniform():
    draw = np.random.default_rng(4)
    every = [permutation_test(*draw.standard_cauchy((2, 5)).tolist()).p for _ in range(400)]
    for alpha in (0.05, 0.1, 0.3, 0.5, 0.8):
        away = 3 * (alpha * (1 - alpha) / 400) ** 0.5
        assert np.mean(np.array(every) <= alpha) == pytest.approx(alpha, abs=away + 1 / 252)


def test_curves_and_ranks():
    assert area_under_curve([2, 3], [0, 1]) == 1 and area_under_curve([1], [1]) == 0.5
    assert area_under_curve([0, 3], [1, 2]) == 0.5
    strangers = list(range(100))
    assert true_at_false([97.5, 98.5, 99.5], strangers) == pytest.approx(2 / 3)
    assert true_at_false([9, 10.5], list(range(11))) == 0.5, "of eleven none may be above"
    assert rank_p(5, [1, 2, 3]) == 1 / 4 and rank_p(2, [1, 2, 3]) == 3 / 4


def test_a_clique_is_a_group_in_which_everyone_is_near_everyone():
    near = np.zeros((6, 6), bool)
    for one, other in ((0, 1), (1, 2), (2, 3), (3, 5), (2, 5), (4, 5)):
        near[one, other] = near[other, one] = True
    assert largest_clique(near) == (2, 3, 5)
    assert len(largest_clique(np.zeros((3, 3), bool))) == 1


# --- what is asked -------------------------------------------------------------------------------


def test_the_original_as_it_never_was():
    picture = pictures(1, 5)[0]
    other = never_was(picture)
    assert torch.equal(other[1], picture[0].flip(1)) and not torch.equal(other, picture)
    hidden = half_hidden(SIDE, True)
    assert hidden[0, :, : SIDE // 2].all() and not hidden[0, :, SIDE // 2 :].any()
    grey = picture.clone()
    grey[:, :, SIDE // 2 :] = 0.5  # what is seen does not count
    made = torch.stack([picture, grey, picture * 0])
    same, seen_only, black = away_from(made, picture, hidden).tolist()
    assert same == seen_only == pytest.approx(1e-4) and black > 0.1


def test_near_duplicates_are_seen_through_mirrors_reductions_and_crops():
    whole = np.repeat(np.repeat(to_array(pictures(1, 3, 16)[0], 8), 24, 0), 24, 1)
    coarse = np.array(Image.fromarray(whole).resize((120, 120)).resize((384, 384)))
    copies = [
        torch.from_numpy(one).permute(2, 0, 1) / 255 for one in (whole, coarse[:, ::-1].copy())
    ]
    own, mirrored = map(looked_at, copies)
    stranger = looked_at(pictures(1, 8, 384)[0])
    flat = looked_at(torch.full((3, 64, 64), 0.5))
    assert near_duplicate(own, mirrored) and not near_duplicate(own, stranger)
    assert not near_duplicate(own, flat) and bits_between(flat, [flat])[0] == 256
    assert group([own, stranger, mirrored, flat]) == (0, 2)
    crop = looked_at(copies[0][:, 60:, 90:])
    assert bits_between(own, [crop])[0] > 31 and near_duplicate(own, crop), "by its features"


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_was_learnt_by_construction_is_found(learnt, name):
    known, unseen, model = learnt

    def scores(some):
        return [QUESTIONS[name].ask(model, one, words, EFFORT) for words, one in some]

    ours, others = scores(known[:5]), scores(unseen[:5])
    found = permutation_test([one.score for one in ours], [one.score for one in others])
    assert found.p == least_p(5, 5) == 1 / 252
    if name == "extraction":
        assert all(one.figures["near"] == 3 == one.figures["clique"] for one in ours)
        assert not any(one.figures["near"] for one in others)
    if name == "completion":
        assert all(one.figures["away"] < 0.06 < one.figures["away_mirrored"] for one in ours)


def test_beside_another_model_what_was_learnt_is_found(learnt):
    known, unseen, model = learnt
    elsewhere = Memory(unseen[5:])

    def scores(some, beside):
        asks = [(calibrated(model, beside, (one, one), words, EFFORT)) for words, one in some]
        return [one.score for one in asks]

    ours, others = (scores(some[:5], elsewhere) for some in (known, unseen))
    assert permutation_test(ours, others).p == 1 / 252
    assert scores(known[:3], model) == [0, 0, 0], "a reference that learnt them too says nothing"
    before = model.looks + elsewhere.looks
    scores(known[:1], elsewhere)
    assert model.looks + elsewhere.looks - before == calibrated_looks(EFFORT)


def test_a_reference_is_one_question_more_and_its_answers_are_its_own(folders, tmp_path, learnt):
    order, model, other = ordered(folders), Memory(learnt[0]), Memory(learnt[1])
    plain, _ = run.probe(order, model, tmp_path, lambda _: None)
    model.looks = 0
    beside = replace(order, reference="one")
    _, goes_on = run.beforehand(beside, model, tmp_path, other)
    model.looks = 0
    found, _ = run.probe(beside, model, tmp_path, lambda _: None, other)
    assert [one.question for one in found] == ["membership", "reference"]
    assert found[0] == plain[0] and goes_on.fields == {"done": 6}, "nothing is asked again"
    assert model.looks == 6 * calibrated_looks(EFFORT) / 2 and found[1].test.looked == 20
    codes = [one.code for one in run.doubts(beside)]
    assert codes == [
        "probe.one_kind",
        "probe.reference_unlearnt",
        "probe.several",
        "probe.wordless",
    ]
    model.looks = 0
    run.probe(replace(beside, reference="two"), model, tmp_path, lambda _: None, other)
    assert model.looks == 6 * calibrated_looks(EFFORT) / 2, "another reference is asked anew"


def test_sets_that_were_not_learnt_are_called_so_as_often_as_p_says(learnt):
    _, unseen, model = learnt
    scores = [QUESTIONS["membership"].ask(model, one, "", EFFORT).score for _, one in unseen]
    draw = np.random.default_rng(1)
    every = []
    for _ in range(200):
        mixed = draw.permutation(scores)[:12].tolist()
        every.append(permutation_test(mixed[:5], mixed[5:]).p)
    for alpha in (0.05, 0.2):
        away = 3 * (alpha * (1 - alpha) / 200) ** 0.5
        assert np.mean(np.array(every) <= alpha) == pytest.approx(alpha, abs=away)


def test_looks_are_counted_as_they_are_taken(learnt, monkeypatch):
    known, _, model = learnt
    for guided in (False, True):
        monkeypatch.setattr(Memory, "guided", guided)
        for question in QUESTIONS.values():
            before = model.looks
            question.ask(model, known[0][1], "work 0", EFFORT)
            assert model.looks - before == question.looks(EFFORT, guided)


# --- canaries ------------------------------------------------------------------------------------


def test_a_canary_that_was_learnt_is_heard_and_others_are_not(learnt, tmp_path):
    canary, data = canaries.registered()
    file = tmp_path / "canary.png"
    file.write_bytes(data)
    picture = F.interpolate(pictures(1, 9), (96, 96))[0]
    layer = visible.corner(visible.signature(str(file)), picture)  # as an export carries it
    carried = picture * (1 - layer[3:]) + layer[:3] * layer[3:]
    assert canary_chance(canary, carried[None])[1] == 1 / 1000
    assert canary_chance(canary, carried.flip(2)[None])[1] == 1 / 1000, "mirrored by training"
    assert canary_chance(Canary("never"), carried[None])[1] > 0.01

    known, _, _ = learnt
    small = F.interpolate(carried[None], (SIDE, SIDE), mode="area")[0]
    model = Memory([*known, (canary.phrase, small)])
    shown = asked.sampled(model, canary.phrase, 3, 1, 8)
    fit, p = canary_chance(canary, shown)
    assert p == 1 / 1000 and fit > 0.8
    never = Canary("0" * 32)
    assert canary_chance(never, asked.sampled(model, never.phrase, 3, 1, 8))[1] > 0.01


def test_false_alarms_of_canaries_are_as_rare_as_they_say(monkeypatch):
    monkeypatch.setattr(canaries, "DECOYS", 99)
    shown = pictures(3, 11)
    every = np.array([canary_chance(Canary(f"key {at}"), shown)[1] for at in range(100)])
    for alpha in (0.05, 0.2, 0.5):
        away = 3 * (alpha * (1 - alpha) / 100) ** 0.5
        assert np.mean(every <= alpha) == pytest.approx(alpha, abs=away)


def test_the_ledger_dates_a_canary_and_nothing_is_looked_for_in_its_place():
    made, data = canaries.registered()
    assert len(made.phrase.split()) == 4 and made.created
    assert list(canaries.known_canaries()) == [made]
    assert canaries.picture_of(made) == data and ledger.entries()[0].title == made.phrase
    assert from_ledger() == [], "a motif is no work"
    assert canaries.registered()[0].key != made.key
    with sqlite3.connect(ledger.ledger_path()) as base:
        base.execute("UPDATE exports SET settings = ? WHERE id = 1", (json.dumps({"key": "mine"}),))
    base.close()
    with pytest.raises(NotUsable, match="Row 1 of your ledger"):
        list(canaries.known_canaries())


# --- the run -------------------------------------------------------------------------------------


@pytest.fixture
def folders(tmp_path):
    """works/ with words, newer/ without."""
    for name, seed in (("works", 1), ("newer", 2)):
        (tmp_path / name).mkdir()
        for at, one in enumerate(pictures(3, seed)):
            Image.fromarray(to_array(one, 8)).save(tmp_path / name / f"{at}.png")
    (tmp_path / "works" / "0.txt").write_text("work 0\n")
    return tmp_path


def ordered(folders, **more):
    sets = [tuple(works.works_in(folders / name, "a painting")[0]) for name in ("works", "newer")]
    usual = dict(canaries=(), questions=("membership",), effort=EFFORT, words="a painting")
    return run.Order(identity="m", works=sets[0], controls=sets[1], **(usual | more))


def test_a_killed_probe_goes_on_where_it_was(folders, tmp_path, learnt):
    order, whole, part = ordered(folders), tmp_path / "whole", tmp_path / "part"
    whole.mkdir()
    part.mkdir()
    model = Memory(learnt[0])
    answers = run.probe(order, model, whole, lambda _: None)
    asked_all = model.looks

    def stopping(now):
        if now.done == 4:
            raise Cancelled

    model.looks = 0
    with pytest.raises(Cancelled):
        run.probe(order, model, part, stopping)
    assert 3 * model.looks == 2 * asked_all, "four of six"
    torn = (part / run.ROWS).read_text()[:-30]  # killed while it wrote
    (part / run.ROWS).write_text(torn)
    left = []
    model.looks = 0
    assert run.probe(order, model, part, left.append) == answers
    assert 2 * model.looks == asked_all, "the torn one is asked again, the first three are not"
    assert left[0].left is None and left[-1].left == 0 and left[-2].left > 0
    model.looks = 0
    assert run.probe(order, model, part, lambda _: None) == answers and model.looks == 0
    other = replace(order, effort=replace(EFFORT, seed=2))
    assert run.probe(other, model, part, lambda _: None) != answers and model.looks == asked_all


def test_how_long_it_takes_is_said_before(folders, tmp_path, learnt, monkeypatch):
    monkeypatch.setattr(run, "seconds_a_look", lambda model: 2.0)
    order, model = ordered(folders), Memory(learnt[0])
    (said,) = run.beforehand(order, model, tmp_path)
    assert said.fields == {"pictures": 6, "seconds": 2 * 30, "minutes": 6.0}
    run.probe(order, model, tmp_path, lambda _: None)
    said, goes_on = run.beforehand(order, model, tmp_path)
    assert said.fields["minutes"] == 0 and goes_on.fields == {"done": 6}


def test_doubts_come_of_what_is_lacking(folders):
    order = ordered(folders)
    assert [one.code for one in run.doubts(order)] == ["probe.one_kind", "probe.wordless"]
    assert run.doubts(order)[1].fields["some"] == 5
    few = replace(order, works=order.works[:1], questions=("extraction", "membership"))
    codes = [one.code for one in run.doubts(few)]
    assert codes == ["probe.one_kind", "probe.too_few", "probe.several", "probe.wordless"]
    alone = replace(order, controls=(), canaries=(Canary("a"), Canary("b")))
    codes = [one.code for one in run.doubts(alone)]
    assert codes == ["probe.no_controls", "probe.wordless", "probe.several_canaries"]
    assert run.outcome("membership", [pack.Outcome], [], 1).test is None


def test_what_the_ledger_says_of_a_work_is_in_the_evidence(folders):
    from hashlib import sha256

    file = folders / "works" / "1.png"
    from glassine.ledger import fingerprint

    hashes = fingerprint.hashes(fingerprint.open_small(file))
    entry = ledger.Entry(
        sha256=sha256(b"a copy").hexdigest(),
        hashes=hashes,
        title="",
        format="png",
        version="",
        settings={},
    )
    known = ledger.record_export(entry)
    found = {one.path.name: one for one in ordered(folders).works}
    assert (found["1.png"].export, found["1.png"].recorded) == (known.id, known.created)
    assert pack.told_of_work(found["1.png"])["chain"] == known.chain
    assert not found["0.png"].export and "recorded" not in pack.told_of_work(found["0.png"])
    assert found["0.png"].caption == "work 0" and found["1.png"].caption == "a painting"


# --- real architectures and the command ----------------------------------------------------------


@pytest.fixture(scope="module")
def models(models_at):
    return models_at


@pytest.mark.parametrize("kind", ["sd", "v", "sdxl", "sd3", "flux1"])
def test_every_architecture_parts_a_mix_into_picture_and_noise(models, kind):
    parts = parts_in(models[kind])
    model = local.local_model(parts, ["a dog"], CPU, side=32, lora=None)
    shown = pictures(2, 1)
    latents = model.encode(shown)
    assert model.decode(latents).shape == shown.shape
    noise = asked.noise_like(latents, 1)
    for level in (0.1, 0.6):
        signal, spread = model.shares(level)
        mixed = signal * latents + spread * noise
        clean, guess = model.parted(mixed, level, "a dog")
        assert torch.allclose(signal * clean + spread * guess, mixed, atol=1e-4)
    assert model.shares(0.1)[0] > model.shares(0.9)[0]
    made = asked.sampled(model, "a dog", 2, 1, 2)
    assert made.shape == shown.shape and made.isfinite().all() and not torch.equal(*made)
    hidden = half_hidden(32, False)
    whole = asked.painted(model, shown[0], hidden, "a dog", range(1), 2)[0]
    assert torch.equal(whole[:, :, :16], shown[0][:, :, :16]) and not torch.equal(whole, shown[0])
    assert model.guided == (kind != "flux1")
    assert local.side_of(parts) == (64 if kind in ("sd", "v", "sdxl") else local.SIDE)


@pytest.fixture
def asked_for(capsys):
    """A probe on the command line -> its exit code and all that it said."""

    def said(*given):
        code = run_command("probe", *given)
        told = capsys.readouterr()
        return code, told.err + told.out

    return said


FEW = (
    "--ask",
    "membership,extraction",
    "--samples",
    "2",
    "--noises",
    "1",
    "--steps",
    "2",
    "--device",
    "cpu",
)


def lora_for(folder, file):
    """A file of one for the tiny model, as trainers save it."""
    pytest.importorskip("peft")
    import diffusers
    from diffusers.utils import convert_state_dict_to_diffusers
    from glassine.denoisers.loaded import network
    from peft import LoraConfig, get_peft_model_state_dict

    parts = parts_in(folder)
    net = network(parts, CPU)
    net.add_adapter(LoraConfig(r=2, init_lora_weights=False, target_modules=["to_q", "to_v"]))
    state = convert_state_dict_to_diffusers(get_peft_model_state_dict(net))
    kind = getattr(diffusers, parts.entry.pipelines[0])
    kind.save_lora_weights(file.parent, **{f"{parts.entry.part}_lora_layers": state})
    return (file.parent / "pytorch_lora_weights.safetensors").rename(file)


@pytest.mark.parametrize("kind", ["sdxl", "sd3", "flux1"])
def test_a_lora_lies_on_top_of_every_architecture(models, tmp_path, kind):
    parts, file = parts_in(models[kind]), lora_for(models[kind], tmp_path / "lora.safetensors")
    plain, taught = (local.local_model(parts, [], CPU, side=32, lora=one) for one in (None, file))
    latents = plain.encode(pictures(1, 1))
    assert torch.equal(latents, taught.encode(pictures(1, 1)))
    before, after = (one.parted(latents, 0.5, "")[1] for one in (plain, taught))
    assert after.isfinite().all() and not torch.allclose(before, after, atol=1e-6)


@pytest.fixture
def lora(models, tmp_path):
    return lora_for(models["sd"], tmp_path / "pytorch_lora_weights.safetensors")


def test_the_command_packs_evidence_that_can_be_made_again(models, folders, lora, asked_for):
    code, planted = asked_for("--new-canary", folders / "canary.png")
    assert code == 0 and (folders / "canary.png").exists()
    assert asked_for("--new-canary", folders / "canary.png")[0] == 3
    given = (models["sd"], folders / "works", "--against", folders / "newer", *FEW)
    code, said = asked_for(*given, "-o", folders / "one")
    assert code == 0, said
    lines = said.splitlines()
    assert lines[0].startswith("Doubt: p holds only if") and "6 pictures, about" in lines[3]
    told = json.loads((folders / "one" / pack.JSON).read_text())
    page = (folders / "one" / pack.PAGE).read_text()
    assert page.index("Doubts first") < page.index("p = ") and "a single picture" in page
    assert set(told["model"]["sha256"]) >= {"unet/diffusion_pytorch_model.safetensors"}
    assert all(digest in page for digest in told["model"]["sha256"].values())
    assert [one["test"]["looked"] for one in told["questions"]] == [20, 20]
    assert told["canaries"][0]["phrase"] in planted and told["canaries"][0]["p"] > 0
    asked_for(*given, "-o", folders / "two")
    again = json.loads((folders / "two" / pack.JSON).read_text())
    assert again | {"day": 0} == told | {"day": 0}
    asked_for(*given, "--ask", "membership", "-o", folders / "three", "--lora", lora)
    other = json.loads((folders / "three" / pack.JSON).read_text())
    assert told["reference"] is None
    given = (*given, "--ask", "membership", "--reference", models["v"], "-o", folders / "four")
    code, said = asked_for(*given)
    assert code == 0 and "Loss beside the reference" in said and "must not have learnt" in said
    last = json.loads((folders / "four" / pack.JSON).read_text())
    assert last["questions"][1]["question"] == "reference" and "--reference v" in last["again"]
    page = (folders / "four" / pack.PAGE).read_text()
    assert last["reference"]["sha256"]["unet/config.json"] in page and "The reference" in page
    assert lora.name in other["model"]["sha256"] and other["questions"][0] != told["questions"][1]


def test_without_controls_there_is_no_p(models, folders, asked_for):
    given = (models["sd"], folders / "works", *FEW[2:], "--ask", "membership")
    code, said = asked_for(*given, "-o", folders / "out")
    assert code == 0 and "no p-values" in said and "--against" in said and "p =" not in said
    told = json.loads((folders / "out" / pack.JSON).read_text())
    assert told["questions"][0]["test"] is None


def test_what_cannot_be_asked_is_said_in_words(models, folders, tmp_path, asked_for):
    given = models["sd"], folders / "works"
    wrong = [
        (("nowhere", folders / "works"), 4, "no such folder"),
        ((folders, folders / "works"), 4, "has no model_index.json"),
        ((models["sd"], models["sd"]), 3, "are 0 different pictures"),
        ((models["sd"], folders / "none"), 3, "none"),
        ((*given, "--against", folders / "works"), 3, "is in both folders"),
        ((*given, "--lora", "none.safetensors"), 4, "no file none.safetensors"),
        ((*given, "--ask", "everything"), 2, "completion"),
        ((models["sd"],), 2, "folder of your works"),
    ]
    for words, code, says in wrong:
        found, said = asked_for(*words)
        assert (found, says in said) == (code, True), said
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes((models["sd"] / "vae" / "diffusion_pytorch_model.safetensors").read_bytes())
    with pytest.raises(WeightsMissing, match="no LoRA that fits"):
        local.local_model(parts_in(models["sd"]), [], CPU, side=32, lora=bad)
