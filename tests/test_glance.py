"""What the report says at a glance: where it shows, what takes it away, what to do next."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from glassine.cli.results import effect_line
from glassine.evidence import glance
from glassine.evidence.brief import briefs
from glassine.evidence.doubts import about_effect
from glassine.evidence.offers import effect_left, offer, offered, recoded
from glassine.evidence.sight import Sight
from glassine.evidence.trials import as_learnt
from glassine.evidence.verdict import below_control
from glassine.evidence.whereabouts import where_most
from glassine.messages import LANGUAGES, message
from glassine.messages.words import table
from glassine.types import Cost, Effect, Offer, Report, Trial
from glassine.units import Levels, Score

WORDS = Path(glance.__file__).parents[1] / "messages"
WHOLE = slice(0, 96)


def codes(said):
    return [one.code.removeprefix("place.") for one in said]


def grain(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(4)) - 0.5


def hurt(picture, rows=WHOLE, columns=WHOLE, by=0.05):
    out = picture.clone()
    out[:, rows, columns] += by
    return out


def textured():
    return 0.5 + 0.4 * grain(3, 96, 96)


@pytest.mark.parametrize(
    ("rows", "columns", "told"),
    [
        (slice(0, 32), WHOLE, "upper"),
        (slice(64, 96), WHOLE, "lower"),
        (WHOLE, slice(0, 32), "left"),
        (slice(32, 64), slice(32, 64), "middle"),
    ],
)
def test_the_third_that_has_most_of_it_is_named(rows, columns, told):
    clean = textured()
    assert codes(where_most(clean, hurt(clean, rows, columns)))[0] == told


def test_what_is_even_is_everywhere_and_nothing_is_nowhere():
    clean = textured()
    assert codes(where_most(clean, hurt(clean))) == ["everywhere"]
    assert where_most(clean, clean) == ()


def test_the_kind_of_place_is_named():
    """Half of it grain, half flat with a line; the same change is seen most where it is flat."""
    clean = textured()
    clean[:, :, 48:] = 0.5
    assert codes(where_most(clean, hurt(clean)))[-1] == "calm"
    clean[:, 40:44, 48:] = 0.0
    assert codes(where_most(clean, hurt(clean, slice(40, 48), slice(48, 96), 0.6)))[-1] == "lines"
    assert codes(where_most(clean, hurt(clean, WHOLE, slice(0, 48))))[-1] == "texture"


def cost(score):
    return Cost(Score(score), 40.0, 1.0, 0.0, Levels(3), 0.5, 1000, 3000)


@pytest.mark.parametrize(
    ("score", "look"),
    [(95, "lossless"), (82, "very_high"), (69, "high"), (55, "medium"), (9, "low")],
)
def test_how_visible_it_is_follows_the_scale_of_the_judge(score, look):
    clean = textured()
    said = glance.for_people(cost(score), Sight(clean, hurt(clean), WHOLE, WHOLE, (0, 0)))
    assert said.fields["look"].code == f"look.{look}"


@pytest.mark.parametrize(
    ("judged", "score"),
    [
        ({}, 85),
        ({"haarpsi": 0.952, "lpips": 0.01}, 70),
        ({"lpips": 0.207, "colour_shift": 0.1}, 55),
        ({"colour_shift": 3.2, "haarpsi": 0.999}, 70),
    ],
)
def test_how_visible_it_is_follows_the_strictest_judge(judged, score):
    assert glance.lowest_points(replace(cost(85), **judged)) == pytest.approx(score, abs=0.01)


def row(closed, blend, moved=0.5, scattered=0.1, role="used", after=""):
    return Effect("sd15", role, after, moved, scattered, closed, blend)


def trained(closed, blend, side=512):
    return row(closed, blend, scattered=math.nan, after=f"trained{side}")


def test_models_are_told_of_beside_the_control(finished, scene):
    plan = finished(scene).plan
    said = [
        glance.for_models(plan, rows).code.removeprefix("glance.")
        for rows in (
            [row(0.2, 0.03)],
            [row(0.03, 0.03)],
            [row(math.nan, math.nan)],
            [row(0.0, 0.0, moved=0)],
            [trained(0.2, 0.03, 1024), trained(0.1, 0.03)],
            [trained(0.05, 0.03, 1024), trained(0.01, 0.03)],
        )
    ]
    models = ["models", "models_blend", "models_moved", "models_same"]
    assert said == [*models, "learnt", "learnt_blend"]


def test_a_picture_that_training_reduces_is_judged_as_models_learn_it(finished, scene):
    """A large picture is searched at the sizes of training; at its own size a blend may do more."""
    posted, plan = row(0.06, 0.09), finished(scene).plan
    report = Report(cost(70), (posted, trained(0.14, 0.07, 1024), trained(0.09, 0.06)), ())
    sight = Sight(textured(), hurt(textured()), WHOLE, WHOLE, (0, 0))
    assert below_control(report) is None
    nothing = trial("jpeg75", math.nan)
    found = glance.glance(plan, sight, replace(report, trials=(nothing,)))
    assert found.models.code == "glance.learnt"
    assert found.away.code == "glance.away_nothing" and found.next.code == "glance.next_post"
    said = [one.code for one in about_effect([posted], as_learnt(report.effects))]
    assert said == [], "neither of the two doubts is about its own size"
    lost = replace(report, effects=(row(0.2, 0.03), trained(0.02, 0.03, 1024), trained(0.01, 0.03)))
    assert below_control(lost) is not None
    said = {one.code: one for one in about_effect(lost.effects[:1], as_learnt(lost.effects))}
    assert set(said) == {"doubt.blend", "doubt.little"}
    assert len(said["doubt.blend"].fields["families"]) == 1, "a family is named once"


def test_the_command_tells_of_a_large_picture_as_models_learn_it_first():
    rows = (row(0.09, 0.08), trained(0.13, 0.06))
    size = Trial("trained512", message("trial.trained", side=512), "handling", "", "survives", 1.0)
    line = effect_line(Report(cost(70), rows, (), trials=(size,)))
    learnt, posted = line.split("; ")
    assert "512" in learnt and "13%" in learnt and "6%" in learnt
    assert posted == "As posted: 9% of the way (blend 8%)"
    (own,) = effect_line(Report(cost(70), rows[:1], ())).split("; ")
    assert "used encoders" in own and "9%" in own


def trial(name, left, side=0):
    return Trial(name, message(f"purifier.{name}"), "handling", "", "weakened", left, side=side)


def test_what_leaves_least_is_named_first():
    said = glance.what_takes_it([trial("blur", 0.6), trial("half", 0.2), trial("jpeg75", 0.4)])
    assert [one.fields["left"] for one in said.fields["trials"]] == [0.2, 0.4]
    assert glance.what_takes_it([trial("blur", 0.9)]).code == "glance.away_little"
    assert glance.what_takes_it([trial("blur", math.nan)]).code == "glance.away_nothing"
    assert glance.what_takes_it([]).code == "glance.away_untried"


def next_step(plan, **found):
    report = replace(Report(cost(70), (row(0.2, 0.03),), ()), **found)
    return glance.what_to_do(plan, report.effects, report).code.removeprefix("glance.next_")


def test_what_to_do_next_depends_on_what_was_found(finished, scene):
    plan = finished(scene).plan
    light = Offer("webp", 95, 900, 0.8, Score(72))
    assert next_step(plan) == "post"
    assert next_step(plan, offers=(light,)) == "format"
    assert next_step(plan, offers=(replace(light, bytes=1100),)) == "post", "more than a third"
    assert next_step(plan, offers=(replace(light, left=0.1),)) == "post", "and nothing kept"
    assert next_step(plan, offers=(light,), trials=(trial("trained512", 0.4, 512),)) == "size"
    assert next_step(replace(plan, caption="a dog")) == "words"
    assert next_step(replace(plan, caption="a dog"), effects=(row(0.03, 0.03),)) == "stronger"


def test_every_doubt_has_a_few_words_and_they_are_fewer():
    for language in LANGUAGES:
        rows = json.loads((WORDS / f"{language}.json").read_text("utf-8"))
        for code in [code for code in rows if code.startswith("doubt.")]:
            if code in ("doubt.family", "doubt.embedded_measured"):
                continue  # a part of others; what the one before it goes on with
            brief = rows[f"brief.{code.removeprefix('doubt.')}"]
            assert len(brief) < len(rows[code]), (language, code)


def test_a_doubt_in_few_words_keeps_the_whole_of_it_as_its_why():
    one, more, own = (
        message("doubt.embedded"),
        message("doubt.embedded_measured", paintings="", others="", strangers=""),
        message("judge.unfit", torch="2", reason="r"),
    )
    first, second = briefs((one, more, own))
    assert first.says.code == "brief.embedded" and first.why == (one, more)
    assert second.says.code == "brief.judge.unfit" and second.why == (own,)
    assert briefs((message("read.failed", path="", reason=""),))[0].why == ()
    assert "brief.embedded" in table("en")


def test_an_offer_says_what_its_file_weighs_and_keeps(finished, scene):
    """Detail of one pixel is what a lossy file takes first."""
    from glassine.evidence.controls import Controls
    from glassine.evidence.drift import Before, Viewer, aimed, effects

    y, x = torch.meshgrid(torch.arange(96), torch.arange(128), indexing="ij")
    board = (1 - 2.0 * ((x + y) % 2))[None].expand(3, -1, -1)

    def chequers(rgb):
        return torch.nn.functional.avg_pool2d(rgb * board, 8)

    clean, seen = scene, (scene + 0.02 * board).clamp(0, 1)
    around = Controls(clean, seen, clean, clean, clean, ((scene + 0.2 * board, 1.0),))
    viewers = (Viewer("fake", "used", chequers),)
    aims = aimed(viewers, around.goals)
    before = Before(viewers, around, aims, tuple(effects(viewers, around, aims=aims)))
    assert effect_left(before, seen) == pytest.approx(1) and effect_left(before, clean) == 0
    assert effect_left(before, recoded("jpeg", 50, seen)) < effect_left(
        before, recoded("jpeg", 95, seen)
    )
    done = finished(seen)
    jpeg, webp = (offer(name, done, before) for name in offered(done))
    assert (jpeg.format, webp.format) == ("jpeg", "webp") and 0 < webp.bytes < jpeg.bytes
    assert jpeg.left == effect_left(before, recoded("jpeg", 95, seen))
    assert offered(finished(seen, format="jpeg")) == () == offered(finished(seen[:, :31]))
