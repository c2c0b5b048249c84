"""The studio: settings that others wrote, estimates, refusals in words, its end."""

import json

import pytest
from bench import (
    H,
    W,
    app,
    fresh_krita,
    painting,
    speaks,
    until,
    works,
)
from glassine_krita.canvas import small_pictures
from glassine_krita.docker import GlassineDocker
from glassine_krita.engine.asks import plain
from glassine_krita.qt import QtCore, QtWidgets
from glassine_krita.studio import instance, settings, studio
from glassine_krita.studio.choices import Choice, Exporting
from glassine_krita.studio.job import State
from glassine_krita.views.what import AGREED

__all__ = ["app", "fresh_krita", "painting", "speaks", "works"]


def test_settings_survive_what_others_wrote(fresh_krita):
    settings.write_setting(Choice(recipe="both", shows="dög = x", score=55.0))
    assert settings.read_setting(Choice).shows == "dög = x"
    fresh_krita.writeSetting("glassine", "choice", '{"score": 60, "recipe": 7, "new": 1}')
    assert settings.read_setting(Choice) == Choice(score=60.0)
    fresh_krita.writeSetting("glassine", "choice", "no json")
    assert settings.read_setting(Choice) == Choice()
    assert settings.from_json(Exporting, '{"marks": ["a"]}').marks == ("a",)


def test_who_orders_while_krita_is_stuck_is_told_to_wait(works, painting):
    doc, _node = painting
    doc.at_work = True
    assert works.apply() is None and "still working" in works.trouble


def test_an_estimate_comes_from_the_engine(works, painting):
    works.look()
    until(lambda: works.seconds)
    assert works.seconds["quick"] == W * H / 1e4


def test_after_a_job_an_estimate_goes_at_its_pace(works, painting):
    """The scripted engine reckons 9999 s for "full" and takes none of them."""
    works.look()
    until(lambda: works.seconds)
    assert works.seconds["full"] == 9999.0
    works.choose(effort="full")
    job = works.apply()
    until(lambda: not job.active)
    until(lambda: works.seconds["full"] != 9999.0)
    assert works.seconds["full"] == pytest.approx(job.took)
    other = works.seconds["quick"]
    assert other == pytest.approx(W * H / 1e4 * job.took / 9999), "as fast as the last job"
    works.start_engine()
    until(lambda: works.seconds["full"] == 9999.0)


def test_an_estimate_is_there_soon_after_the_start(fresh_krita, painting):

    works = studio.Studio()
    works.look()
    works.start_engine()
    until(lambda: works.seconds)
    works.close()


@pytest.mark.parametrize(("words", "early"), [(["krita"], 1), (["krita", "--export", "a.kra"], 0)])
def test_the_engine_starts_with_the_plugin_but_not_for_a_conversion(
    fresh_krita, monkeypatch, words, early
):
    """Krita loads plugins long before it builds dockers, and also where it only converts a file."""
    instance._made.clear()
    monkeypatch.setattr(QtCore.QCoreApplication, "arguments", lambda *_: words)
    instance.start_early()
    started = [made.engine.condition.name for made in instance._made]
    instance.close_studio()
    instance._made.clear()
    assert started == ["starting"] * early


def test_the_first_picture_goes_before_what_nobody_waits_for(
    works, painting, monkeypatch, tmp_path
):
    """An estimate has the engine time itself, and a file that is examined is read as a whole."""
    doc, _node = painting
    opened = tmp_path / "opened.png"
    opened.write_bytes(b"a picture")
    doc.setFileName(str(opened))
    asked, send = [], works.requests.send
    monkeypatch.setattr(
        works.requests, "send", lambda ask, *rest: [asked.append(ask.method), send(ask, *rest)][1]
    )
    works.watch(True)
    works.look()
    until(lambda: works.preview.pictures)
    works.look()
    until(lambda: {"estimate", "examine"} <= set(asked))
    assert asked[0] == "preview"


def test_closing_lets_go_of_what_the_preview_was_reading(works, painting, monkeypatch):
    monkeypatch.setattr(small_pictures, "STRIP", W)
    works.watch(True)
    works.look()
    until(lambda: works.preview._picture is not None)
    picture = works.preview._picture
    works.close()
    assert picture._doc is None and not works.preview._reading.isActive()


def test_asking_without_an_engine_says_what_to_do(fresh_krita, painting, monkeypatch):

    monkeypatch.setenv("GLASSINE_ENGINE", "")
    works = studio.Studio()
    works.start_engine()
    assert works.apply() is None and "Install it" in works.trouble
    works.close()


def test_the_choice_of_a_later_version_does_not_stop_the_docker(fresh_krita, monkeypatch):
    settings.write_setting(Choice(recipe="mist", effort="overnight", scope="frames", style="new"))
    works = studio.Studio()
    monkeypatch.setattr("glassine_krita.docker.studio", lambda: works)
    made = GlassineDocker()
    assert not made.main.effort.count()
    works.start_engine()
    until(lambda: made.main.effort.count())
    made.main.effort.activated.emit(1)
    assert works.choice.effort == "quick" and made.main.effort.currentData() == "quick"
    works.close()
    made.deleteLater()


@pytest.fixture
def poison_page(works, painting):
    """The page of poison, explained and chosen, in a docker."""
    settings.write_text(AGREED, "yes")
    works.choose(recipe="poison", shows="bird", teach="boat", score=85.0)
    docker = GlassineDocker()
    until(lambda: works.campaigns.law)
    yield docker.main.what
    docker.deleteLater()


def joins(page, monkeypatch, file):
    """As an artist does: the menu's last row, the law, the file."""
    page.campaign.menu.setCurrentIndex(page.campaign.menu.count() - 1)
    page.campaign.menu.activated.emit(page.campaign.menu.count() - 1)
    said = page.campaign.law_says.text()
    assert not page.campaign.law.isHidden() and page.campaign.menu.currentData() != "\n"
    answer = (f"/elsewhere/{file}", "")
    monkeypatch.setattr(QtWidgets.QFileDialog, "getOpenFileName", lambda *words: answer)
    page.campaign._join()
    assert page.campaign.law.isHidden()
    return said


def test_a_campaign_fills_the_page_of_poison(works, poison_page, monkeypatch):
    rows = poison_page.campaign
    assert rows.menu.count() == 2
    assert rows.says.isHidden() and rows.pair_row.isHidden()
    assert not poison_page.known.isHidden(), "what it did so far stands where it is chosen"
    assert poison_page.known.text() == "Nobody learnt it yet."
    said = joins(poison_page, monkeypatch, "dogs.campaign")
    assert "The law of your country" in said and "Compare the key" in said
    until(lambda: works.choice.campaign == "Dogs")
    chosen = works.choice
    assert (chosen.shows, chosen.teach, chosen.score) == ("dog", "cat", 55.0)
    assert rows.menu.currentText() == "Dogs" and not rows.pair_row.isHidden()
    assert rows.says.text() == "Until 2999-01-01. Signed as Ann, key 0123456789abcdef."
    assert poison_page.shows.isHidden() and poison_page.teach.isHidden(), "it has a menu of them"
    until(lambda: poison_page.copy_caption.isEnabled())
    assert "for dog in Dogs" in poison_page.caption.text()
    assert [rows.pairs.itemText(at) for at in range(2)] == ["dog → cat", "ship → apple"]
    works.choose(score=60.0)
    rows.pairs.activated.emit(1)
    assert (works.choice.shows, works.choice.teach) == ("ship", "apple")
    assert works.choice.score == 60.0, "the strength is the artist's all the same"
    job = works.apply()
    until(lambda: not job.active)
    assert plain(job.order.ask)["intent"]["campaign"] == "Dogs" and job.state == State.DONE
    rows.menu.activated.emit(0)
    assert not works.choice.campaign and not poison_page.shows.isHidden()
    assert "campaign" not in plain(works.intent)
    rows.menu.activated.emit(1)
    works.choose(recipe="cloak")
    assert "campaign" not in plain(works.intent), "a cloak takes no part in it"
    assert poison_page.known.isHidden()


WRONG = ("changed", "anchor", "over", "foreign", "namesake", "large", "unreadable", "no_file")


@pytest.mark.parametrize("language", ["en", "de", "ja"])
def test_a_file_that_is_no_campaign_is_refused_in_words(
    speaks, works, poison_page, monkeypatch, language
):
    said = set()
    speaks(language)
    for why in WRONG:
        works.complain("")
        joins(poison_page, monkeypatch, f"{why}.campaign")
        until(lambda: works.trouble)
        said.add(works.trouble)
        assert "campaign." not in works.trouble and not works.choice.campaign, why
    assert len(said) == len(WRONG)
    if language == "en":
        assert any("changed after it was signed" in one for one in said)


def test_a_campaign_that_is_over_stays_chosen_and_is_said_to_be(works, poison_page):
    """Poison for another goal than the artist believes would be worse than none."""
    works.choose(campaign="Cats", shows="cat", teach="dog")
    rows = poison_page.campaign
    assert "Cats (over" in rows.menu.currentText() and rows.says.isHidden()
    assert works.intent.campaign == "Cats" and rows.pairs.currentText() == "cat → dog"


def test_a_model_s_recipes_are_there_where_the_model_is(works, painting, monkeypatch):
    docker = GlassineDocker()
    folder, menu = docker.setup.own_model, docker.main.what.model
    until(lambda: works.own_model.known and works.catalogue.of("model_recipes"))
    assert "adds recipes" in folder.says.text() and menu.isHidden()
    monkeypatch.setattr(QtWidgets.QFileDialog, "getExistingDirectory", lambda *words: "/m/none")
    folder._look()
    until(lambda: works.own_model.why)
    assert "/m/none" in folder.says.text() and menu.isHidden()
    folder.field.setText("/m/sd15")
    folder.field.editingFinished.emit()
    until(lambda: works.own_model.usable)
    assert folder.says.text().startswith("sd15: Stable Diffusion 1.x") and not menu.isHidden()
    assert [menu.menu.itemData(at) for at in range(menu.menu.count())] == ["", "sds", "cloak-sds"]
    menu.menu.activated.emit(2)
    assert works.choice.recipe == "cloak-sds" and not docker.main.what.style_row.isHidden()
    job = works.apply()
    until(lambda: not job.active)
    assert plain(job.order.ask)["intent"]["model"] == "/m/sd15" and job.state == State.DONE
    assert "/m/" not in json.dumps(job.order.choice), "a layer does not say where it lies"
    menu.menu.activated.emit(0)
    assert works.choice.recipe == "cloak" and "model" not in plain(works.intent)
    menu.menu.activated.emit(0)
    works.own_model.choose("")
    assert menu.isHidden() and "adds recipes" in folder.says.text()
    docker.deleteLater()
