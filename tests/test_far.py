"""A batch whose pictures come from an address and whose copies go to one."""

import zipfile
from contextlib import contextmanager
from pathlib import Path

import fsspec
import pytest
import typed
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem
from glassine.batch import far
from glassine.batch.worker import Outcome
from glassine.errors import NotUsable
from glassine.formats import FORMATS
from glassine.types import Keep

NAMES = ("a.png", "b.png", "cats/c.png")


class Copier:
    """Instead of the engine: a copy, a page and a receipt of each picture."""

    def __init__(self):
        self.sources = []

    def spread(self, run):
        for path in run.batch.pictures:
            if run.stopped is not None or (job := run.begun(path)) is None:
                continue
            self.sources.append(path)
            copy = run.targets[path]
            copy.write_bytes(b"copy of " + path.read_bytes())
            copy.with_suffix(".html").write_text("page")
            copy.with_name(f"{copy.name}.receipt.json").write_text("{}")
            run.ended(path, job, Outcome(), 0.0)


@pytest.fixture
def on(monkeypatch, tmp_path):
    """The copier, in the place of a cluster; and folders of this user's that are empty."""
    made = Copier()

    @contextmanager
    def named(*_):
        yield made

    monkeypatch.setattr("glassine.cli.commands.batch.cluster_named", named)
    monkeypatch.setattr(far, "user_data_path", lambda _: tmp_path / "data")
    monkeypatch.setattr(MemoryFileSystem, "store", {})
    monkeypatch.setattr(MemoryFileSystem, "pseudo_dirs", [""])
    return made


@pytest.fixture
def pictures():
    import torch

    return {
        name: FORMATS["png"].write(torch.full((3, 8, 8), at / 10), None, Keep(), 95)
        for at, name in enumerate(NAMES, 1)
    }


@pytest.fixture
def packed(tmp_path, pictures):
    """The address of a zip with three pictures, a text, and a name that leads out of it."""
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as pack:
        for name, data in {**pictures, "notes.txt": b"hello", "../../out.png": b"x"}.items():
            pack.writestr(name, data)
    return f"zip://::{tmp_path / 'in.zip'}"


def run(source, out, *more):
    return typed.run("batch", source, "-o", out, "--marks", "none", *more)


def told(capsys):
    return capsys.readouterr().out


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_pictures_come_from_an_address_and_copies_go_to_one(
    on, packed, pictures, tmp_path, capsys, kind
):
    """Each with its page and receipt; here stays the ledger, by which a second run skips all."""
    out = "memory://shop/out" if kind == "memory" else f"file://{tmp_path}/shop/out"
    assert run(packed, out) == 0
    end = told(capsys)
    assert "3 protected, 0 were finished before, 0 failed, of 3" in end and "notes.txt" in end
    there, root = fsspec.core.url_to_fs(out)
    whole = {name.removeprefix(f"{root}/"): there.cat_file(name) for name in there.find(root)}
    assert {name for name in whole if name.endswith(".png")} == {
        f"{name[:-4]}.glassine.png" for name in NAMES
    }
    assert len(whole) == 9 and whole["cats/c.glassine.png"] == b"copy of " + pictures["cats/c.png"]
    assert not any(one.exists() for one in on.sources), "the originals are gone from here"
    left = [one.name for one in (tmp_path / "data").rglob("*") if one.is_file()]
    assert left == [".glassine-batch.sqlite"]
    assert not (tmp_path.parent / "out.png").exists() and not (tmp_path / "out.png").exists()
    assert run(packed, out) == 0 and "0 protected, 3 were finished" in told(capsys)
    there.rm_file(f"{root}/b.glassine.png")
    assert run(packed, out) == 0 and "1 protected, 2 were finished" in told(capsys)


def test_nothing_half_there_has_its_final_name_and_a_broken_way_ends_the_run(
    on, packed, tmp_path, capsys, monkeypatch
):
    shop, whole = tmp_path / "shop", LocalFileSystem.mv
    fails = [False, False, False, True]  # page, receipt, copy; and the next page

    def broken(self, one, other, **more):
        assert Path(one).name.endswith(".part")
        if fails and fails.pop(0):
            raise TimeoutError("the line is cut")
        whole(self, one, other, **more)

    monkeypatch.setattr(LocalFileSystem, "mv", broken)
    assert run(packed, f"file://{shop}") == 5
    said = capsys.readouterr()
    assert "1 protected, 0 were finished before, 1 failed, of 3" in said.out
    assert f"file://{shop}/b.glassine.png" in said.err and "the line is cut" in said.err
    assert {one.name for one in shop.rglob("*") if one.is_file()} == {
        "a.glassine.png",
        "a.glassine.html",
        "a.glassine.png.receipt.json",
    }
    assert run(packed, f"file://{shop}") == 0
    assert "2 protected, 1 were finished before, 0 failed, of 3" in told(capsys)
    assert not list(shop.rglob("*.part"))


def test_a_store_that_cannot_rename_gets_each_file_in_one_go(tmp_path):
    """Renaming would be a second copy there, which others see growing."""
    memory, local = fsspec.filesystem("memory"), fsspec.filesystem("file")
    assert far.renames(local) and not far.renames(memory)


def test_what_somebody_else_put_there_is_kept_until_told_otherwise(on, packed, capsys):
    files = fsspec.filesystem("memory")
    files.pipe_file("/shop/b.glassine.png", b"a stranger's")
    assert run(packed, "memory://shop") == 1
    said = capsys.readouterr()
    assert "2 protected, 0 were finished before, 1 failed" in said.out
    assert "memory:///shop/b.glassine.png" in said.err and "earlier protected copy" in said.err
    assert files.cat_file("/shop/b.glassine.png") == b"a stranger's"
    assert run(packed, "memory://shop", "--again") == 0
    assert files.cat_file("/shop/b.glassine.png").startswith(b"copy of ")


def test_copies_that_lie_among_the_originals_are_no_originals(on, pictures, capsys):
    files = fsspec.filesystem("memory")
    for name, data in pictures.items():
        files.pipe_file(f"/shop/{name}", data)
    files.pipe_file("/shop/out/z.png", pictures["a.png"])
    assert run("memory://shop", "memory://shop/out") == 0
    assert {one.name for one in on.sources} == {"a.png", "b.png", "c.png"}
    assert run("memory://shop", "memory://shop") == 3


@pytest.mark.parametrize("address", ["nowhere://x", "zip://::/no/such/file.zip"])
def test_an_address_that_leads_nowhere_is_said(on, tmp_path, capsys, address):
    assert run(address, tmp_path / "out") == 3
    assert address.partition(":")[0] in capsys.readouterr().err


def test_a_password_in_an_address_is_not_repeated(monkeypatch):
    def closed(address, **_):
        raise PermissionError("no")

    monkeypatch.setattr("fsspec.core.url_to_fs", closed)
    with pytest.raises(NotUsable) as told:
        far.far_folder("sftp://ann:secret@shop.example/in")
    assert "secret" not in str(told.value) and "shop.example" in str(told.value)
