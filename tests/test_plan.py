"""Artwork + intent -> plan: every decision is made there, and the same ones again."""

import glassine
import pytest
import torch
from glassine.errors import NotUsable, UnknownEntry
from glassine.flow.recipes import RECIPES, SCORES
from glassine.types import Artwork, Export, Intent
from glassine.units import Score


@pytest.fixture
def artwork(scene):
    return Artwork(scene)


def planned(artwork, **intent):
    return glassine.plan(artwork, Intent(seed=4, target=1 - artwork.rgb, **intent), device="cpu")


@pytest.mark.parametrize(("word", "score"), SCORES.items())
def test_words_for_strength_are_scores(artwork, word, score):
    assert planned(artwork, strength=word).score == score


def test_a_score_may_be_asked_for_itself(artwork):
    assert planned(artwork, strength=Score(77)).score == 77


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        ({"recipe": "claok"}, r"no recipe named 'claok'\. Did you mean 'cloak'"),
        ({"strength": "balancd"}, "Did you mean 'balanced'"),
        ({"effort": "ful"}, "Did you mean 'full'"),
        ({"surrogates": ("flux",)}, "Did you mean 'flux"),
        ({"export": Export(format="pngg")}, "Did you mean 'png'"),
        ({"export": Export(marks=("xpm",))}, "Did you mean 'xmp'"),
    ],
)
def test_a_wrong_name_is_said_before_any_work(artwork, asked, wrong):
    with pytest.raises(UnknownEntry, match=wrong):
        planned(artwork, **asked)


def test_a_watermark_has_its_number_before_any_work(artwork):
    one, two = (planned(artwork, export=Export(marks=("watermark",))) for _ in range(2))
    numbers = {made.export.claim.watermark for made in (one, two)}
    assert None not in numbers and len(numbers) == 2


def test_what_ships_is_used_where_nothing_was_downloaded(artwork):
    chosen = planned(artwork)
    assert (chosen.surrogates, chosen.held_out) == (("embedded",), ())


def test_every_real_surrogate_is_used_where_present(artwork, models):
    chosen = planned(artwork)
    assert "embedded" not in chosen.surrogates and len(chosen.surrogates) >= 5
    some = planned(artwork, surrogates=("sd15",))
    assert some.surrogates == ("sd15",) and set(some.held_out) == set(chosen.surrogates) - {"sd15"}


def test_the_picture_given_is_the_goal(artwork):
    (goal,) = planned(artwork).goals
    assert goal.name == "picture" and torch.equal(goal.picture, 1 - artwork.rgb)


def test_both_is_one_optimisation_with_two_goals(artwork):
    chosen = planned(artwork, recipe="both", shows="dog", teach="cat")
    assert sum(goal.weight for goal in chosen.goals) == 1 and len(chosen.goals) == 2
    assert "dog" in chosen.caption


def test_poison_needs_its_words(artwork):
    with pytest.raises(NotUsable, match="without both of its words"):
        planned(artwork, recipe="poison")


def test_the_same_pair_of_concepts_always_takes_the_same_anchor(artwork):
    """The published attack depends on that consistency; artists act together through it."""
    goals = [
        glassine.plan(artwork, Intent("poison", shows="dog", teach="cat", seed=seed)).goals[0]
        for seed in (1, 2)
    ]
    assert torch.equal(goals[0].picture, goals[1].picture)


def test_same_seed_same_plan(artwork):
    first, second = (glassine.plan(artwork, Intent(seed=9)) for _ in range(2))
    assert first.goals[0].name == second.goals[0].name
    assert torch.equal(first.goals[0].picture, second.goals[0].picture)


def test_without_a_seed_every_picture_gets_its_own(artwork):
    """What is made alike can be removed alike (LightShed, BridgePure)."""
    seeds = {glassine.plan(artwork, Intent(target=artwork.rgb)).seed for _ in range(3)}
    assert len(seeds) == 3


def test_the_mask_limits_where(artwork):
    mask = torch.zeros(1, 96, 128)
    mask[:, :40] = 1
    allowance = planned(artwork, mask=mask).allowance
    assert allowance[:, :40].min() > 0 and not allowance[:, 40:].any()


def test_the_mask_shrinks_with_its_picture(artwork):
    mask = torch.zeros(1, 96, 128)
    mask[:, :, 64:] = 1
    allowance = planned(artwork, mask=mask, export=Export(longest_side=64)).allowance
    assert allowance.shape == (1, 48, 64)
    assert not allowance[:, :, :28].any() and allowance[:, :, 36:].any()


def test_a_mask_of_another_size_is_refused_with_both_sizes(artwork):
    with pytest.raises(NotUsable, match=r"64 x 32 .* 128 x 96"):
        planned(artwork, mask=torch.ones(1, 32, 64))


def test_a_mask_that_allows_nothing_is_refused(artwork):
    with pytest.raises(NotUsable, match="No pixel of this picture may change"):
        planned(artwork, mask=torch.zeros(1, 96, 128))


def test_transparent_pixels_are_untouchable(scene):
    alpha = torch.ones(1, 96, 128)
    alpha[:, :, :30] = 0
    allowance = planned(Artwork(scene, alpha)).allowance
    assert not allowance[:, :, :30].any() and allowance[:, :, 30:].min() > 0


def test_resizing_comes_before_protecting(artwork):
    chosen = planned(artwork, export=Export(longest_side=64))
    assert chosen.artwork.rgb.shape == chosen.goals[0].picture.shape == (3, 48, 64)
    assert chosen.allowance.shape == (1, 48, 64)


def test_a_small_picture_is_not_enlarged(artwork):
    assert planned(artwork, export=Export(longest_side=1000)).artwork.rgb is artwork.rgb


def test_a_smaller_copy_has_no_rim_of_what_lies_under_its_transparent_pixels():
    y, x = torch.meshgrid(torch.arange(256) - 128, torch.arange(256) - 128, indexing="ij")
    disc = ((x**2 + y**2) < 90**2).float()[None]  # white on transparent black
    small = planned(Artwork(disc.expand(3, -1, -1) * 0.9, disc), export=Export(longest_side=96))
    rgb, alpha = small.artwork.rgb, small.artwork.alpha
    assert (alpha == 0).any() and ((alpha > 0.1) & (alpha < 0.9)).any()
    assert rgb[:, (alpha > 0.01)[0]].min() == pytest.approx(0.9, abs=0.01)
    assert not rgb[:, :4, :4].any(), "far away it stays what it is"


@pytest.mark.parametrize("name", RECIPES)
def test_goals_of_a_recipe_share_one_pull(name):
    assert sum(weight for _, weight in RECIPES[name].goals) == pytest.approx(1)
