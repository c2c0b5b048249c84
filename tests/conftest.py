"""What every test gets: fixed seeds, a home of its own, and no network beyond this machine."""

import os

# Tests run several at a time and their pictures are small. A second thread gains nothing there, and
# on a busy machine it waits for its twin most of the time. Before torch, and for processes too.
os.environ.update(OMP_NUM_THREADS="1", VIPS_CONCURRENCY="1")
os.environ["GLASSINE_LANGUAGE"] = "en"  # whatever the terminal speaks; for child processes too

import random
import signal
import socket
from pathlib import Path

import numpy as np
import pytest
import torch
from glassine.machine.ending import SIGNALS
from hypothesis import settings
from skips import pytest_make_collect_report, pytest_runtest_makereport

__all__ = ["pytest_make_collect_report", "pytest_runtest_makereport"]
ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
MODELS = Path(os.environ.get("GLASSINE_MODELS") or SHARED / "models")
"""The encoders that tests may use: those that GLASSINE_MODELS names, or lie beside the checkout."""
_connect = socket.socket.connect

# A shell gives background jobs a deaf ear to Ctrl-C, and children inherit that but not a handler.
signal.signal(signal.SIGINT, signal.default_int_handler)
settings.register_profile("unhurried", deadline=None)  # 200 ms are nothing on a busy machine
settings.load_profile("unhurried")


def pytest_collection_modifyitems(config, items):
    """For several workers, each of which takes a whole file at a time: files with slow tests first.

    A file's costly fixtures are made once so. (`--dist loadgroup` would spread the others; xdist
    3.8 does not group under pytest 9.2, and a real Krita was started twice.)
    """
    if hasattr(config, "workerinput"):
        slow = {item.path for item in items if item.get_closest_marker("slow")}
        items.sort(key=lambda item: item.path not in slow)


def only_this_machine(sock, address):
    if sock.family in (socket.AF_INET, socket.AF_INET6):
        host = address[0]
        if host not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address}")
    return _connect(sock, address)


@pytest.fixture(autouse=True)
def few_steps(monkeypatch):
    """What a test looks at is there after half of the steps of `quick`; how far the shipped
    number goes is for the benches."""
    from glassine.flow.recipes import FINE_STEPS, STEPS

    for steps in (STEPS, FINE_STEPS):
        monkeypatch.setitem(steps, "quick", 10)


@pytest.fixture
def one_viewer(monkeypatch):
    """Evidence is taken with one family's encoder instead of five: half of a small picture's time.
    For tests of what is made of it, not of what it says."""
    from glassine.flow import verify

    whole = verify.viewers
    monkeypatch.setattr(verify, "viewers", lambda *asked: whole(*asked)[:1])


@pytest.fixture(autouse=True)
def signals_as_before():
    """A command that ends in the test's own process is deaf to signals from then on (`main`); so
    would be this process, and every one that a later test starts."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path_factory):
    """No network, a fresh home, the same random numbers every time."""
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "USERPROFILE", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("LOCALAPPDATA", str(home))
    monkeypatch.delenv("GLASSINE_MODELS", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "core"))  # for processes that tests start
    monkeypatch.setattr(socket.socket, "connect", only_this_machine)
    random.seed(7)
    np.random.seed(7)  # libraries under test may use the old interface
    torch.default_generator.manual_seed(7)  # `torch.manual_seed` looks for cards: 3 ms a test


@pytest.fixture
def home():
    return Path(os.environ["HOME"])


@pytest.fixture
def draw():
    return torch.Generator().manual_seed(7)


@pytest.fixture
def models(monkeypatch):
    """The real encoders; skips where they are not."""
    if not (MODELS / "taesd").is_dir():
        pytest.skip(f"no real encoders at {MODELS} (GLASSINE_MODELS names another folder)")
    monkeypatch.setenv("GLASSINE_MODELS", str(MODELS))
    return MODELS


@pytest.fixture
def any_models(monkeypatch):
    """Whatever encoders there are, for tests of one entry, which skip where its own are not."""
    monkeypatch.setenv("GLASSINE_MODELS", str(MODELS))


@pytest.fixture
def faces_models(tmp_path, monkeypatch):
    """The face networks that do not ship, where they lie beside the checkout; else none of them."""
    source, folder = SHARED / "models" / "faces", tmp_path / "face_models"
    for name in ("faceres", "fr_feature"):
        for file in source.glob(f"{name}*"):
            (folder / name).mkdir(parents=True, exist_ok=True)
            (folder / name / file.name).symlink_to(file)
    monkeypatch.setenv("GLASSINE_MODELS", str(folder))
    return folder


@pytest.fixture
def misfit(monkeypatch):
    """A torchvision that was built for another torch: what importing it says then."""
    from glassine.visibility import packages

    def no_import(name):
        raise RuntimeError("operator torchvision::nms does not exist")

    monkeypatch.setattr(packages, "import_module", no_import)
    packages.unfit.cache_clear()
    yield
    packages.unfit.cache_clear()


@pytest.fixture
def paintings():
    """Ten public-domain paintings, 512 x 512; skips where they are not."""
    files = sorted((SHARED / "art").glob("*.png"))
    if not files:
        pytest.skip(f"no paintings at {SHARED / 'art'}")
    return files


@pytest.fixture
def painting(tmp_path, scene):
    """A PNG of 64 x 64 with a resolution, in a folder of its own."""
    from glassine.formats import FORMATS
    from glassine.types import Keep

    path = tmp_path / "teal.png"
    path.write_bytes(FORMATS["png"].write(scene[:, 16:80, 48:112], None, Keep(ppi=300.0), 95))
    return path


@pytest.fixture
def scene():
    """(3, 96, 128): smooth sky, flat ground, a thin dark line and some texture."""
    draw = torch.Generator().manual_seed(11)
    y, x = torch.meshgrid(torch.linspace(0, 1, 96), torch.linspace(0, 1, 128), indexing="ij")
    rgb = torch.stack((0.3 + 0.5 * y, 0.5 + 0.2 * x * y, 0.9 - 0.6 * y))
    rgb[:, 60:] = torch.tensor([0.35, 0.5, 0.2])[:, None, None]
    rgb[:, 64:90, 20:70] += 0.25 * torch.rand(3, 26, 50, generator=draw) - 0.125
    rgb[:, 10:80, 100:102] = 0.05
    return rgb.clamp(0, 1)


@pytest.fixture
def finished():
    """(3, H, W), what to export and other fields of the plan -> Protected, without optimising."""
    from glassine.flow.recipes import RECIPES
    from glassine.types import Artwork, Export, Keep, Plan, Protected
    from glassine.units import Score

    def make(rgb, *, alpha=None, depth=8, allowance=None, xmp=None, **export):
        room = torch.ones(1, *rgb.shape[1:]) if allowance is None else allowance
        plan = Plan(
            artwork=Artwork(rgb, alpha, Keep(depth=depth, xmp=xmp)),
            recipe=RECIPES["cloak"],
            export=Export(**export),
            surrogates=(),
            held_out=(),
            goals=(),
            allowance=room,
            score=Score(70),
            steps=1,
            seed=7,
            device="cpu",
        )
        return Protected(plan, rgb)

    return make
