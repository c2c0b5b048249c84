"""Values to JSON and back: what is missing or wrong is named, what is unknown is left aside."""

import json
import math
from dataclasses import dataclass, field
from typing import Literal

import pytest
from glassine.errors import NotUsable
from glassine.messages import Message, message
from glassine.plain import Said, plain, recalled, typed
from glassine.service import answers, asked
from glassine.service.methods import METHODS
from glassine.types import Claim, Cost, Effect, Export, Visible
from glassine.units import Levels, Score


@dataclass(frozen=True)
class Inner:
    width: int
    kind: Literal["used", "held out"] = "used"


@dataclass(frozen=True)
class Outer:
    name: str
    inner: Inner
    left: float = math.nan
    told: tuple[Said, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    seed: int | None = None


WHOLE = Outer(
    name="a",
    inner=Inner(3, "held out"),
    left=0.5,
    told=("as before", message("service.as_read")),
    seconds={"quick": 1.5},
    seed=7,
)


def test_what_goes_out_comes_back():
    assert typed(Outer, json.loads(json.dumps(plain(WHOLE), allow_nan=False))) == WHOLE


def test_what_is_not_known_is_null_and_comes_back_as_it_was():
    told = json.loads(json.dumps(plain(Outer("a", Inner(3))), allow_nan=False))
    assert told["left"] is None and math.isnan(typed(Outer, told).left)


def test_a_message_is_told_with_its_words_where_machines_keep_it():
    (_, told) = plain(WHOLE, says=True)["told"]
    assert told["says"] == str(message("service.as_read")) and told["code"] == "service.as_read"


def test_what_a_newer_writer_adds_is_left_aside():
    assert typed(Inner, {"width": 3, "height": 4}) == Inner(3)


@pytest.mark.parametrize(
    ("told", "code", "name"),
    [
        ({"inner": {"width": 3}}, "request.missing", "name"),
        ({"name": None, "inner": {"width": 3}}, "request.missing", "name"),
        ({"name": "a", "inner": {}}, "request.missing", "inner.width"),
        ({"name": "a", "inner": {"width": 3.5}}, "request.wrong", "inner.width"),
        ({"name": "a", "inner": {"width": True}}, "request.wrong", "inner.width"),
        ({"name": "a", "inner": {"width": 3, "kind": "x"}}, "request.wrong", "inner.kind"),
        ({"name": "a", "inner": 3}, "request.wrong", "inner"),
        ({"name": "a", "inner": {"width": 3}, "told": [3]}, "request.wrong", "told"),
        ({"name": "a", "inner": {"width": 3}, "told": [{"code": 1}]}, "request.wrong", "told"),
        ({"name": "a", "inner": {"width": 3}, "told": "x"}, "request.wrong", "told"),
        ({"name": "a", "inner": {"width": 3}, "seconds": {"a": "b"}}, "request.wrong", "seconds.a"),
        ({"name": "a", "inner": {"width": 3}, "seed": "7"}, "request.wrong", "seed"),
        ([], "request.wrong", ""),
    ],
)
def test_a_wrong_or_missing_field_is_named(told, code, name):
    with pytest.raises(NotUsable) as refused:
        typed(Outer, told)
    assert refused.value.message.code == code
    assert refused.value.message.fields["field"] == name
    assert f"'{name}'" in str(refused.value)


def test_what_was_written_long_ago_is_read_as_far_as_it_goes():
    told = {"name": "a", "inner": {"width": 3, "kind": "x"}, "seed": "7", "left": "much"}
    read = recalled(Outer, told)
    assert (read.name, read.inner, read.seed) == ("a", Inner(3), None) and math.isnan(read.left)


WISH = asked.Wish(
    recipe="both",
    shows="dog",
    teach="cat",
    strength=62.5,
    surrogates=("embedded",),
    seed=3,
    export=Export(marks=("xmp",), claim=Claim(creator="Ada", visible=Visible(text="No"))),
)
PIXELS = asked.Pixels(3, 2, "BGRA", "f32", linear=True)
ASKS = [
    asked.Nothing(),
    asked.EstimateAsk("cloak", 3, 2, verify=True),
    asked.CaptionAsk("dog"),
    asked.ModelAsk("/models/own"),
    asked.JoinAsk("/dogs.campaign"),
    asked.PreviewAsk(PIXELS, WISH, 1.5, sees=True),
    asked.ProtectAsk(PIXELS, WISH, file="/a.png", again=True),
    asked.PlacedAsk("0" * 64, path="/a.png", sidecar=True),
    asked.ExamineAsk(pixels=PIXELS),
    asked.ReportAsk(PIXELS, WISH, after=("jpeg75",)),
]
NOTED = (Message("service.as_read"),)
DOUBTS = (Message("doubt.noise", {"families": ("sd15",)}),)
LOOK = Effect("sd15", "used", "", 0.5, 0.25, 0.2, 0.1, 0.1)
COST = Cost(Score(70), 40.0, 0.9, None, Levels(4), 0.5)
ANSWERS = [
    answers.Estimated({"quick": 1.5}, ("embedded",), Message("device.cpu", {"count": 2})),
    answers.Captioned("a picture of a dog"),
    answers.Modelled(Message("service.model", {"name": "own", "kind": "SD", "memory": 2.1})),
    answers.Previewed(3, 2, 8, 70.5, ("embedded",), NOTED, finer=True, seen_by=""),
    answers.Layered(70.5, ("embedded",), NOTED, "", 3, NOTED, translucent=False),
    answers.Exported(
        format="png",
        marks=("xmp",),
        sha256="0" * 64,
        width=3,
        height=2,
        caption="",
        seed=3,
        surrogates=("embedded",),
        notes=NOTED,
        doubts=DOUBTS,
        cost=COST,
        effects=(LOOK,),
    ),
    answers.Examined(None, (answers.MarkFound("xmp", Message("receipt.untitled")),)),
    answers.Reported(
        DOUBTS, (answers.Tried(Message("purifier.jpeg75"), "handling", "survives", 0.5),)
    ),
]


@pytest.mark.parametrize("value", [*ASKS, *ANSWERS], ids=lambda value: type(value).__name__)
def test_every_request_and_answer_travels(value):
    told = json.loads(json.dumps(plain(value), allow_nan=False))
    back = typed(type(value), told)
    colour = getattr(value, "cost", None)
    assert plain(back) == plain(value)
    assert back == value or colour is not None, "a cost has a figure that is not a number"


def test_every_method_says_what_it_is_asked():
    assert {method.ask for method in METHODS.values()} == {type(ask) for ask in ASKS}
