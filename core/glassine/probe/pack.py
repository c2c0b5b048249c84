"""The evidence of a probe: a page and its figures, with everything needed to repeat it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

from ..machine import files
from ..messages import Message, message
from ..plain import plain
from ..version import engine_version
from .asked import GUIDANCE, LEVELS
from .run import Answers, CanaryFit, Order, Outcome, doubts
from .works import Work

JSON, PAGE = "probe.json", "probe.html"

_STYLE = """
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.05rem; margin-top: 2rem }
.doubts { border-left: 3px solid #c80; padding: .2rem 1rem }
table { border-collapse: collapse; font-size: .85rem } td, th { padding: .15rem .7rem .15rem 0;
  text-align: left; border-top: 1px solid #8884; overflow-wrap: anywhere; vertical-align: top }
code { font-size: .8rem; overflow-wrap: anywhere }
"""


@dataclass(frozen=True)
class Examined:
    """A model, as the evidence identifies it.

    files  name inside its folder -> sha256
    side   of the pictures about which it was asked, in pixels
    """

    name: str
    files: Mapping[str, str]
    side: int

    def told(self) -> dict[str, Any]:
        return {"name": self.name, "sha256": dict(self.files), "side": self.side}


def evidence(
    order: Order,
    model: Examined,
    answers: Answers,
    command: str,
    day: str,
    reference: Examined | None = None,
) -> dict[str, Any]:
    """All of the evidence, as plain values. It is reproducible, except for `day`.

    command  that repeats the probe
    """
    outcomes, canaries = answers
    return {
        "kind": "glassine probe",
        "glassine": engine_version(),
        "day": day,
        "again": command,
        "doubts": plain(doubts(order), says=True),
        "model": model.told(),
        "reference": None if reference is None else reference.told(),
        "asked": asdict(order.effort)
        | {"levels": LEVELS, "guidance": GUIDANCE, "words": order.words},
        "works": [told_of_work(one) for one in order.works],
        "controls": [told_of_work(one) for one in order.controls],
        "questions": [told_of_question(one) for one in outcomes],
        "canaries": [told_of_canary(one) for one in canaries],
    }


def told_of_question(one: Outcome) -> dict[str, Any]:
    return {
        "question": one.question,
        "says": plain(verdict(one), says=True),
        "does_not_prove": plain(not_proved(one.question), says=True),
        "test": None if one.test is None else asdict(one.test),
        "works": [asdict(answer) for answer in one.works],
        "controls": [asdict(answer) for answer in one.controls],
    }


def told_of_canary(one: CanaryFit) -> dict[str, Any]:
    canary = one.canary
    told = {"phrase": canary.phrase, "key": canary.key, "recorded": canary.created}
    return told | {"fit": one.fit, "p": one.p}


def told_of_work(work: Work) -> dict[str, Any]:
    told = {"file": work.path.name, "sha256": work.sha256, "caption": work.caption}
    if not work.export:
        return told
    return told | {"export": work.export, "recorded": work.recorded, "chain": work.chain}


def verdict(found: Outcome) -> Message:
    """The answer to a question, in a sentence."""
    question = message(f"probe.{found.question}")
    if found.test is None:
        mean = sum(one.score for one in found.works) / len(found.works)
        return message("probe.without_p", question=question, mean=mean)
    test = found.test
    return message(
        "probe.with_p", question=question, ahead=test.ahead, p=test.p, looked=test.looked
    )


def copies_said(found: Outcome) -> Message | None:
    """How many works, and how many controls, the model reproduced as near-duplicates; None for
    other questions."""
    if found.question != "extraction":
        return None
    ours, theirs = (
        sum(one.figures["near"] > 0 for one in part) for part in (found.works, found.controls)
    )
    return message("probe.given_back", works=ours, controls=theirs)


def not_proved(question: str) -> Message:
    return message(f"probe.{question}.not")


def canary_said(one: CanaryFit) -> Message:
    return message(
        "probe.canary", phrase=one.canary.phrase, day=one.canary.created[:10], fit=one.fit, p=one.p
    )


def write_pack(
    folder: Path, told: Mapping[str, Any], order: Order, outcomes: Sequence[Outcome]
) -> None:
    text = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
    files.write(folder / JSON, text.encode())
    files.write(folder / PAGE, evidence_page(told, order, outcomes).encode("utf-8", "replace"))


def evidence_page(told: Mapping[str, Any], order: Order, outcomes: Sequence[Outcome]) -> str:
    """The page: doubts first, then each question with what it does not prove, then the files."""
    asked = "".join(map(section_of, outcomes))
    canaries = "".join(
        f"<tr><td>{escape(one['phrase'])}<td>{escape(one['recorded'])}<td>{one['fit']:.3f}"
        f"<td>{one['p']:.3f}"
        for one in told["canaries"]
    )
    models = "".join(
        table_of(title, ("file", "sha256"), digest_rows(told[name]["sha256"]))
        for title, name in (("The model", "model"), ("The reference", "reference"))
        if told[name]
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Glassine probe</title>"
        f"<meta name=robots content=noindex><style>{_STYLE}</style>"
        f"<h1>What {escape(told['model']['name'])} was asked about {len(order.works)} works</h1>"
        f"<p>{escape(told['day'])}, Glassine {escape(told['glassine'])}</p>"
        f"<div class=doubts><h2>Doubts first</h2>{points(doubts(order))}</div>{asked}"
        + table_of("Canaries", ("phrase", "recorded", "match", "p"), canaries)
        + models
        + table_of("Works", FILES, "".join(map(file_row, order.works)))
        + table_of("Works it cannot have learnt", FILES, "".join(map(file_row, order.controls)))
        + f"<h2>To do it again</h2><p><code>{escape(told['again'])}</code></p>"
        f"<p>Seeds, figures of every picture and all settings are in {JSON} beside this page.</p>"
        "</html>"
    )


FILES = ("file", "sha256", "words", "in the ledger")


def section_of(found: Outcome) -> str:
    said = (verdict(found), copies_said(found), not_proved(found.question))
    return f"<h2>{found.question.capitalize()}</h2>{points([one for one in said if one])}"


def points(said: Sequence[Message]) -> str:
    return f"<ul>{''.join(f'<li>{escape(str(one))}</li>' for one in said)}</ul>"


def digest_rows(files: Mapping[str, str]) -> str:
    return "".join(
        f"<tr><td>{escape(name)}<td><code>{digest}</code>" for name, digest in files.items()
    )


def file_row(one: Work) -> str:
    dated = f"#{one.export}, {one.recorded}" if one.export else "-"
    return (
        f"<tr><td>{escape(one.path.name)}<td><code>{one.sha256}</code>"
        f"<td>{escape(one.caption)}<td>{escape(dated)}"
    )


def table_of(title: str, head: Sequence[str], inside: str) -> str:
    """A table with its title; "" where it has no rows."""
    if not inside:
        return ""
    names = "".join(f"<th>{one}" for one in head)
    return f"<h2>{title}</h2><table><tr>{names}{inside}</table>"
