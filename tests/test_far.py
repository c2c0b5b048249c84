"""A batch whose pictures come from an address and whose copies go to one."""

import zipfile
from pathlib import Path

import fsspec
import pytest
import typed
from copier import copier, drawn
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem
from glassine.batch import far, servers
from glassine.errors import NotUsable

NAMES = ("a.png", "b.png", "cats/c.png")


@pytest.fixture
def on(monkeypatch, tmp_path):
    """The copier, in the place of a cluster; and folders of this user's that are empty."""
    made = copier(monkeypatch, tmp_path / "data")
    monkeypatch.setattr(servers, "PAUSES", (0.0, 0.0))
    monkeypatch.setattr(MemoryFileSystem, "store", {})
    monkeypatch.setattr(MemoryFileSystem, "pseudo_dirs", [""])
    return made


@pytest.fixture
def pictures():
    return drawn(NAMES)


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
    fails = [False, False, False, True, True, True]  # page, receipt, copy; the next page, thrice

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


def test_the_whole_tree_of_a_server_is_a_folder_too():
    """As a chroot for sftp: there the root is "/", and every name begins with it."""
    files = fsspec.filesystem("memory")
    one = far.Far(files, "/", "memory:///")
    assert one.named("cats/a.png") == "/cats/a.png"
    assert far.Far(files, "shop", "").named("a.png") == "shop/a.png"


def test_an_unsent_copy_is_sent_only_with_the_settings_it_was_made_with(
    on, packed, monkeypatch, capsys
):
    """Another run's copy that lies here must not pass for this one's."""
    whole, lines = far.put_whole, [False]

    def cut(*how):
        if not lines[0]:
            raise ConnectionResetError("the line is cut")
        whole(*how)

    monkeypatch.setattr(far, "put_whole", cut)
    on.more = b" subtle"
    assert run(packed, "memory://shop", "--strength", "subtle") == 5
    on.more = b" strong"
    assert run(packed, "memory://shop", "--strength", "strong") == 5
    lines[0] = True
    on.more = b" subtle again"
    assert run(packed, "memory://shop", "--strength", "subtle") == 0, capsys.readouterr().err
    copy = fsspec.filesystem("memory").cat_file("/shop/a.glassine.png")
    assert copy.endswith(b" subtle again") and len(on.sources) == 5
