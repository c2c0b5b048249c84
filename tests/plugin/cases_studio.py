"""The studio: settings that others wrote, estimates, refusals in words, its end."""

import pytest
from bench import (
    H,
    W,
    app,
    fresh_krita,
    painting,
    until,
    works,
)
from glassine_krita.canvas import small_pictures
from glassine_krita.docker import GlassineDocker
from glassine_krita.studio import settings, studio
from glassine_krita.studio.choices import Choice, Exporting

__all__ = ["app", "fresh_krita", "painting", "works"]


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
