"""The watermark: what it leaves alone, how chance is counted, and never a bare yes."""

import math

import pytest
import torch
from glassine import ledger
from glassine.errors import NotUsable
from glassine.flow.encode import encode
from glassine.flow.examine import examine, examine_pixels
from glassine.flow.mark import mark
from glassine.flow.read import read
from glassine.marks import MARKS, rivagan, watermark
from glassine.pixels.grid import on_grid
from glassine.types import Report
from watermarked import NUMBER, marked, platform

from lab.bench.pictures import discs

__all__ = ["marked"]
NOTHING = Report(None, (), ())


# --- arithmetic ---------------------------------------------------------------------------------


def test_with_equal_loudness_the_chance_is_the_binomial_one():
    heard = watermark.bits(NUMBER) * 2 - 1
    heard[:5] *= -1  # 27 of 32 agree
    tail = sum(math.comb(32, k) for k in range(27, 33)) / 2**32
    assert watermark.chance_of(heard, NUMBER) == pytest.approx(tail)


def test_a_quiet_wrong_bit_costs_less_than_a_loud_one():
    heard = watermark.bits(NUMBER) * 2 - 1
    quiet, loud = heard.copy(), heard.copy()
    quiet[3] *= -0.1
    loud[3] *= -1.5
    assert watermark.chance_of(quiet, NUMBER) < watermark.chance_of(loud, NUMBER)


def test_the_chance_is_corrected_for_ids_and_hearings():
    heard = watermark.bits(NUMBER) * 2 - 1
    heard[:6] *= -1
    alone = watermark.best((heard,), [NUMBER])
    many = watermark.best((heard, -heard), [NUMBER, *range(99)])
    assert alone.agree == many.agree == 26 and many.watermark == NUMBER
    assert many.chance == pytest.approx(alone.chance * 200)


def test_bits_are_the_number_and_wrong_numbers_are_refused():
    assert "".join(str(int(bit)) for bit in watermark.bits(NUMBER)) == f"{NUMBER:032b}"
    for wrong in (-1, 2**32):
        with pytest.raises(NotUsable, match="32 bits"):
            watermark.bits(wrong)


def test_odds_never_say_yes():
    assert str(watermark.odds(0.4)) == "an unmarked picture would often agree as well"
    assert "1 of 1,000,000 cases" in str(watermark.odds(1e-6))


# --- what it leaves alone ----------------------------------------------------------------------


@pytest.mark.parametrize("depth", [8, 16])
def test_masked_and_transparent_pixels_keep_their_bits(marked, paintings, depth):
    picture = on_grid(read(paintings[0]).rgb, depth)
    room, alpha = torch.ones(1, 512, 512), torch.ones(1, 512, 512)
    room[:, :100], alpha[:, :, 400:] = 0, 0
    done = marked(picture, allowance=room, alpha=alpha, depth=depth)
    kept = ((room == 0) | (alpha == 0)).expand(3, -1, -1)
    assert torch.equal(done.rgb[kept], picture[kept])
    assert not torch.equal(done.rgb, picture)
    assert torch.equal(done.rgb, on_grid(done.rgb, depth)), "off the grid of the file"


def test_the_same_plan_gives_the_same_pixels(marked):
    picture = discs(2)
    one, two = marked(picture), marked(picture)
    assert torch.equal(one.rgb, two.rgb)


def test_a_fresh_id_comes_from_the_ledger_and_is_kept_in_the_plan(finished, paintings):
    picture = read(paintings[1]).rgb
    done = mark(finished(picture, marks=("watermark",)))
    number = done.plan.export.claim.watermark
    assert number is not None and number != ledger.issue()
    again = mark(finished(picture, marks=("watermark",), claim=done.plan.export.claim))
    assert torch.equal(again.rgb, done.rgb)


def test_a_picture_that_cannot_carry_it_is_told_so(marked):
    done = marked(torch.ones(3, 200, 300))
    assert any(
        "can hardly be read back" in note and "left out" in note for note in map(str, done.notes)
    )
    assert torch.equal(done.rgb, torch.ones(3, 200, 300)), "it costs and is good for nothing"
    assert "watermark" not in done.plan.export.marks


def test_without_pixel_marks_nothing_changes(finished, scene):
    assert mark(finished(scene, marks=("xmp",))).rgb is scene
    done = finished(scene, marks=("receipt",))
    assert mark(done) is done


# --- recognising -------------------------------------------------------------------------------


def test_a_stripped_and_mirrored_copy_is_recognised(finished, marked, paintings):
    done = marked(read(paintings[2]).rgb)  # one id in 160 is not heard surely enough to refuse work
    assert MARKS["watermark"].read(platform(done.rgb), "") is None, "nothing was recorded yet"
    encode(done, NOTHING)
    for picture in (done.rgb, done.rgb.flip(2)):
        seen = examine(platform(picture))
        (told,) = [one for one in seen.found if one.mark == "watermark"]
        assert told.facts["export"] == 1 and "1 of " in str(told.says)
        assert seen.protected
    assert examine_pixels(finished(done.rgb).plan.artwork).protected
    assert not examine_pixels(finished(read(paintings[3]).rgb).plan.artwork).protected


def test_damaged_weights_are_said_in_words(monkeypatch, tmp_path):
    from glassine.errors import WeightsMissing

    bad = tmp_path / "rivagan.safetensors"
    bad.write_bytes(rivagan._FILE.read_bytes()[:-1] + b"x")
    monkeypatch.setattr(rivagan, "_FILE", bad)
    rivagan.watermark_decoder.cache_clear()
    with pytest.raises(WeightsMissing, match="damaged"):
        rivagan.heard(torch.rand(3, 256, 256))
    rivagan.watermark_decoder.cache_clear()
