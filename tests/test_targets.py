"""What the artwork is pulled towards: styles, shared anchors, textures, pictures."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from glassine.cli.speech import spoken
from glassine.errors import EntryMissing, NotUsable, UnknownEntry, WeightsMissing
from glassine.flow.plan import plan
from glassine.machine import device
from glassine.machine.device import Device
from glassine.messages import message
from glassine.pixels.resize import lanczos
from glassine.targets import TARGETS, concept, diffusion, style
from glassine.types import Artwork, Intent
from PIL import Image


def goal(kind, rgb, **asked):
    draw = torch.Generator().manual_seed(1)
    return TARGETS[kind].picture(Artwork(rgb), Intent(**asked), draw, "cpu")


def test_a_style_is_drawn_from_the_third_quarter_of_distance(scene):
    away = style.distances(scene)
    ranked = sorted(away, key=away.__getitem__)
    drawn = {style.chosen(scene, torch.Generator().manual_seed(seed)) for seed in range(40)}
    places = {ranked.index(name) / len(ranked) for name in drawn}
    assert min(places) >= 0.5 and max(places) < 0.77
    assert len(drawn) > 3, "the seed decides among them"


def test_a_style_is_near_its_own_rendering(scene):
    """Whatever the distance means, a picture rendered in a style must be nearest to that style."""
    hits = 0
    for name in list(style.styles())[::5]:
        away = style.distances(style.rendered(scene, name))
        hits += sorted(away, key=away.__getitem__).index(name) < 5
    assert hits >= 4, f"only {hits} of 6"


def test_a_rendered_style_keeps_the_scene(scene):
    """Its light and dark lie where the artwork's do, which those of another picture do not."""

    def alike(picture):
        small = torch.stack([lanczos(one, 12, 16).mean(0).flatten() for one in (scene, picture)])
        return torch.corrcoef(small)[0, 1].item()

    styled = style.rendered(scene, "rust-study")
    assert alike(styled) > 0.5 > alike(torch.flip(styled, (1, 2)))


def test_the_style_of_another_picture_is_borrowed(scene):
    red = torch.zeros(3, 60, 60)
    red[0] = 0.8
    red[:, ::6] = 0.1
    lent = goal("style", scene, style_picture=red).picture
    plain = goal("style", scene, style="glacier").picture
    assert lent.shape == scene.shape
    assert lent[0].mean() - lent[2].mean() > plain[0].mean() - plain[2].mean() + 0.1


def test_large_and_odd_sizes_come_back_at_their_size():
    rgb = torch.rand(3, 37, 1501, generator=torch.Generator().manual_seed(0))
    assert goal("style", rgb, style="ember").picture.shape == rgb.shape


def test_the_plan_draws_the_same_style_for_the_same_seed(scene):
    says = [
        plan(Artwork(scene), Intent(seed=seed, surrogates=("embedded",))).goals[0].says
        for seed in (4, 4, 5, 6, 7, 8)
    ]
    assert says[0] == says[1] and len(set(says)) > 1


def test_unknown_styles_are_met_with_the_nearest(scene):
    with pytest.raises(UnknownEntry, match="Did you mean 'ember'"):
        goal("style", scene, style="embr")


def test_every_artist_gets_the_same_anchor(scene):
    """Whoever they are and whatever they painted: the attack depends on it."""
    first = goal("concept", scene, shows="dog", teach="cat")
    other = TARGETS["concept"].picture(
        Artwork(torch.rand(3, 96, 128)),
        Intent(shows="a house", teach="A Cat"),
        torch.Generator().manual_seed(99),
        "cpu",
    )
    assert torch.equal(first.picture, other.picture)
    assert not torch.equal(first.picture, goal("concept", scene, shows="cat", teach="dog").picture)


@pytest.mark.parametrize("word", ("cat", "Cats", " the  kitten", "kittens"))
def test_other_words_for_a_concept_lead_to_its_anchor(scene, word):
    asked = goal("concept", scene, shows="dog", teach=word)
    assert torch.equal(asked.picture, goal("concept", scene, shows="dog", teach="cat").picture)


def test_anchors_are_shipped_with_their_source():
    for name, row in concept.index().items():
        with Image.open(concept.SHIPPED / f"{name}.png") as picture:
            assert max(picture.size) <= 384 and "openclipart" in row["source"]
    assert sum(path.stat().st_size for path in concept.SHIPPED.iterdir()) < 2_000_000


def test_an_own_anchor_comes_before_the_shipped_one(scene):
    own = concept.own_folder()
    own.mkdir(parents=True)
    Image.new("RGB", (50, 50), (10, 200, 30)).save(own / "zeppelin.png")
    picture = goal("concept", scene, shows="dog", teach="zeppelin").picture
    assert picture[1].mean() == pytest.approx(200 / 255, abs=0.01)
    given = goal("concept", scene, shows="dog", teach="cat", anchor=torch.full((3, 9, 9), 0.5))
    assert given.picture.unique().tolist() == [0.5]


def test_a_long_picture_holds_the_anchor_several_times():
    anchor = torch.rand(3, 40, 40, generator=torch.Generator().manual_seed(0))
    wide = concept.spread(anchor, 40, 120)
    assert torch.equal(wide[:, :, :40], wide[:, :, 40:80]) and wide.shape == (3, 40, 120)
    assert concept.spread(anchor, 121, 40).shape == (3, 121, 40)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"shows": "dog"}, "without both of its words.*for example dog and cat"),
        ({"teach": "cat"}, "without both of its words.*for example dog and cat"),
        ({"shows": "cat", "teach": "the cat"}, "which is the same"),
        ({"shows": "dog", "teach": "zeppelin"}, "Give an anchor picture of your own"),
        ({"shows": "dog", "teach": "castel"}, "Did you mean 'castle'"),
        ({"shows": "dog", "teach": "../../../etc/passwd"}, "no anchor picture"),
    ],
)
def test_a_poison_that_cannot_work_is_refused(scene, asked, words):
    with pytest.raises(NotUsable, match=words):
        goal("concept", scene, **asked)


def test_the_texture_is_the_same_for_everybody_and_full_of_contrast(scene):
    first, other = goal("texture", scene).picture, goal("texture", 1 - scene).picture
    assert torch.equal(first, other) and set(first.unique().tolist()) == {0.0, 1.0}
    assert 0.3 < first.mean() < 0.7


def test_a_picture_of_the_artists_own_is_resized_to_the_artwork(scene):
    assert goal("picture", scene, target=torch.rand(3, 33, 71)).picture.shape == scene.shape
    assert torch.equal(goal("picture", scene, target=scene).picture, scene)
    with pytest.raises(NotUsable, match="without a picture"):
        goal("picture", scene)


def test_lanczos_agrees_with_pillow():
    rgb = torch.rand(3, 64, 48, generator=torch.Generator().manual_seed(2))
    planes = [
        np.asarray(Image.fromarray(plane.numpy()).resize((20, 30), Image.Resampling.LANCZOS))
        for plane in rgb
    ]
    assert (lanczos(rgb, 30, 20) - torch.from_numpy(np.stack(planes))).abs().max() < 0.03


@pytest.fixture
def stable_diffusion(tmp_path, monkeypatch):
    """A whole Stable Diffusion pipeline, random and tiny, in the real layout on disk."""
    diffusers = pytest.importorskip("diffusers", reason="needs diffusers")
    torch.manual_seed(0)
    parts = {
        "unet": diffusers.UNet2DConditionModel(
            sample_size=16,
            in_channels=4,
            out_channels=4,
            layers_per_block=1,
            block_out_channels=(32, 32),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            cross_attention_dim=32,
            norm_num_groups=8,
        ),
        "vae": diffusers.AutoencoderKL(
            block_out_channels=(16, 16),
            down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2,
            latent_channels=4,
            norm_num_groups=8,
        ),
        "scheduler": diffusers.DDIMScheduler(steps_offset=1, clip_sample=False),
        **words(tmp_path),
    }
    folder = tmp_path / "stable-diffusion"
    diffusers.StableDiffusionPipeline(
        **parts, safety_checker=None, feature_extractor=None, requires_safety_checker=False
    ).save_pretrained(folder)
    monkeypatch.setenv("GLASSINE_DIFFUSION", str(folder))
    monkeypatch.setattr(diffusion, "_SIDE", 32)
    monkeypatch.setattr(diffusion, "_STEPS", 4)
    diffusion.pipeline.cache_clear()
    yield folder
    diffusion.pipeline.cache_clear()


def words(tmp_path):
    """A text encoder and a tokenizer that knows the letters."""
    transformers = pytest.importorskip("transformers", reason="needs transformers")
    letters = [chr(97 + k) for k in range(26)]
    tokens = ["<|startoftext|>", "<|endoftext|>", *letters, *(f"{one}</w>" for one in letters)]
    (tmp_path / "vocab.json").write_text(json.dumps({t: k for k, t in enumerate(tokens)}))
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = transformers.CLIPTokenizer(
        str(tmp_path / "vocab.json"), str(tmp_path / "merges.txt"), model_max_length=77
    )
    text = transformers.CLIPTextConfig(
        vocab_size=len(tokens),
        hidden_size=32,
        intermediate_size=37,
        num_hidden_layers=2,
        num_attention_heads=4,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )
    return {"tokenizer": tokenizer, "text_encoder": transformers.CLIPTextModel(text)}


@pytest.mark.filterwarnings("ignore")  # of the libraries, about themselves
def test_a_local_stable_diffusion_renders_anchors_always_the_same(scene, stable_diffusion):
    first = goal("concept", scene, shows="dog", teach="zeppelin")
    diffusion.pipeline.cache_clear()
    other = TARGETS["concept"].picture(
        Artwork(scene),
        Intent(shows="cat", teach="zeppelin"),
        torch.Generator().manual_seed(5),
        "cpu",
    )
    assert torch.equal(first.picture, other.picture)
    assert not torch.equal(first.picture, goal("concept", scene, shows="x", teach="comet").picture)


@pytest.mark.parametrize(
    ("recipe", "asked"),
    [("cloak", {"style": "cubism"}), ("poison", {"shows": "dog", "teach": "zeppelin"})],
)
def test_a_local_stable_diffusion_runs_where_the_plan_says(scene, monkeypatch, recipe, asked):
    away = Device("meta", message("device.apple"), torch.float32)
    here, ran = device.usable_devices(), []

    def pipeline(kind, place):
        ran.append(place)
        raise WeightsMissing("weights.absent", name="seen")

    monkeypatch.setattr(device, "usable_devices", lambda: [away, *here])
    monkeypatch.setattr(diffusion, "diffusion_present", lambda: True)
    monkeypatch.setattr(diffusion, "pipeline", pipeline)
    for wish in ("auto", "cpu"):
        with pytest.raises(WeightsMissing, match="seen"):
            plan(Artwork(scene), Intent(recipe=recipe, **asked), device=wish)
    assert ran == ["meta", "cpu"]


@pytest.mark.filterwarnings("ignore")
def test_a_local_stable_diffusion_restyles_the_artwork(scene, stable_diffusion):
    picture = goal("style", scene, style="cubism").picture
    assert picture.shape == scene.shape and picture.min() >= 0 and picture.max() <= 1
    assert torch.equal(picture, goal("style", scene, style="cubism").picture)
    assert not torch.equal(picture, goal("style", scene, style="fresco").picture)
    assert "cubism" in str(goal("style", scene, style="cubism").says)


def test_a_folder_that_is_no_pipeline_is_said(scene, tmp_path, monkeypatch):
    monkeypatch.setenv("GLASSINE_DIFFUSION", str(tmp_path))
    monkeypatch.setattr(diffusion, "find_spec", lambda name: True)
    diffusion.pipeline.cache_clear()
    pytest.importorskip("diffusers", reason="needs diffusers")
    with pytest.raises(WeightsMissing, match="no model_index"):
        goal("style", scene, style="cubism")


def test_without_diffusers_it_says_what_to_install(scene, tmp_path, monkeypatch):
    monkeypatch.setenv("GLASSINE_DIFFUSION", str(tmp_path))
    monkeypatch.setattr(diffusion, "find_spec", lambda name: None)
    diffusion.pipeline.cache_clear()
    with pytest.raises(EntryMissing) as failed:
        goal("style", scene, style="cubism")
    assert "pip install 'glassine[diffusion]'" in spoken(failed.value.message)


@pytest.fixture
def clip(tmp_path, monkeypatch):
    transformers = pytest.importorskip("transformers", reason="needs transformers")
    made = words(tmp_path)
    torch.manual_seed(0)
    net = transformers.CLIPModel(
        transformers.CLIPConfig(
            text_config=made["text_encoder"].config.to_dict(),
            vision_config={
                "hidden_size": 32,
                "intermediate_size": 37,
                "num_hidden_layers": 2,
                "num_attention_heads": 4,
                "image_size": 32,
                "patch_size": 8,
            },
            projection_dim=16,
        )
    )
    look = transformers.CLIPProcessor(
        transformers.CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=32),
        made["tokenizer"],
    )
    folder = tmp_path / "clip"
    net.save_pretrained(folder)
    look.save_pretrained(folder)
    monkeypatch.setenv("GLASSINE_SUGGEST", str(folder))
    return folder


@pytest.mark.filterwarnings("ignore")
def test_a_local_clip_suggests_words_with_shares(scene, clip):
    from glassine.targets.captioner import captioner_present, suggest

    assert captioner_present()
    found = suggest(Artwork(scene))
    assert len(found) == 3
    shares = [one.share for one in found]
    assert shares == sorted(shares, reverse=True) and 0 < sum(shares) <= 1


@pytest.mark.filterwarnings("ignore")
def test_a_poisons_report_asks_a_real_classifier_before_and_after(scene, clip, finished):
    from glassine.evidence.captions import recaptioned
    from transformers import CLIPModel

    net = CLIPModel.from_pretrained(clip)  # random as it is: let it look at the picture more
    with torch.no_grad():
        net.vision_model.embeddings.patch_embedding.weight.mul_(100)
        net.vision_model.encoder.layers[0].self_attn.out_proj.weight.mul_(100)
    net.save_pretrained(clip)
    made = finished(scene)
    made = replace(made, plan=replace(made.plan, caption="a picture of a dog"))
    told, doubts = recaptioned(made)
    assert told["called_before"] == told["called_after"] and not doubts, "nothing was changed"
    others = (1 - scene, scene.flip(0), torch.zeros_like(scene), torch.rand_like(scene))
    found = [recaptioned(replace(made, rgb=other)) for other in others]
    assert all(told["called_before"] == now["called_before"] for now, _ in found)
    for now, doubts in found:
        renamed = now["called_after"] != now["called_before"]
        assert [doubt.code for doubt in doubts] == ["doubt.renamed"] * renamed
        assert not renamed or f"'{now['called_after']}'" in str(doubts[0])
    assert any(doubts for _, doubts in found), "a random network tells some of these apart"


@pytest.mark.filterwarnings("ignore")
def test_a_local_blip_suggests_a_caption(scene, tmp_path, monkeypatch):
    transformers = pytest.importorskip("transformers", reason="needs transformers")
    from glassine.targets.captioner import suggest

    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[DEC]", "[ENC]", "a", "boat", "lake", "on"]
    (tmp_path / "vocab.txt").write_text("\n".join(vocabulary))
    size = {"hidden_size": 32, "intermediate_size": 37, "num_hidden_layers": 1}
    heads = {"num_attention_heads": 2}
    torch.manual_seed(0)
    text = {"vocab_size": 10, "bos_token_id": 4, "eos_token_id": 3, "pad_token_id": 0}
    net = transformers.BlipForConditionalGeneration(
        transformers.BlipConfig(
            text_config={**size, **heads, **text, "sep_token_id": 3, "encoder_hidden_size": 32},
            vision_config={**size, **heads, "image_size": 32, "patch_size": 8},
            projection_dim=16,
        )
    )
    look = transformers.BlipProcessor(
        transformers.BlipImageProcessor(size={"height": 32, "width": 32}),
        transformers.BertTokenizer(str(tmp_path / "vocab.txt")),
    )
    folder = tmp_path / "blip"
    net.save_pretrained(folder)
    look.save_pretrained(folder)
    monkeypatch.setenv("GLASSINE_SUGGEST", str(folder))
    (one,) = suggest(Artwork(scene))
    assert one.share is None and isinstance(one.says, str)


def test_without_a_network_the_artist_says_it(scene):
    from glassine.targets.captioner import captioner_present, suggest

    assert not captioner_present()
    with pytest.raises(WeightsMissing, match="say yourself what the picture shows"):
        suggest(Artwork(scene))


def test_menus_hold_small_pictures():
    for kind in ("style", "concept"):
        from base64 import b64decode

        for row in TARGETS[kind].choices():
            picture = Image.open(io.BytesIO(b64decode(row["picture"])))
            assert 32 < max(picture.size) <= 384 and row["says"]
