"""A batch from and to real servers: OpenSSH's SFTP and moto's S3, also when they fail."""

import json
import subprocess
import sys
from importlib.util import find_spec

import fsspec
import pytest
import typed
from copier import copier, drawn
from glassine.batch import servers
from glassine.batch.far import far_folder, fetched, place_here
from glassine.errors import NotUsable
from stores import Line, s3, s3_user, ssh

NAMES = ("a.png", "b.png", "cats/c.png")
COPIES = [f"{name[:-4]}.glassine.png" for name in NAMES]
BIG = bytes(1_500_000)
CUT = 700_000  # bytes of a connection after which it is cut: in the middle of a big copy
OWN = [
    {"Effect": "Allow", "Action": ["s3:List*", "s3:Get*"], "Resource": "*"},
    {"Effect": "Allow", "Action": "s3:*", "Resource": ["arn:aws:s3:::shop", "arn:aws:s3:::shop/*"]},
]


class Shop:
    """A folder on a server behind a line that can be cut.

    kind     sftp or s3
    how      what fsspec's configuration says of that kind
    address  of a folder in it, and `locked`: of one where nothing may be written
    has      every file in a folder: name -> bytes
    put      writes one file there
    away     ends the server
    """

    def __init__(self, kind, line, how):
        self.kind, self.line, self.how = kind, line, how


def sftp_shop(work, home):
    """An sshd; its folder `shop`, and a way to the same that may only read."""
    with ssh(work) as running:
        running.start()
        line = Line(running.port)
        (home / ".ssh").mkdir()
        known = home / ".ssh" / "known_hosts"
        known.write_text(running.known_at(line.port))
        made = Shop("sftp", line, running.how)
        made.server, made.known, made.root = running, known, work / "shop"
        made.root.mkdir()
        made.address = lambda folder: running.address(made.root / folder, line.port)
        made.stranger = {"key_filename": running.stranger}
        made.put = lambda name, data: put_local(made.root / name, data)
        made.has = lambda folder: {
            one.relative_to(made.root / folder).as_posix(): one.read_bytes()
            for one in (made.root / folder).rglob("*")
            if one.is_file()
        }
        made.away = running.stop

        def locked():
            running.stop()
            running.start("-R")
            return made.address("out")

        made.locked = locked
        yield made
        line.close()


def put_local(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def s3_shop(work, port, key):
    """A bucket `shop`, which a user may write to, and `shut`, which the user may only read."""
    line = Line(port)

    def how(port):
        once = {"retries": {"total_max_attempts": 1}}  # what is tried again is this house's
        where = {"endpoint_url": f"http://127.0.0.1:{port}", "region_name": "us-east-1"}
        return {"key": key[0], "secret": key[1], "client_kwargs": where, "config_kwargs": once}

    made = Shop("s3", line, how(line.port))
    straight = fsspec.filesystem("s3", **how(port), use_listings_cache=False)
    folder = work.name
    made.address = lambda name: f"s3://shop/{folder}/{name}"
    made.stranger = {"secret": "another"}
    made.put = lambda name, data: straight.pipe_file(f"shop/{folder}/{name}", data)
    made.has = lambda name: {
        one.removeprefix(f"shop/{folder}/{name}/"): straight.cat_file(one)
        for one in straight.find(f"shop/{folder}/{name}")
    }
    made.locked = lambda: "s3://shut/out"
    made.away = line.close
    yield made
    line.close()


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    """The port of an S3 server with two buckets, and the key of a user who may write to one."""
    with s3(tmp_path_factory.mktemp("s3")) as port:
        whole = fsspec.filesystem(
            "s3", key="x", secret="y", client_kwargs={"endpoint_url": f"http://127.0.0.1:{port}"}
        )
        for name in ("shop", "shut"):
            whole.mkdir(name)
        yield port, s3_user(port, OWN)


@pytest.fixture(params=["sftp", "s3"])
def shop(request, tmp_path, home, monkeypatch):
    work = tmp_path / "server"
    work.mkdir()
    if request.param == "sftp":
        made = sftp_shop(work, home)
    else:
        made = s3_shop(tmp_path, *request.getfixturevalue("bucket"))
        monkeypatch.setattr("s3fs.S3FileSystem.retries", 1)
    yield from configured(made, monkeypatch)


@pytest.fixture
def sftp(tmp_path, home, monkeypatch):
    work = tmp_path / "server"
    work.mkdir()
    yield from configured(sftp_shop(work, home), monkeypatch)


def configured(shops, monkeypatch):
    """The shop, with what it needs in fsspec's configuration, and three pictures in its `in`."""
    for made in shops:
        monkeypatch.setitem(fsspec.config.conf, made.kind, made.how)
        monkeypatch.setattr(servers, "PAUSES", (0.0, 0.0))
        for name, data in drawn(NAMES).items():
            made.put(f"in/{name}", data)
        yield made


@pytest.fixture
def on(monkeypatch, tmp_path):
    return copier(monkeypatch, tmp_path / "data")


def run(shop, *more, out=None):
    return typed.run(
        "batch", shop.address("in"), "-o", out or shop.address("out"), "--marks", "none", *more
    )


def whole(shop, on):
    """What ought to lie under each copy's name, with page and receipt."""
    copies = {
        copy: b"copy of " + data + on.more
        for copy, data in zip(COPIES, drawn(NAMES).values(), strict=True)
    }
    return {
        name: data
        for copy, whole in copies.items()
        for name, data in (
            (copy, whole),
            (f"{copy[:-4]}.html", b"page"),
            (f"{copy}.receipt.json", b"{}"),
        )
    }


def test_pictures_come_from_a_server_and_copies_go_to_it(shop, on, capsys):
    """All of it arrives, nothing else stays there, and a second run finds it finished."""
    assert run(shop) == 0, capsys.readouterr().err
    assert shop.has("out") == whole(shop, on)
    assert "3 protected" in capsys.readouterr().out
    assert run(shop) == 0 and "3 were finished before" in capsys.readouterr().out
    assert len(on.sources) == 3
    shop.put("in/d.png", drawn(["x", "d.png"])["d.png"])
    assert run(shop) == 0 and "1 protected, 3 were finished" in capsys.readouterr().out


def test_a_line_that_is_cut_once_costs_nothing(shop, on, capsys):
    on.more = BIG
    shop.line.most, shop.line.times = CUT, 1
    assert run(shop) == 0, capsys.readouterr().err
    assert shop.line.times == 0, "it was cut"
    assert shop.has("out") == whole(shop, on) and len(on.sources) == 3


def test_a_line_that_stays_cut_ends_the_run_and_the_copy_is_not_made_again(shop, on, capsys):
    """Nothing that is half there has a copy's name; what was made is sent by the next run."""
    on.more = BIG
    shop.line.most = CUT
    assert run(shop) == 5
    said = capsys.readouterr().err
    assert "a.glassine.png" in said and "no connection" in said
    there = shop.has("out")
    assert {name: data for name, data in there.items() if not name.startswith(".")} == {
        name: data
        for name, data in whole(shop, on).items()
        if name in ("a.glassine.html", "a.glassine.png.receipt.json")
    }
    shop.line.most = None
    made = [one.name for one in on.sources]
    assert made == ["a.png"]
    assert run(shop) == 0, capsys.readouterr().err
    assert [one.name for one in on.sources] == ["a.png", "b.png", "c.png"], "none was made twice"
    there = shop.has("out")
    assert whole(shop, on).items() <= there.items()
    assert run(shop) == 0 and "3 were finished before" in capsys.readouterr().out


def test_a_wrong_key_is_said_before_anything_is_done(shop, on, monkeypatch, capsys):
    monkeypatch.setitem(fsspec.config.conf, shop.kind, shop.how | shop.stranger)
    assert run(shop) == 3
    assert "not permitted" in capsys.readouterr().err and on.sources == []


def test_a_target_that_may_only_be_read_is_said_before_any_work(shop, on, capsys):
    assert run(shop, out=shop.locked()) == 5
    said = capsys.readouterr().err
    assert "Nothing can be written" in said and "not permitted" in said and on.sources == []


def test_a_server_that_is_not_there_is_said(shop, on, capsys):
    shop.away()
    assert run(shop) == 3
    assert "no connection" in capsys.readouterr().err and on.sources == []


def test_a_server_whose_key_is_not_known_gets_nothing(sftp, on, capsys):
    """As with `ssh`: whoever stands between could read pictures and passwords."""
    noted = sftp.known.read_text()
    sftp.known.write_text("")
    assert run(sftp) == 3
    assert "not known here" in capsys.readouterr().err
    sftp.known.write_text(noted.replace(noted.split()[2], sftp.server.another_key()))
    assert run(sftp) == 3
    assert "another key" in capsys.readouterr().err
    assert on.sources == [] and sftp.has("out") == {}
    assert "publickey" not in sftp.server.said(), "nobody tried to log in"


def test_a_line_on_which_nothing_comes_any_more_counts_as_cut(sftp, monkeypatch):
    monkeypatch.setattr("glassine.batch.sftp.PATIENCE", 0.5)
    far = far_folder(sftp.address("out"))
    sftp.line.dead = True
    with pytest.raises(TimeoutError):
        far.names()
    with pytest.raises(TimeoutError):
        far.files.put_file(__file__, f"{far.root}/x")


def test_a_server_that_cannot_replace_a_file_by_renaming(sftp, on, capsys):
    """An older copy is put aside, and comes back where the newer one cannot take its place."""
    sftp.server.stop()
    sftp.server.start("-P", "posix-rename")
    assert run(sftp) == 0, capsys.readouterr().err
    on.more = b" and more"
    assert run(sftp, "--again", "--strength", "strong") == 0, capsys.readouterr().err
    assert sftp.has("out") == whole(sftp, on)
    far = far_folder(sftp.address("out"))
    with pytest.raises(OSError):
        far.files.mv(f"{far.root}/nothing", f"{far.root}/a.glassine.png")
    assert sftp.has("out") == whole(sftp, on), "the older copy is where it was"


def test_one_path_on_two_servers_is_two_folders(sftp, monkeypatch, tmp_path):
    """Each has a list of its own, and copies on one are no reason to pass over originals."""
    other = Line(sftp.server.port)
    sftp.known.write_text(sftp.server.known_at(sftp.line.port) + sftp.server.known_at(other.port))
    monkeypatch.setattr("glassine.batch.far.user_data_path", lambda _: tmp_path / "data")
    one = far_folder(sftp.address("in"))
    two = far_folder(sftp.server.address(sftp.root / "in", other.port))
    assert one.root == two.root and one.address != two.address
    assert place_here(one) != place_here(two)
    assert f":{sftp.line.port}/" in one.address
    other.close()


def test_a_folder_that_cannot_be_listed_is_no_empty_folder(sftp, monkeypatch):
    """fsspec's own listing leaves it out and says nothing; its pictures would be missing."""
    far = far_folder(sftp.address("in"))
    assert far.names() == sorted(NAMES)
    whole = type(far.files).ls

    def shut(self, path, detail=False):
        if path.endswith("cats"):
            raise PermissionError(13, "Permission denied")
        return whole(self, path, detail)

    monkeypatch.setattr(type(far.files), "ls", shut)
    with pytest.raises(NotUsable, match="not permitted"), fetched(far):
        pass
    with pytest.raises(NotUsable, match="not there"), fetched(far_folder(sftp.address("no"))):
        pass


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed (259 MB)")
def test_a_cluster_protects_what_lies_on_a_server(shop, tmp_path, painting, monkeypatch):
    """The real engine on a real Ray; only the command knows the server and its key."""
    config = tmp_path / "fsspec"
    config.mkdir()
    (config / "own.json").write_text(json.dumps({shop.kind: shop.how}))
    monkeypatch.setenv("FSSPEC_CONFIG_DIR", str(config))
    for name in ("a.png", "deep/b.png"):
        shop.put(f"paintings/{name}", painting.read_bytes())
    command = [sys.executable, "-m", "glassine.cli", "batch", shop.address("paintings"), "-o"]
    command += [shop.address("out"), "--on", "ray", *typed.SMALL]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    there = shop.has("out")
    assert set(there) == {
        *("a.glassine.png", "a.glassine.html", "deep/b.glassine.png", "deep/b.glassine.html")
    }
    assert there["a.glassine.png"].startswith(b"\x89PNG") and "2 protected" in done.stdout
    again = subprocess.run(command, capture_output=True, text=True)
    assert "0 protected, 2 were finished before" in again.stdout, again.stderr
