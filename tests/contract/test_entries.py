"""What every registered entry promises. A new entry is tested by being registered."""

from dataclasses import fields, replace

import pytest
import torch
from glassine.denoisers import DENOISERS
from glassine.embedders import EMBEDDERS
from glassine.embedders.loaded import embedder_folder
from glassine.errors import EntryMissing, UnknownEntry
from glassine.flow.catalogue import catalogue
from glassine.flow.read import read
from glassine.flow.recipes import RECIPES, SCORES, STEPS
from glassine.formats import FORMATS
from glassine.machine import weights
from glassine.marks import MARKS
from glassine.marks.base import STAGES
from glassine.pixels.grid import on_grid
from glassine.purifiers import PURIFIERS
from glassine.surrogates import SURROGATES
from glassine.surrogates.encoders import weights_folder
from glassine.targets import TARGETS
from glassine.types import Artwork, Intent, Keep

REGISTRIES = (DENOISERS, EMBEDDERS, FORMATS, MARKS, PURIFIERS, SURROGATES, TARGETS)
WRITABLE = [name for name in FORMATS if FORMATS[name].write]
QUICK = [name for name in PURIFIERS if not PURIFIERS[name].slow]
LEVEL = 1 / 255


@pytest.fixture
def rgb(scene):
    return on_grid(scene[:, :80, :96].clone(), 8)


@pytest.fixture
def intent():
    """A request that every target can serve."""
    return Intent(shows="dog", teach="cat", target=torch.rand(3, 50, 70))


def networks(name):
    """Family -> encoder of that surrogate, where its weights are on this machine."""
    entry = SURROGATES[name]
    if entry.weights and not weights.present(entry.folder):
        pytest.skip(f"no {entry.folder} in the folder of encoders (GLASSINE_MODELS)")
    return {f: entry.encoder(net) for f, net in entry.load(weights_folder(entry)).items()}


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda registry: registry._package)
def test_an_unknown_name_is_met_with_the_nearest(registry):
    name = max(registry, key=len)  # "sdx" is as near to "sdxl" as to "sd"
    with pytest.raises(UnknownEntry, match=f"Did you mean '{name}'"):
        registry[f"{name}x"]


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda registry: registry._package)
def test_every_entry_says_what_it_is_in_a_line(registry):
    for name in registry:
        entry = registry[name]
        says = getattr(entry, "says", None) or entry.covers
        assert 3 < len(says) < 120 and "\n" not in says and says == says.strip(), name


@pytest.mark.parametrize("name", SURROGATES)
def test_surrogate_gives_latents_an_eighth_of_the_size(name, any_models, rgb):
    for family, encode in networks(name).items():
        latents = encode(rgb[None])
        shape = tuple(latents.shape)
        assert (shape[0], *shape[2:]) == (1, 10, 12), f"{family} gives {shape} for 80 x 96 pixels"
        assert latents.isfinite().all()


@pytest.mark.parametrize("name", SURROGATES)
def test_surrogate_has_a_gradient_almost_everywhere(name, any_models, rgb):
    seen = rgb.clone().requires_grad_(True)
    for family, encode in networks(name).items():
        (slope,) = torch.autograd.grad(encode(seen[None]).square().sum(), seen)
        assert (slope != 0).float().mean() > 0.99, family


@pytest.mark.parametrize("name", SURROGATES)
def test_surrogate_feeds_its_network_the_declared_range(name):
    entry, seen = SURROGATES[name], []
    encode = entry.encoder(lambda x: seen.append((x.min().item(), x.max().item())) or x)
    encode(torch.tensor([0.0, 1.0]))
    assert seen == [entry.expects]


@pytest.mark.parametrize("name", SURROGATES)
def test_surrogate_says_under_which_licence_its_weights_come(name):
    entry = SURROGATES[name]
    assert entry.licence
    assert entry.weights or entry.folder, "either it is fetched or it ships"


def face_network(name):
    """That embedder, where its weights are on this machine."""
    entry = EMBEDDERS[name]
    if entry.weights and not weights.present(entry.folder):
        pytest.skip(f"the weights of {name} are not on this machine")
    return entry, entry.encoder(entry.load(embedder_folder(entry)))


@pytest.mark.parametrize("name", EMBEDDERS)
def test_embedder_gives_its_numbers_again_and_again(name, faces_models, draw):
    entry, embed = face_network(name)
    faces = torch.rand(2, 3, entry.size, entry.size, generator=draw)
    found = embed(faces)
    assert found.shape == (2, entry.dims) and found.isfinite().all()
    assert torch.equal(found, embed(faces)) and not torch.allclose(found[0], found[1])
    if entry.unit:
        assert torch.allclose(found.norm(dim=1), torch.ones(2), atol=1e-5)


@pytest.mark.parametrize("name", EMBEDDERS)
def test_embedder_has_a_gradient_unless_it_only_measures(name, faces_models, draw):
    entry, embed = face_network(name)
    seen = torch.rand(1, 3, entry.size, entry.size, generator=draw).requires_grad_(True)
    found = embed(seen)
    assert found.requires_grad is not entry.measures_only
    if not entry.measures_only:
        half = found[0, ::2].square().sum()  # of all of them it is 1, whatever is seen
        (slope,) = torch.autograd.grad(half, seen)
        assert (slope != 0).float().mean() > 0.5


@pytest.mark.parametrize("name", EMBEDDERS)
def test_embedder_feeds_its_network_the_declared_range_in_its_order_of_colours(name):
    entry, fed = EMBEDDERS[name], []
    black_and_red = torch.zeros(2, 3, 1, 1)
    black_and_red[1, 0] = 1
    embed = entry.encoder(lambda x: fed.append(x[:, :, 0, 0]) or x.flatten(1) + 1)
    embed(black_and_red)
    low, high = (torch.tensor(one).expand(3) for one in entry.expects)
    red = 2 if entry.bgr else 0
    assert torch.allclose(fed[0][0], low) and fed[0][1, red] == pytest.approx(high[red].item())


@pytest.mark.parametrize("name", EMBEDDERS)
def test_embedder_wants_a_face_upright_in_its_crop(name):
    entry = EMBEDDERS[name]
    left, right, nose, *mouth = entry.points
    assert all(0 < share < 1 for point in entry.points for share in point)
    assert left[0] < nose[0] < right[0] and mouth[0][0] < mouth[1][0]
    assert left[1] < nose[1] < mouth[0][1] and abs(left[1] - right[1]) < 0.01
    assert entry.licence and all(len(file.blob) == 40 for file in entry.weights)
    assert all(file.origin.startswith("https://") for file in entry.weights)


@pytest.mark.parametrize("name", TARGETS)
def test_target_is_a_picture_of_the_artworks_size(name, rgb, intent):
    goal = TARGETS[name].picture(Artwork(rgb), intent, torch.Generator().manual_seed(3), "cpu")
    assert goal.picture.shape == rgb.shape and goal.picture.dtype == torch.float32
    assert goal.picture.min() >= 0 and goal.picture.max() <= 1
    assert str(goal.says) != goal.says.code and not torch.equal(goal.picture, rgb)


@pytest.mark.parametrize("name", TARGETS)
def test_target_repeats_with_its_seed(name, rgb, intent):
    first, second = (
        TARGETS[name].picture(Artwork(rgb), intent, torch.Generator().manual_seed(3), "cpu")
        for _ in range(2)
    )
    assert torch.equal(first.picture, second.picture) and first.says == second.says


@pytest.mark.parametrize("name", TARGETS)
def test_target_leaves_the_artwork_alone(name, rgb, intent):
    before = rgb.clone()
    TARGETS[name].picture(Artwork(rgb), intent, torch.Generator(), "cpu")
    assert torch.equal(rgb, before)


@pytest.mark.parametrize("name", [n for n in TARGETS if TARGETS[n].choices])
def test_every_choice_can_be_asked_for_by_its_name(name, rgb, intent):
    rows = TARGETS[name].choices()
    assert len({row["name"] for row in rows}) == len(rows) > 1
    for row in rows[:: max(1, len(rows) // 6)]:
        asked = replace(intent, style=row["name"], teach=row["name"], shows="something else")
        goal = TARGETS[name].picture(Artwork(rgb[:, :40, :40]), asked, torch.Generator(), "cpu")
        assert row["name"] in str(goal.says) and len(row["picture"]) > 100


@pytest.mark.parametrize("name", QUICK)
def test_purifier_keeps_size_and_range(name, rgb, draw):
    entry = PURIFIERS[name]
    out = apply(entry, rgb, draw)
    assert out.shape == rgb.shape and out.min() >= 0 and out.max() <= 1
    assert not torch.equal(out, rgb) or entry.moves, "it did nothing"


@pytest.mark.parametrize("name", [n for n in PURIFIERS if PURIFIERS[n].differentiable])
def test_differentiable_purifier_passes_a_gradient(name, rgb, draw):
    seen = rgb.clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(apply(PURIFIERS[name], seen, draw).sum(), seen)
    assert slope.isfinite().all() and (slope != 0).any()


def apply(entry, rgb, draw):
    try:
        from glassine.purifiers import Scene

        missing = entry.missing(Scene())
    except EntryMissing as error:
        missing = error.message
    if missing:
        pytest.skip(str(missing))
    return entry.apply(rgb, draw)


@pytest.mark.parametrize("name", MARKS)
def test_mark_has_a_stage_and_knows_the_formats_it_fits(name):
    entry = MARKS[name]
    assert entry.stage in STAGES and set(entry.formats) <= set(FORMATS)
    assert bool(entry.embed) == (entry.stage == "pixels")


@pytest.mark.parametrize("name", WRITABLE)
def test_format_knows_its_own_files_and_no_others(name, rgb):
    data = FORMATS[name].write(rgb, None, Keep(), 95)
    assert [other for other in FORMATS if FORMATS[other].opens(data)] == [name]
    assert not FORMATS[name].opens(b"") and not FORMATS[name].opens(b"nonsense")


@pytest.mark.parametrize("name", WRITABLE)
def test_format_gives_back_what_it_was_given(name, rgb):
    back = read(FORMATS[name].write(rgb, None, Keep(), 100))
    assert back.rgb.shape == rgb.shape
    allowed = 12 * LEVEL if FORMATS[name].lossy else 0
    assert (back.rgb - rgb).abs().max() <= allowed


@pytest.mark.parametrize("name", RECIPES)
def test_recipe_names_things_that_exist(name):
    recipe = RECIPES[name]
    assert {kind for kind, _ in recipe.goals} <= set(TARGETS)
    assert sum(weight for _, weight in recipe.goals) == pytest.approx(1)


def test_a_recipe_asks_the_artist_for_what_its_targets_need():
    asked = {row["name"]: row["needs"] for row in catalogue()["recipes"]}
    assert asked["cloak"] == ["style"] and asked["poison"] == ["shows", "teach"]
    assert asked["both"] == [*asked["cloak"], *asked["poison"]]
    known = {field.name for field in fields(Intent)}
    assert all(set(TARGETS[name].needs) <= known for name in TARGETS)


def test_words_for_strength_and_effort_are_in_order():
    scores, steps = list(SCORES.values()), list(STEPS.values())
    assert scores == sorted(scores, reverse=True) and steps == sorted(steps)


def test_the_catalogue_lists_every_entry():
    listed = catalogue()
    for kind, registry in (
        ("surrogates", SURROGATES),
        ("targets", TARGETS),
        ("purifiers", PURIFIERS),
        ("marks", MARKS),
    ):
        assert {row["name"] for row in listed[kind]} == set(registry)
    assert {row["name"] for row in listed["formats"]} == set(WRITABLE)
    assert listed["styles"] and listed["concepts"]
