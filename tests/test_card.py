"""The script for a graphics card: it runs where there is none, and keeps what it found."""

import json
import sys
import time

import pytest


@pytest.fixture
def bench(monkeypatch, tmp_path, request):
    monkeypatch.syspath_prepend(str(request.config.rootpath))
    from lab.bench import card, record

    monkeypatch.setattr(record, "RESULTS", tmp_path)
    return card


def saved(folder):
    (path,) = folder.glob("card-*.json")
    return json.loads(path.read_text("utf-8"))


def test_every_row_is_measured_or_says_why_not(bench, tmp_path):
    bench.measured("cpu", [64], 64, time.monotonic() + 3600)
    rows = saved(tmp_path)
    same = rows["same as the processor"]
    assert same["same twice"] and same["levels apart"]["most"] == 0
    assert same["effect"]["card"] == same["effect"]["processor"] > 0.02
    assert {rows[f"64 {effort}"]["steps"] for effort in ("preview", "quick")} == {4, 10}
    assert "skipped" in rows["memory full"]
    assert rows["a format that fails"]["work"] == ["torch.float16", "torch.float32"]


def test_short_of_time_it_says_so_and_ends(bench, tmp_path):
    bench.measured("cpu", [64], 64, time.monotonic())
    rows = saved(tmp_path)
    assert all("skipped" in rows[name] for name in ("card", "64 full"))


def test_what_a_card_does_wrong_is_a_row(bench, tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "searched", lambda plan: 1 / 0)
    bench.measured("cpu", [], 64, time.monotonic() + 3600)
    assert saved(tmp_path)["same as the processor"] == {
        "failed": "ZeroDivisionError: division by zero"
    }


def test_what_is_missing_is_named(bench, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bench, "NEEDED", {"torch": "torch", "no_such_module": "no-such-wheel"})
    monkeypatch.setattr(sys, "argv", ["card", "--wheels", str(tmp_path)])
    assert bench.main() == 2
    assert "no-such-wheel" in capsys.readouterr().out


def test_steps_through_a_denoiser_are_timed_or_it_says_why_not(bench, monkeypatch):
    pytest.importorskip("diffusers")
    from glassine.machine.device import choose

    from lab.bench import denoiser

    device = choose("cpu")
    monkeypatch.setitem(denoiser.NUMBERS, "sdxl", 1e15)
    assert "GB free" in denoiser.measured("sdxl", device)["skipped"]
    small = {"block_out_channels": (32, 32, 32, 32), "cross_attention_dim": 16}
    monkeypatch.setitem(denoiser.SHAPES, "sd15", {**small, "layers_per_block": 1})
    monkeypatch.setitem(denoiser.NUMBERS, "sd15", 1e6)
    seen = denoiser.measured("sd15", device, (128,))
    assert seen["128 error"]["second"] > 0 and seen["128 distilled"]["peak"] != 0
    assert "processor" in bench.through_denoiser(device, "sd15")["skipped"]
