"""Engines of other versions than the plugin, and entries that the plugin has never heard of."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from bench import ROOT, app, fresh_krita, painting, turned, until, works
from glassine_krita.docker import GlassineDocker
from glassine_krita.engine.answers import FileMade, Hello, LayerMade, Measured, Previewed, Trial
from glassine_krita.engine.asks import Intent, Protect, plain
from glassine_krita.engine.reading import read
from glassine_krita.qt import QtWidgets
from glassine_krita.studio import instance, settings, studio
from glassine_krita.studio.job import State
from glassine_krita.views import job as jobview
from glassine_krita.views.what import AGREED
from glassine_krita.words import texts
from glassine_krita.words.gaps import Message, message

__all__ = ["app", "fresh_krita", "painting", "works"]


@pytest.fixture
def engine_that_says(fresh_krita, monkeypatch, tmp_path):
    """A docker in front of an engine whose hello is another one; {name: None} takes that away."""
    made = []

    def start(hello):
        path = tmp_path / "hello.json"
        path.write_text(json.dumps(hello))
        monkeypatch.setenv("FAKE_HELLO", str(path))
        one = studio.Studio()
        instance._made[:] = [one]
        one.start_engine()
        until(lambda: one.engine.condition.name in ("ready", "broken"))
        made.append(one)
        docker = GlassineDocker()
        made.append(docker)
        return one, docker

    yield start
    for one in made:
        one.close() if isinstance(one, studio.Studio) else one.deleteLater()
    instance._made.clear()


def recipes(docker):
    """Button's text -> whether it can be pressed, and its tip."""
    buttons = docker.main.what.recipe.findChildren(QtWidgets.QPushButton)
    return {one.text(): (one.isEnabled(), one.toolTip()) for one in buttons if one.parent()}


@pytest.mark.parametrize("protocol", ["2", "4"])
def test_another_protocol_is_said_in_words_and_looked_at_no_further(
    engine_that_says, monkeypatch, protocol
):
    monkeypatch.setenv("FAKE_PROTOCOL", protocol)
    works, docker = engine_that_says({"device": "CPU", "catalogue": 3, "words": None})
    assert works.engine.condition.name == "broken" and not recipes(docker)
    assert works.trouble == texts.t("engine_protocol") == docker.trouble.says.text()


def test_a_newer_engine_s_new_kinds_codes_fields_and_recipes_are_shown(
    engine_that_says, painting, monkeypatch
):
    newer = {
        "newer": {"field": 1},
        "device": {"kind": "tpu", "says": message_plain("device.new", cores=8), "watts": 300},
        "catalogue": {
            "recipes": [
                {"name": "mist", "needs": [], "colour": "grey"},
                {"name": "motion", "needs": ["frames"]},
                {"name": "likeness", "needs": ["shows", "teach"]},
                {"name": "gone", "needs": [], "missing": message_plain("new.library", name="x")},
            ],
            "efforts": [{"name": "overnight"}],
            "strengths": [{"name": "faint", "score": 95}],
            "brushes": [{"name": "wet"}],
        },
        "words": {
            "en": {
                "device.new": "A new device, {cores} cores",
                "recipe.mist": "A pattern over everything",
                "recipe.motion": "Follows a film",
                "effort.overnight": "Overnight",
                "strength.faint": "faint",
                "new.library": "needs {name}",
                "fake.twice": "As always",
            },
            "de": {"effort.overnight": "Über Nacht"},
            "eo": {"effort.overnight": "Dumnokte"},
        },
    }
    works, docker = engine_that_says(newer)
    page = docker.main
    assert docker.status.says.whole() == "Ready · A new device, 8 cores"
    found = recipes(docker)
    assert found["mist"] == (True, "A pattern over everything")
    assert found["motion"][0] is False and texts.t("recipe_newer") in found["motion"][1]
    assert found["gone"] == (False, "gone\nneeds x")
    assert page.effort.itemText(0).startswith("Overnight") and "faint" in page.strength.whole()
    settings.write_text(AGREED, "yes")
    works.choose(recipe="likeness")
    what = page.what
    assert what.poison.isVisibleTo(docker) and not what.style_row.isVisibleTo(docker)
    works.choose(recipe="mist", effort="overnight", shows="left", teach="over")
    assert not what.poison.isVisibleTo(docker) and not what.style_row.isVisibleTo(docker)
    assert plain(works.intent) == {"recipe": "mist", "strength": 70.0, "effort": "overnight"}
    works.choose(effort="quick")
    job = works.apply()
    until(lambda: not job.active)
    assert job.state == State.DONE and "(mist)" in job.order.name


def message_plain(code, **fields):
    return {"code": code, "fields": fields}


def test_an_older_engine_that_says_less_is_used_as_far_as_it_goes(engine_that_says, painting):
    older = {
        "catalogue": {"recipes": [{"name": "cloak"}], "styles": 3, "marks": [{"name": "xmp"}]},
        "methods": ["protect"],
        "words": None,
        "device": None,
        "version": None,
    }
    works, docker = engine_that_says(older)
    assert works.engine.condition.name == "ready" and list(recipes(docker)) == ["cloak"]
    assert docker.exporting.marks.boxes["xmp"].isEnabled()
    job = works.apply()
    until(lambda: not job.active)
    assert job.state == State.DONE and not works.trouble
    settings.write_text(AGREED, "yes")
    works.choose(recipe="poison", shows="dog", teach="cat")
    turned()
    assert not works.caption.words and not docker.main.what.copy_caption.isEnabled()
    works.details()


def test_answers_are_read_as_far_as_they_are_understood():
    told = {"ssimulacra2": 71, "notes": [message_plain("a.a", n=1), "old prose", {}], "new": 1}
    made = read(LayerMade, told | {"caption": 3, "translucent": "yes"})
    assert made == LayerMade(71.0, notes=(message("a.a", n=1),))
    assert read(FileMade, {"cost": {"ssimulacra2": 70, "psnr": 40}}).cost.ssimulacra2 == 70
    assert read(FileMade, {"cost": None, "width": 1.5, "doubts": None}) == FileMade()
    trials = [{"says": message_plain("a.b"), "left": 0.5}, {"left": None}, "x"]
    assert read(Measured, {"trials": trials}).trials == (Trial(Message("a.b"), 0.5), Trial())
    assert read(Previewed, {"seen_by": ""}).seen_by == "" and read(Previewed, 3) == Previewed()
    assert read(Hello, {"device": {"kind": "cuda"}, "methods": ["a", 1]}).device.kind == "cuda"


def test_an_ask_travels_without_what_was_not_chosen():
    wanted = Intent("cloak", 70.0, "quick", style="", seed=0)
    ask = Protect(wanted, pixels={"width": 1})
    assert plain(ask) == {
        "intent": {"recipe": "cloak", "strength": 70.0, "effort": "quick", "seed": 0},
        "again": False,
        "as_is": False,
        "pixels": {"width": 1},
    }


def test_a_stage_that_a_later_engine_has_is_work_all_the_same():
    assert jobview.stage_words("optimise") == texts.t("stage_optimise")
    assert jobview.stage_words("dream") == texts.t("stage_other")


def test_the_caption_is_the_engine_s_to_the_letter(works, painting):
    settings.write_text(AGREED, "yes")
    docker = GlassineDocker()
    what = docker.main.what
    works.choose(recipe="poison", shows="dog")
    turned()
    assert what.caption.text() == texts.t("caption_none") and not what.copy_caption.isEnabled()
    works.choose(teach="cat")
    assert what.caption.text() == texts.t("caption_waits"), "nothing is made up meanwhile"
    until(lambda: what.copy_caption.isEnabled())
    assert "“the engine's words for dog”" in what.caption.text()
    what._copy_caption()
    assert QtWidgets.QApplication.clipboard().text() == "the engine's words for dog"
    works.choose(shows="cat")
    assert not what.copy_caption.isEnabled(), "the words are another picture's"
    until(lambda: what.caption.text() == "This was asked. Do that.")
    assert not what.copy_caption.isEnabled()
    works.choose(shows="owl")
    until(lambda: "owl" in what.caption.text())
    works.choose(recipe="cloak")
    assert not works.caption.words
    docker.deleteLater()


FRESH = '''"""The encoder of a model that came after this plugin."""

from dataclasses import replace

from .sd15 import ENTRY as LIKE

ENTRY = replace(LIKE, covers="Fresh Diffusion 9")
'''
RECIPE = """
RECIPES["fog"] = Recipe(
    name="fog", says="A fixed pattern over everything", goals=(("texture", 1.0),), reach=Levels(8)
)
RECIPES["twist"] = Recipe(
    name="twist", says="Another word for what it shows", goals=(("concept", 1.0),), reach=Levels(8)
)
"""
SAYS = """
import json, sys
from glassine.flow.catalogue import catalogue, entry_words
from glassine.messages.words import LANGUAGES, table
words = {name: dict(table(name)) for name in LANGUAGES}
words["en"] |= entry_words()
json.dump({"catalogue": catalogue(), "words": words}, sys.stdout)
"""


@pytest.fixture(scope="module")
def grown_engine(tmp_path_factory):
    """What an engine says of itself that has one file and one line more than ours."""
    folder = tmp_path_factory.mktemp("grown")
    package = folder / "glassine"
    shutil.copytree(ROOT / "core" / "glassine", package)
    (package / "surrogates" / "fresh.py").write_text(FRESH)
    names = package / "surrogates" / "__init__.py"
    names.write_text(names.read_text("utf-8").replace('"sd15",', '"sd15",\n        "fresh",'))
    with (package / "flow" / "recipes.py").open("a") as stream:
        stream.write(RECIPE)
    env = {**os.environ, "PYTHONPATH": str(folder), "GLASSINE_MODELS": str(folder / "none")}
    done = subprocess.run([sys.executable, "-c", SAYS], env=env, capture_output=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("language", ["en", "de", "ja"])
def test_a_new_surrogate_and_a_new_recipe_are_in_the_docker_in_words(
    grown_engine, engine_that_says, painting, monkeypatch, language
):
    monkeypatch.setenv("GLASSINE_LANGUAGE", language)
    texts.language.cache_clear()
    try:
        works, docker = engine_that_says(grown_engine)
        fresh = texts.t("surrogate_absent", models="Fresh Diffusion 9")
        assert fresh in docker.setup.models.text().splitlines()
        found = recipes(docker)
        assert found["fog"] == (True, "A fixed pattern over everything")
        assert found["twist"][0] and len(found) == len(grown_engine["catalogue"]["recipes"])
        label = {"en": "Cloak", "de": "Tarnung", "ja": "クローク"}[language]
        assert found[label][0] and (language == "en") == ("Moves the picture's" in found[label][1])
        settings.write_text(AGREED, "yes")
        works.choose(recipe="twist")
        what = docker.main.what
        assert what.shows.isVisibleTo(docker) and not what.style_row.isVisibleTo(docker)
        works.choose(recipe="fog", style="left over")
        assert not what.shows.isVisibleTo(docker) and works.intent.style is None
        job = works.apply()
        until(lambda: not job.active)
        assert job.state == State.DONE and "fog" in job.order.name
    finally:
        texts.language.cache_clear()
