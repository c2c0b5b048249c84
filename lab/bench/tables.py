"""Writes the figures of docs/measured.md from the results: no number is typed by hand.

python -m lab.bench.tables            shows them
python -m lab.bench.tables --write    puts them between that page's two marks
"""

from __future__ import annotations

import argparse
import json
from statistics import fmean
from typing import Any

from ..places import ROOT
from .record import RESULTS, read

START, END = "<!-- figures: lab/bench/tables.py -->", "<!-- end of figures -->"
FAR = 5  # points of SSIMULACRA2; a result further from 70 cannot be compared with ours
SEEN = {"ssimulacra2": ".0f", "lpips": ".3f", "ssim": ".3f", "psnr": ".1f"}
SIDES = (256, 512, 1024, 2048)
JUDGES = {
    "ssimulacra2": "SSIMULACRA2",
    "haarpsi": "HaarPSI",
    "lpips": "LPIPS",
    "fsim": "FSIM",
    "vsi": "VSI",
    "mdsi": "MDSI",
    "flip": "FLIP",
    "dists": "DISTS",
}
FAMILIES = {"sd15": "SD 1/2", "sdxl": "SDXL", "sd3": "SD 3", "flux1": "FLUX.1", "flux2": "FLUX.2"}


def figures() -> str:
    effects = [effect("effect-256"), reduced(), removal()]
    parts = [*effects, loops(), growth(), start()]
    return "\n\n".join(part for part in parts if part)


def circumstances(found: dict[str, Any]) -> str:
    about = found["circumstances"]
    machine = f"{about['processor']}, {about['device']}"
    return f"{machine}, torch {about['torch']}, commit {about['commit']}"


def circumstances_of_rows(name: str) -> str:
    """The same of rows that were measured separately; no commit is left out."""
    text = (RESULTS / f"{name}.jsonl").read_text(encoding="utf-8")
    machines = [json.loads(row)["machine"] for row in text.splitlines()]
    told = (f"{m['threads']} thread, torch {m['torch']}, commit {m['commit']}" for m in machines)
    return "; ".join(dict.fromkeys(told))


def table(says: str, head: list[str], rows: list[list[str]]) -> str:
    """A sentence and the Markdown table that it is about."""
    lines = [head, ["---"] * len(head), *rows]
    return f"{says}:\n\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines)


def effect(name: str) -> str:
    found = read(name)
    if not found:
        return ""
    rows = []
    for method, row in sorted(found["summary"].items(), key=lambda item: mean(item[1])):
        said = "plain blend (control)" if method == "blend" else method
        seen = (f"{row[name]['mean']:{form}}" for name, form in SEEN.items())
        tail = [f"{mean(row):.3f}", f"{row['passes']:.0f}", *seen, str(row["sd15"]["count"])]
        rows.append([said, *(share(row[family]) for family in FAMILIES), *tail])
    return table(
        f"Share of the latent gap closed at balanced, {found['size']} px, mean over pictures "
        "(lowest to highest), ours within every limit, the others at SSIMULACRA2 70; cost in "
        "gradients of one encoder in float32, one in bytes being "
        f"{found['in bytes']:.2f}; {circumstances(found)}",
        ["made with", *FAMILIES.values(), "mean", "cost", *map(str.upper, SEEN), "pictures"],
        rows,
    )


def mean(row: dict[str, Any]) -> float:
    return fmean(row[family]["mean"] for family in FAMILIES)


def share(spread: dict[str, float]) -> str:
    return f"{spread['mean']:.3f} ({spread['min']:.3f}-{spread['max']:.3f})"


def reduced() -> str:
    """What is left where training looks, for every side that was measured."""
    return "\n\n".join(filter(None, (reduced_at(side) for side in SIDES)))


def reduced_at(side: int) -> str:
    found = read(f"reduced-{side}")
    if not found:
        return ""
    summary = found["summary"]
    rows = [
        [
            looked_at(where, side),
            share(effect),
            *(ratio(summary["over before"].get(judge), where) for judge in JUDGES),
            f"{summary['over blend'][where]['mean']:.1f}",
        ]
        for where, effect in summary["effects"].items()
    ]
    return table(
        f"{counted(found['pictures'])} of {side} px, {found['steps']} steps on the surrogate "
        "that ships, balanced, mean of the five real encoders: share of the gap closed, its "
        "ratio to the method before (c1768e7, ten steps) where each judge says the same of both "
        f"(from FSIM on they are held out), and to the blend; {circumstances(found)}",
        ["looked at", "closed", *JUDGES.values(), "blend"],
        rows,
    )


def ratio(spreads: dict[str, Any] | None, where: str) -> str:
    """The mean ratio there; nothing where older rows were not shown to that judge."""
    return "" if spreads is None else f"{spreads[where]['mean']:.2f}"


def counted(pictures: dict[str, Any]) -> str:
    return "One picture" if len(pictures) == 1 else f"{len(pictures)} pictures"


def looked_at(where: str, side: int) -> str:
    if not where.isdigit():
        return where
    return "as posted" if int(where) == side else f"reduced to {where}"


def removal() -> str:
    """What handling and removal leave, now and before."""
    found = read("matrix")
    if not found:
        return ""
    variants = next(part for part in found.values() if len(part) > 1)
    some = next(iter(variants.values()))
    about = "; ".join(dict.fromkeys(circumstances_of_rows(f"matrix-{name}") for name in variants))
    rows = [
        [
            name or "as posted",
            *(f"{row['after'][name]['covered']:.3f}" for row in variants.values()),
            f"{here['blend']:.3f}",
            *(f"{row['after'][name]['left']:.0%}" for row in variants.values()),
        ]
        for name, here in some["after"].items()
    ]
    said = [
        f"**{row['after'][row['worst']]['covered']:.3f}** ({row['worst']})"
        for row in variants.values()
    ]
    rows.append(["**worst case**", *said, *[""] * (1 + len(variants))])
    return table(
        "What is left after handling and removal: share of the gap closed on two families that "
        f"were optimised against, {some['pictures']} pictures of {some['side']} px, finished files "
        "at balanced, by the engine as it is (plain) and, at SSIMULACRA2 70, by the method before "
        "(c1768e7), "
        f"each with twenty gradients; and how much of the effect beyond the blend is left ([spread "
        f"and worst pictures](../lab/bench/results/matrix.md)); {about}",
        ["after", *variants, "blend (control)", *(f"left of {name}" for name in variants)],
        rows,
    )


def loops() -> str:
    found = read("loops")
    if not found:
        return ""
    rows = []
    for name, row in found["loops"].items():
        ours = row["reached"]
        reached = f"{said(*ours)}, {ours[1]:.1f} s" if ours else "not reached"
        times = f"{row['times less']:.0f}" if ours else "-"
        if abs(row["ssimulacra2"] - 70) > FAR:
            reached, times = f"at no budget (tried down to {row['eps']:.0e}) lands near 70", "-"
        end = f"{row['closed']:.3f} at {row['ssimulacra2']:.1f}"
        rows.append([name, end, f"{row['seconds']:.0f}", reached, times, row.get("on", "")])
    return table(
        f"Published loops and ours on the SD 1/2 encoder alone, {found['size']} px, one picture, "
        f"once (ours the median of three); {circumstances(found)}",
        [
            "loop",
            "its closed at SSIMULACRA2",
            "its seconds",
            "ours reaches that in",
            "times less",
            "on",
        ],
        rows,
    )


def said(steps: int, *row: float) -> str:
    """A run of ours: its number of steps; in older rows also the steps on the embedded surrogate
    before them."""
    warm = row[3] if len(row) > 3 else 0
    return f"{steps} steps after {warm:.0f} cheap ones" if warm else f"{steps} steps"


def growth() -> str:
    found = read("growth")
    if not found:
        return ""
    return table(
        f"Growth with size ({found['surrogate']}, {found['steps']} step), each size once; "
        f"{circumstances(found)}",
        ["side", "optimised, s/MP", "strength found after", "all, with its report", "peak memory"],
        [
            [
                side,
                f"{row['seconds until optimised'] / (int(side) ** 2 / 1e6):.2f}",
                f"{row['seconds until fitted']:.0f} s",
                f"{row['seconds']:.0f} s",
                f"{row['peak GB']:.1f} GB",
            ]
            for side, row in found["sizes"].items()
        ],
    )


def start() -> str:
    found = read("start")
    if not found:
        return ""
    rows = [
        f"{name} {row['median']:.2f} s ({row['min']:.2f}-{row['max']:.2f})"
        for name, row in found["seconds"].items()
    ]
    return f"Start, median of whole processes: {'; '.join(rows)}; {circumstances(found)}."


def spliced(text: str, inside: str) -> str:
    before, rest = text.split(START)
    after = rest.split(END)[1]
    return f"{before}{START}\n\n{inside}\n\n{END}{after}"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--write", action="store_true")
    if asked.parse_args().write:
        page = ROOT / "docs/measured.md"
        page.write_text(spliced(page.read_text(), figures()))
    else:
        print(figures())


if __name__ == "__main__":
    main()
