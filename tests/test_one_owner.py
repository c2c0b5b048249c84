"""A fact has one owner: whoever else tells it asks there."""

import ast
import sqlite3
from dataclasses import replace
from importlib import import_module, metadata
from pathlib import Path

import pytest
import torch
from glassine import version
from glassine.batch.jobs import Job, Jobs
from glassine.cli import cli
from glassine.evidence.facts import run_record
from glassine.evidence.sight import sighted
from glassine.flow import timing
from glassine.flow.catalogue import catalogue
from glassine.machine.device import choose
from glassine.marks import c2pa, receipt
from glassine.purifiers import PURIFIERS
from glassine.purifiers.sites import SITES
from glassine.record import record_of
from glassine.types import Change, Claim

ENGINE = Path(__file__).resolve().parents[1] / "core" / "glassine"
settling = import_module("glassine.flow.settle")  # the file; the package shows the verb


def absent(name):
    raise metadata.PackageNotFoundError(name)


def test_every_teller_of_the_version_says_the_same(monkeypatch, finished, scene, tmp_path, capsys):
    monkeypatch.setattr(version, "version", absent)
    made = finished(scene)
    assert run_record(made, sighted(made), choose("cpu")).engine == version.CHECKOUT
    assert receipt.entry(written(made), record_of(made)).version == version.CHECKOUT
    assert c2pa.manifest(Claim())["claim_generator_info"][0]["version"] == version.CHECKOUT
    with Jobs(tmp_path) as jobs:
        jobs.write(Job("0", "0", "a.png"), "a", "")
    with sqlite3.connect(next(tmp_path.glob("*.sqlite"))) as base:
        assert base.execute("SELECT version FROM jobs").fetchone() == (version.CHECKOUT,)
    cli.main(["--version"], standalone_mode=False)
    assert capsys.readouterr().out == f"glassine {version.CHECKOUT}\n"


def written(made):
    from glassine.formats import FORMATS

    artwork = made.plan.artwork
    return FORMATS["png"].write(made.rgb, artwork.alpha, artwork.keep, 95)


def test_only_one_file_looks_the_version_up():
    """`doctor` asks for the versions of libraries."""
    asking = []
    for path in ENGINE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "importlib.metadata":
                asking.append(path.name)
    assert sorted(asking) == ["doctor.py", "version.py"]


def test_only_one_file_reads_xmp_and_one_a_licence():
    """A parser that knows no limits is let in by one line that nobody looks at twice."""
    makers = ("XMLParser", "XMLPullParser", "fromstring", "iterparse", "XML", "parse")
    reading = set()
    for path in ENGINE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in {
                f"{module}.{name}" for module in ("ElementTree", "ET", "etree") for name in makers
            }:
                reading.add(path.relative_to(ENGINE).as_posix())
    assert reading == {"pixels/packet.py", "sitekit/rsl.py"}


def test_an_exports_choices_and_the_handlings_know_one_size_of_a_site():
    offered = {row["name"]: row["longest"] for row in catalogue()["sites"]}
    tried = {name.removeprefix("site_") for name in PURIFIERS if name.startswith("site_")}
    assert offered.keys() == SITES.keys() and tried < offered.keys()
    for name in tried:
        assert f" {offered[name]} px," in PURIFIERS[f"site_{name}"].says
    assert {offered["instagram"], offered["x"]} == {1080, 4096}


@pytest.mark.parametrize("size", [(96, 128), (300, 500)])
def test_the_estimate_counts_the_pixels_that_are_judged(finished, scene, draw, monkeypatch, size):
    """The whole of a small picture; crops of a large one, which is looked at once as a whole."""
    monkeypatch.setattr(settling, "CROP", 32)
    monkeypatch.setattr(settling, "GLANCE", 16)
    looks, counted = [], []
    sampled, whole, others = settling.sampled, settling.ssimulacra2, settling.strictest
    last, glances, last_looks = settling.points_held_out, [], []

    def counting(pairs):
        pairs = list(pairs)
        counted.extend(other[0].numel() for _, other in pairs)
        return sampled(pairs)

    def counting_whole(clean, other):
        counted.append(other[0].numel())
        return whole(clean, other)

    def counting_others(pairs):
        pairs = list(pairs)
        glances.append(sum(other[0].numel() for _, other in pairs))
        return others(pairs)

    def counting_last(pairs):
        pairs = list(pairs)
        last_looks.append(sum(other[0].numel() for _, other in pairs))
        return last(pairs)

    monkeypatch.setattr(settling, "points_held_out", counting_last)
    monkeypatch.setattr(settling, "strictest", counting_others)
    monkeypatch.setattr(settling, "sampled", counting)
    monkeypatch.setattr(settling, "ssimulacra2", counting_whole)
    height, width = size
    rgb = scene.repeat(1, 4, 4)[:, :height, :width].contiguous()
    plan = replace(finished(rgb).plan, allowance=torch.ones(1, height, width))
    change = torch.randn(3, height, width, generator=draw) * 0.05
    settling.settle(Change(plan, change.half()), watch=looks.append)
    each, once, glance = settling.judged_pixels(height, width)
    dear = len(looks) - len(glances) - len(last_looks)
    assert sum(counted) == dear * each + once
    assert glances and set(glances) == {glance}
    assert set(last_looks) == {each}
    assert (once > 0) == (height * width > 2 * 96**2)
    assert dear <= (2 if once else 1) * timing.LOOKS + bool(once)


def test_an_estimate_grows_with_every_pixel_that_is_judged():
    """Up to 4.7 million pixels the whole is judged, and once more beyond that."""
    device = choose("cpu")

    def fit(width, height):
        job = timing.Workload(width, height, 1, ("embedded",), device)
        return timing.Estimates().seconds(job)["fit"]

    small = fit(512, 512)
    assert fit(1024, 1024) == pytest.approx(4 * small)
    assert fit(4096, 4096) > fit(3072, 3072) > 0
