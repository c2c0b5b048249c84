"""The web service: a picture in over HTTP, its copy out, and nothing else of it anywhere."""

import base64
import errno
import json
import logging
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from glassine.cli.options import OPTIONS
from glassine.errors import NotUsable
from glassine.flow.read import read
from glassine.flow.recipes import MODEL_RECIPES
from glassine.formats import FORMATS
from glassine.messages import LANGUAGES, message, to_plain
from glassine.messages.words import table
from glassine.types import Keep
from waiting import PATIENCE, until

pytest.importorskip("fastapi", reason="the extra `site` is not installed")

import served
import workers
from glassine.batch import worker
from glassine.batch.worker import Outcome
from glassine.site import keys, page, sweep
from glassine.site.answers import glance_in_words, with_styles_called
from glassine.site.app import make_app
from glassine.site.arrivals import Upload, begun_upload
from glassine.site.callers import Door
from glassine.site.gate import LOG
from glassine.site.keys import KeyRing
from glassine.site.limits import Allowance, Limits, Refused
from glassine.site.settings import Settings
from typed import run
from webserver import nginx

EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "site"
QUICK = {"effort": "preview", "seed": 3, "marks": "none"}
LIMITS = Limits(bytes=200_000, pixels=10_000, each=300, hourly=1000, waiting=200, patience=600)


class Idle:
    """A worker that waits until it is let go, and gives back what the test says."""

    def __init__(self):
        self.go, self.stopped, self.tasks = threading.Event(), threading.Event(), []
        self.lose = 0

    def do(self, task, watch):
        from glassine.types import Progress

        self.tasks.append(task)
        while not self.go.wait(0.005):
            watch(Progress(1, 4, "optimise"))
        if self.lose:
            self.lose -= 1
            raise EOFError
        return Outcome()

    def stop(self):
        self.stopped.set()
        self.go.set()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the service's pictures lie, and its keys."""
    made = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLASSINE_SITE_KEYS", str(made / "keys.json"))
        yield made


@pytest.fixture(scope="module")
def picture():
    """A PNG of 48 x 48 with words in it that nobody else is to see."""
    import torch

    y, x = torch.meshgrid(torch.linspace(0, 1, 48), torch.linspace(0, 1, 48), indexing="ij")
    rgb = torch.stack((0.3 + 0.5 * y, 0.5 + 0.2 * x * y, (0.9 - 0.6 * y) * (x > 0.4)))
    return FORMATS["png"].write(rgb.clamp(0, 1), None, Keep(), 95)


@pytest.fixture(scope="module")
def client(folder):
    with served.service(folder, LIMITS) as found:
        yield found


@pytest.fixture(scope="module")
def few_viewers():
    """As `one_viewer`, for what a module makes once: half of a small picture's time."""
    from glassine.flow import verify

    whole = verify.viewers
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify, "viewers", lambda *asked: whole(*asked)[:1])
        yield


@pytest.fixture(scope="module")
def finished(client, picture, few_viewers):
    """A job that is done, all its events, and what the log said meanwhile."""
    lines = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    status, job = client.send(picture, **QUICK, artist="Ann Secret", title="The Hidden Lake")
    assert status == 202
    events = client.followed(job)
    result = client.ask("GET", f"/v1/jobs/{job['id']}/result")
    evidence = client.ask("GET", f"/v1/jobs/{job['id']}/report")
    yield job, events, result, evidence, lines
    LOG.removeHandler(handler)


@pytest.fixture
def idle(folder):
    """A service whose only worker does nothing until it is told to: a client, and the worker."""
    hand = Idle()
    limits = replace(LIMITS, each=3, waiting=2, hourly=6)
    with served.service(folder, limits, lambda: hand) as found:
        yield found, hand


def test_a_picture_goes_in_and_its_copy_and_its_evidence_come_out(finished, picture, client):
    job, events, (status, headers, copy), (_, page_headers, evidence), _ = finished
    assert status == 200 and headers["Content-Type"] == "image/png"
    clean, made = read(picture).rgb, read(copy).rgb
    assert made.shape == clean.shape and 0 < (made - clean).abs().max() < 0.3
    assert b'id="report"' in evidence and "attachment" in page_headers["Content-Disposition"]
    states = [one["state"] for one in events]
    assert states[-1] == "done" and set(states) <= {"waiting", "working", "done"}
    stages = {one["progress"]["stage"] for one in events if one["progress"]}
    assert stages & {"optimise", "fit", "verify"}
    end = events[-1]
    assert set(end["glance"]) == {"people", "models", "away", "next"}
    assert all(end["glance"].values()) and end["cost"]["ssimulacra2"] > 0 and end["doubts"]
    assert (end["why_not"] is None) == end["protected"]
    _, again = client.json("GET", job["links"]["job"], Accept_Language="de-CH, de;q=0.9")
    assert (
        again["glance"]["away"] == table("de")["glance.away_untried"]
        or "%" in (again["glance"]["away"])
    )
    assert again["glance"]["people"] != end["glance"]["people"], "in the caller's language"


def test_the_log_has_neither_names_nor_ids_nor_keys(finished):
    job, *_, lines = finished
    assert len(lines) >= 4 and any("POST /v1/protect 202" in line for line in lines)
    whole = "\n".join(lines)
    for hidden in (job["id"], "secret", "Secret", "Hidden", "127.0.0.1", ".png"):
        assert hidden not in whole, hidden


def test_every_answer_forbids_what_could_leak(client):
    for path in ("/", "/health", "/v1/jobs/none"):
        _, headers, _ = client.ask("GET", path)
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
        assert headers["Cache-Control"] == "no-store" and "Set-Cookie" not in headers
        assert headers["Referrer-Policy"] == "no-referrer"


def test_the_settings_are_the_command_lines(folder):
    """Names, choices and defaults: what means one thing there means it here."""
    import click

    def command():
        pass

    for option in OPTIONS:
        command = option(command)
    options = {one.name: one for one in command.__click_params__}
    schema = Settings.model_json_schema()["properties"]
    left_out = {"target", "anchor", "campaign", "surrogates", "mask", "device", "sidecar"}
    left_out |= {"model", "prompt", "redraw"}
    left_out |= {"keep_path", "certificate", "key", "signature", "layout", "opacity"}
    named = {"format_": "format"}
    assert {named.get(one, one) for one in set(options) - left_out} == set(schema)
    for name, option in options.items():
        if name in left_out:
            continue
        field = schema[named.get(name, name)]
        if isinstance(option.type, click.Choice):
            spelled = json.dumps(field)
            offered = set(option.type.choices) - set(MODEL_RECIPES)  # a site lends nobody a model
            assert all(f'"{choice}"' in spelled for choice in offered), name
        if name not in ("marks", "format_"):
            given = Settings.model_fields[name].default
            unsaid = False if option.is_flag else None
            assert given == (unsaid if "UNSET" in repr(option.default) else option.default), name
    assert Settings.model_fields["marks"].default == "xmp", "no receipt of a stranger's picture"


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"style": "/etc/passwd"}, "style"),
        ({"strength": "louder"}, "strength"),
        ({"strength": "nan"}, "strength"),
        ({"marks": "receipt"}, "marks"),
        ({"marks": "c2pa"}, "marks"),
        ({"quality": 0}, "quality"),
        ({"target": "a.png"}, "target"),
        ({"effort": "forever"}, "effort"),
    ],
)
def test_what_is_no_setting_is_refused_and_never_repeated(client, picture, given, what):
    status, told = client.send(picture, **given)
    assert status == 422 and what in told["error"]["says"]
    assert "passwd" not in told["error"]["says"]


def test_what_each_setting_asks_of_the_engine():
    asked = Settings(shows="dog", teach="cat", strength="62.5", marks="none", artist="Ann")
    intent = asked.intent()
    assert (intent.recipe, intent.strength, intent.export.marks) == ("poison", 62.5, ())
    assert intent.export.claim.creator == "Ann" and not intent.export.claim.certificate
    assert Settings(strength="strong", marks="xmp,visible").intent().export.marks == (
        "xmp",
        "visible",
    )
    assert Settings().intent().recipe == "cloak" and Settings().intent().strength == "auto"


def bomb():
    """A PNG of a few kB that says that it is 30000 x 30000, and means it."""

    def chunk(kind, data):
        whole = kind + data
        return len(data).to_bytes(4, "big") + whole + zlib.crc32(whole).to_bytes(4, "big")

    side = 30_000
    head = side.to_bytes(4, "big") * 2 + bytes((8, 0, 0, 0, 0))
    rows = zlib.compress(bytes(side * 200), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (bomb, 413, "serve.too_many_pixels"),
        (lambda: b"\x89PNG\r\n\x1a\n" + bytes(500), 415, "serve.damaged"),
        (lambda: b"GIF89a" + bytes(500), 415, "serve.format"),
        (lambda: b"PK\x03\x04" + bytes(500), 415, "serve.format"),
        (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "serve.format"),
        (lambda: bytes(300_000), 413, "serve.too_many_bytes"),
        (lambda: b"", 415, "serve.format"),
    ],
)
def test_what_is_no_picture_for_it_is_refused_unopened(client, sent, status, code):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found, told = client.send(sent(), **QUICK)
    assert (found, told["error"]["code"]) == (status, code)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000, "kB"
    assert client.site.jobs.count("waiting") == 0


@pytest.mark.parametrize("pause", [0, 0.02])
def test_a_body_without_a_length_is_counted_while_it_comes(client, pause):
    """With pauses the refusal comes, and ends the connection, before all was sent."""
    body, kind = served.form(bytes(600_000))

    def in_parts():
        for at in range(0, len(body), 50_000):
            time.sleep(pause)
            yield body[at : at + 50_000]

    parts = in_parts()
    status, told = client.json("POST", "/v1/protect", parts, Content_Type=kind)
    assert (status, told["error"]["code"]) == (413, "serve.too_many_bytes")


@pytest.mark.parametrize(
    ("body", "kind"), [(b"{}", "application/json"), (b"x", "multipart/form-data")]
)
def test_what_is_no_form_is_said(client, body, kind):
    status, told = client.json("POST", "/v1/protect", body, Content_Type=kind)
    assert status in (400, 422) and told["error"]["code"] in ("serve.no_form", "serve.no_picture")


def test_keys_are_kept_as_hashes_and_end_and_can_be_revoked(tmp_path, folder, client, picture):
    file = folder / "keys.json"
    assert run("site", "key", "add", "gallery") == 0
    ann = keys.issued_key(file, "ann", 1)
    bob = keys.issued_key(file, "bob", 1)
    old = keys.issued_key(file, "old", 1)
    text = file.read_text("utf-8")
    assert ann not in text and ann.rpartition("_")[2] not in text
    assert os.stat(file).st_mode & 0o077 == 0
    rows = keys.known_keys(file)
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    keys.write_keys(file, tuple(replace(r, ends=past) if r.name == "old" else r for r in rows))
    door = client.site.door
    door._open = False
    try:
        assert client.send(picture)[0] == 401
        codes = {}
        for name, plain in {"ann": ann, "old": old, "none": "gls_1_x"}.items():
            client.key = plain
            codes[name] = client.send(b"", **QUICK)[0]
        assert codes == {"ann": 415, "old": 401, "none": 401}
        assert run("site", "key", "revoke", ann.split("_")[1]) == 0
        client.key = ann
        assert client.send(b"")[0] == 401, "at once, while it runs"
        client.key = bob
        assert client.ask("GET", "/v1/jobs/x?key=" + bob)[0] == 404
    finally:
        door._open, client.key = True, ""
    with pytest.raises(NotUsable, match="no key with the number"):
        keys.revoke_key(file, "none")
    assert run("site", "key", "list") == 0


def test_a_key_sees_its_own_jobs_and_no_others(folder, idle, picture):
    found, _ = idle
    _, job = found.send(picture, **QUICK)
    found.key = keys.issued_key(folder / "keys.json", "eve", 1)
    for method, path in (("GET", ""), ("GET", "/events"), ("GET", "/result"), ("DELETE", "")):
        assert found.ask(method, f"/v1/jobs/{job['id']}{path}")[0] == 404
    found.key = ""
    assert found.ask("GET", f"/v1/jobs/{job['id']}/result")[0] == 409


def test_too_many_at_once_wait_or_are_sent_away_and_told_when_to_come_back(idle, picture):
    found, hand = idle
    jobs = [found.send(picture, **QUICK)[1]]
    until(lambda: hand.tasks, "the worker")
    jobs += [found.send(picture, **QUICK)[1] for _ in range(2)]
    assert [job["ahead"] for job in jobs[1:]] == [0, 1]
    body, kind = served.form(picture, **QUICK)
    status, headers, data = found.ask("POST", "/v1/protect", body, Content_Type=kind)
    assert status == 429 and int(headers["Retry-After"]) > 0
    assert json.loads(data)["error"]["code"] == "serve.too_many"
    assert found.ask("DELETE", jobs[2]["links"]["job"])[0] == 204
    for job in jobs[:2]:
        found.ask("DELETE", job["links"]["job"])
    assert hand.stopped.wait(PATIENCE), "what is deleted while it is worked on is stopped"
    left = found.site.jobs.root
    until(lambda: not list(left.iterdir()), "an empty folder")


def test_an_hour_has_so_many_jobs_for_one_caller(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("glassine.site.limits.monotonic", lambda: now[0])
    left = Allowance(4)
    for _ in range(4):
        left.take("a")
    left.take("b")
    with pytest.raises(Refused) as refused:
        left.take("a")
    assert refused.value.status == 429 and 800 < refused.value.after <= 900
    now[0] += 901
    left.take("a")
    now[0] += 3601
    left.take("c")
    assert set(left._left) == {"c"}, "nothing is remembered of those who are not limited any more"


def test_a_lost_worker_costs_one_attempt_and_two_cost_the_picture(idle, picture):
    found, hand = idle
    hand.lose = 1
    hand.go.set()
    _, job = found.send(picture, **QUICK)
    assert found.followed(job)[-1]["state"] == "done" and len(hand.tasks) == 2
    hand.lose = 2
    _, job = found.send(picture, **QUICK)
    end = found.followed(job)[-1]
    assert end["state"] == "failed" and end["problem"]["code"] == "serve.given_up"
    assert found.ask("GET", job["links"]["job"] + "/result")[0] == 409
    _, _, told = found.ask("GET", "/metrics")
    assert b"glassine_workers_lost_total 3.0" in told
    assert b'glassine_jobs_total{outcome="failed"} 1.0' in told


def test_a_killed_worker_leaves_its_picture_to_another_and_others_alone(
    folder, picture, monkeypatch
):
    """Two real processes, each at a picture; signal 9 ends one after the other."""
    monkeypatch.setattr(worker, "work", workers.held_at_first)
    with served.service(folder, LIMITS, worker.Worker, workers=2) as found:
        jobs = [found.send(picture, **QUICK)[1]["links"]["job"] for _ in range(2)]

        def standings():
            return [found.json("GET", job)[1] for job in jobs]

        until(lambda: all(one["progress"] for one in standings()), "both at work")
        done = set()

        def is_new(one):
            return one["state"] in ("done", "failed") and one["id"] not in done

        for hand in found.site.hands._hands:
            killed = hand.pid
            os.kill(killed, signal.SIGKILL)
            ended = until(lambda: [one for one in standings() if is_new(one)], "its picture done")
            assert [one["state"] for one in ended] == ["done"], "the other is still at its own"
            done.add(ended[0]["id"])
            made = int(found.ask("GET", ended[0]["links"]["result"])[2])
            assert made == hand.pid != killed, "a new process did it"
        assert b"glassine_workers_lost_total 2.0" in found.ask("GET", "/metrics")[2]


def test_a_style_is_called_as_the_pages_menu_calls_it():
    goal = message("goal.style", style="ember")
    whole = to_plain(message("glance.models", share=0.05, blend=0.04, goals=(goal,)))
    (said,) = glance_in_words({"models": whole}, "de").values()
    assert table("de")["style.ember"] in said and "ember" not in said
    unlisted = message("goal.style", style="my own")
    assert with_styles_called(unlisted, "de") == unlisted


def test_metrics_are_for_this_machine_alone(client):
    assert client.ask("GET", "/metrics")[0] == 200
    assert client.ask("GET", "/metrics", X_Forwarded_For="10.1.2.3")[0] == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Sec_Fetch_Site": "same-origin"}, 422),
    ],
)
def test_a_page_elsewhere_cannot_use_a_visitors_browser(client, headers, status):
    """A name that leads here by way of another's, and a form on another's page."""
    body, kind = served.form(b"", quality=0)
    assert client.ask("POST", "/v1/protect", body, Content_Type=kind, **headers)[0] == status


def test_two_hundred_uploads_at_once_are_all_answered(folder, picture):
    """None hangs, none is lost: each becomes a job or is sent away with a time to come back."""
    hand = Idle()
    limits = replace(LIMITS, waiting=60, uploads=16)
    with served.service(folder, limits, lambda: hand) as found:
        body, kind = served.form(picture, **QUICK)

        def one(_):
            return found.ask("POST", "/v1/protect", body, Content_Type=kind)

        with ThreadPoolExecutor(200) as crowd:
            answers = list(crowd.map(one, range(200)))
        taken = [data for status, _, data in answers if status == 202]
        away = [headers for status, headers, _ in answers if status == 503]
        assert len(taken) + len(away) == 200 and all("Retry-After" in one for one in away)
        assert len({json.loads(data)["id"] for data in taken}) == len(taken)
        assert 16 <= len(taken) <= 61 and len(list(found.site.jobs.root.iterdir())) == len(taken)
        hand.go.set()
        until(lambda: found.site.jobs.count("done") == len(taken), "all of them")
        assert len({task.source for task in hand.tasks}) == len(taken) == len(hand.tasks)


def test_who_sends_too_slowly_is_told_and_let_go(folder, picture):
    limits = replace(LIMITS, patience=0.3, rate=1e9, each=1)
    with served.service(folder, limits, Idle) as found:
        for caller, status in (("127.0.0.1", 429), ("127.0.0.2", 202)):
            unnamed = found.site.door._unnamed(SimpleNamespace(client=SimpleNamespace(host=caller)))
            found.site.arriving[:] = [Upload(unnamed)]
            assert found.send(picture, **QUICK)[0] == status, "it keeps nobody else out"
        for job in found.site.jobs:
            found.site.jobs.delete(job)
        found.site.arriving.clear()
        with socket.create_connection(("127.0.0.1", found.port)) as slow:
            slow.sendall(
                b"POST /v1/protect HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n"
            )
            slow.sendall(b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n")
            slow.settimeout(PATIENCE)
            assert b" 408 " in slow.recv(4096)
        assert not found.site.arriving and found.site.jobs.count("waiting") == 0


SLOW = (
    b"POST /v1/protect HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n"
    b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
)


def test_slow_uploads_make_room_for_others(folder, picture, monkeypatch):
    """Whoever holds all places with uploads that hardly move: the slowest of them loses its own."""
    monkeypatch.setattr("glassine.site.arrivals._GRACE", 0.0)
    limits = replace(LIMITS, uploads=1)
    with served.service(folder, limits, Idle) as found:
        with socket.create_connection(("127.0.0.1", found.port)) as slow:
            slow.sendall(SLOW)
            until(lambda: found.site.arriving, "the slow upload")
            assert found.send(picture, **QUICK)[0] == 202
            slow.settimeout(PATIENCE)
            answer = slow.recv(4096)
            assert b" 503 " in answer and b"retry-after" in answer.lower()
        until(lambda: not found.site.arriving, "nothing that arrives")


def test_an_upload_that_is_fast_enough_or_new_keeps_its_place(monkeypatch):
    limits = replace(LIMITS, uploads=2, rate=1000.0)
    now = time.monotonic()
    young, fast = Upload("a", now), Upload("b", now - 10, got=90_000)
    arriving = [young, fast]
    with pytest.raises(Refused) as refused:
        begun_upload(arriving, "c", limits)
    assert refused.value.status == 503 and refused.value.after > 0
    slow, slower = Upload("d", now - 10, got=900), Upload("e", now - 10, got=9)
    arriving = [slow, slower]
    new = begun_upload(arriving, "c", limits)
    assert arriving == [slow, new] and slower.dropped and not slow.dropped


def test_a_connection_on_which_no_request_comes_is_closed(folder, picture):
    """One that says nothing, one that sends half a head, and half of a second one; events, whose
    head is here, stay open meanwhile."""
    half = b"GET /health HTTP/1.1\r\nHost: loc"
    whole = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    hand = Idle()
    with served.service(folder, replace(LIMITS, patience=0.3), lambda: hand) as found:
        _, job = found.send(picture, **QUICK)
        with urllib.request.urlopen(
            f"http://127.0.0.1:{found.port}{job['links']['events']}"
        ) as events:
            assert all_of(found.port, b"") == all_of(found.port, half) == b""
            assert b" 200 " in all_of(found.port, whole, half)
            hand.go.set()
            assert b"event: done" in events.read()


def all_of(port, said, later=b""):
    """Everything that is answered until the other side closes; `later` is sent after an answer."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.settimeout(PATIENCE)
        line.sendall(said)
        got = b""
        while part := line.recv(4096):
            got += part
            if later and b"}" in got:
                line.sendall(later)
                later = b""
    return got


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such limit")
def test_the_service_asks_for_more_connections_than_it_is_given():
    code = (
        "import resource as r; from glassine.site.serve import allow_connections;"
        "most = r.getrlimit(r.RLIMIT_NOFILE)[1]; r.setrlimit(r.RLIMIT_NOFILE, (200, most));"
        "allow_connections(); print(r.getrlimit(r.RLIMIT_NOFILE)[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert int(done.stdout) > 1000, done.stderr


def test_a_full_disk_is_said_and_leaves_nothing_behind(client, picture, monkeypatch):

    def full(path, *_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("glassine.machine.files.created", full)
    status, told = client.send(picture, **QUICK)
    assert (status, told["error"]["code"]) == (507, "serve.disk_full")
    monkeypatch.undo()
    assert client.site.jobs.count("waiting") == 0


def test_everything_is_deleted_after_its_time(folder, picture):
    hand = Idle()
    hand.go.set()
    with served.service(folder, replace(LIMITS, keep=1.5), lambda: hand) as found:
        _, job = found.send(picture, **QUICK)
        assert 0 < job["deleted_in"] <= 2
        root = found.site.jobs.root
        assert list(root.iterdir())
        until(lambda: not list(root.iterdir()), "an empty folder")
        until(lambda: found.ask("GET", job["links"]["job"])[0] == 404, "nothing known of it")
    assert not root.exists()


@pytest.mark.skipif(os.name != "posix", reason="kills with a Unix signal")
def test_a_picture_is_deleted_also_when_the_service_was_killed(tmp_path):
    """The sweeper is a process of its own; it ends when there is nothing left to do."""
    code = (
        "import sys, time; from pathlib import Path; from glassine.site import sweep;"
        f"root = Path({str(tmp_path)!r}) / 'jobs'; root.mkdir();"
        "sweeper = sweep.started(root, 0.8);"
        "(sweep.job_folder(root, 'a') / 'original').write_bytes(b'x');"
        "print(sweeper.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=-1, text=True) as service:
        sweeper = int(service.stdout.readline())
        assert list((tmp_path / "jobs").iterdir())
        service.send_signal(signal.SIGKILL)
    until(lambda: not (tmp_path / "jobs").exists(), "the folder gone")
    until(lambda: not os.path.exists(f"/proc/{sweeper}/fd/0"), "the sweeper's end")


def test_the_sweeper_hears_by_its_pipe_that_the_service_is_gone(tmp_path):
    """Whatever process started it: on Windows none gets another parent."""
    root = tmp_path / "jobs"
    root.mkdir()
    (sweep.job_folder(root, "a") / "original").write_bytes(b"x")
    with sweep.started(root, 0.4) as sweeper:  # the end closes the pipe, and waits
        assert sweeper.poll() is None
    assert sweeper.returncode == 0 and not root.exists()


def test_what_a_dead_service_left_is_deleted_by_the_next(tmp_path):
    old = tmp_path / "glassine-site-left"
    (old / "1.000-x").mkdir(parents=True)
    (old / f"{time.time():.3f}-y").mkdir()
    (old / "nonsense").mkdir()
    assert sweep.swept(old, 3600) == 1
    assert [one.name.partition("-")[2] for one in old.iterdir()] == ["y"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_speaks_its_language_and_asks_nobody_else(client, language):
    status, _, text = client.ask("GET", f"/?lang={language}")
    shown = text.decode()
    assert status == 200 and f'<html lang="{language}">' in shown
    assert table(language)["serve.page_drop"] in shown and "$" not in shown
    assert "serve.page" not in shown and "style." not in shown
    addresses = re.findall(r'(?:src|href|action)="([^"]+)"', shown)
    assert addresses and all(re.match(r"(/page/|\?lang=)", one) for one in addresses)
    assert "style=" not in shown and " on" not in re.findall(r"<[^>]* on\w+=", shown)
    for name, kind in page.PARTS.items():
        status, headers, _ = client.ask("GET", f"/page/{name}")
        assert status == 200 and headers["Content-Type"].startswith(kind)
    assert client.ask("GET", "/page/index.html")[0] == 404


def test_the_description_has_every_address_and_setting(client):
    _, told = client.json("GET", "/v1/openapi.json")
    assert set(told["paths"]) == {
        "/v1/protect",
        "/v1/jobs/{job}",
        "/v1/jobs/{job}/events",
        "/v1/jobs/{job}/result",
        "/v1/jobs/{job}/report",
        "/health",
    }
    form = told["paths"]["/v1/protect"]["post"]["requestBody"]["content"]["multipart/form-data"]
    assert {"picture", *Settings.model_fields} == set(form["schema"]["properties"])
    assert "HTTPBearer" in told["components"]["securitySchemes"]
    events = told["paths"]["/v1/jobs/{job}/events"]["get"]
    assert set(events["responses"]["200"]["content"]) == {"text/event-stream"}
    result = told["paths"]["/v1/jobs/{job}/result"]["get"]["responses"]["200"]["content"]
    assert {"image/png", "image/avif"} <= set(result)
    assert events["security"] == [{"HTTPBearer": []}, {}], "this one is open"
    closed = make_app(replace(client.site, door=Door(KeyRing(keys.keys_path()), is_open=False)))
    events = closed.openapi()["paths"]["/v1/jobs/{job}/events"]["get"]
    assert events["security"] == [{"HTTPBearer": []}]
    status, headers, _ = client.ask("PUT", "/v1/jobs/x")
    assert status == 405 and headers["Allow"] == "DELETE, GET"
    for path in ("/docs", "/redoc", "/v1/protect"):
        assert client.ask("GET", path)[0] in (404, 405)


def test_the_example_for_nginx_lets_pictures_and_events_through(idle, picture, tmp_path):
    """The very file of examples/site, in a real nginx before the real service."""
    found, hand = idle
    told = (EXAMPLES / "nginx.conf").read_text("utf-8").replace("8642", str(found.port))
    names = tmp_path / "names"
    names.write_text("ann:{PLAIN}a long word\n")
    told = told.replace("/etc/nginx/glassine.htpasswd", str(names))
    root = tmp_path / "root"
    root.mkdir()
    with nginx(root, told) as url:
        port = int(url.rstrip("/").rpartition(":")[2])
        before = served.Client(port, found.site, found.app)
        assert before.ask("GET", "/")[0] == 401
        before.password = "ann:a long word"
        assert before.ask("GET", "/")[0] == 200
        assert before.ask("GET", "/metrics")[0] == 404
        status, job = before.send(picture, **QUICK)
        events = urllib.request.Request(f"{url}v1/jobs/{job['id']}/events")
        word = base64.b64encode(before.password.encode()).decode()
        events.add_header("Authorization", f"Basic {word}")
        with urllib.request.urlopen(events) as events:
            assert b"event: w" in events.readline(), "while it is worked on"
            hand.go.set()
            last = [one for one in events if one.startswith(b"data: ")][-1]
        assert status == 202 and json.loads(last[6:])["state"] == "done"
        assert before.ask("DELETE", job["links"]["job"])[0] == 204
        large, kind = served.form(bytes(33 << 20))
        assert before.ask("POST", "/v1/protect", large, Content_Type=kind)[0] == 413
    logs = (root.with_name("root-nginx") / "log").read_text("utf-8")
    assert job["id"] not in logs and "secret" not in logs


def test_the_webhook_stores_only_what_was_protected_after_the_last_resize(
    folder, tmp_path, monkeypatch, picture
):
    """Sizes first, then the service, then the final name; a failure shows nothing."""
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("webhook", EXAMPLES / "webhook.py")
    webhook = module_from_spec(spec)
    spec.loader.exec_module(webhook)
    hand, upload, shown = Idle(), tmp_path / "lake.png", tmp_path / "shown"
    upload.write_bytes(picture)
    shown.mkdir()

    def made(task, watch):
        hand.tasks.append((task, read(task.source).rgb.shape))
        task.target.write_bytes(b"protected")
        task.target.with_suffix(".html").write_text("")
        return Outcome()

    hand.do = made
    monkeypatch.setattr(webhook, "SIDES", (40, 36))
    monkeypatch.setenv("GLASSINE_SITE_KEY", keys.issued_key(folder / "keys.json", "a site", 1))
    with served.service(folder, LIMITS, lambda: hand, is_open=False) as found:
        webhook.main(upload, shown, f"http://127.0.0.1:{found.port}")
        assert [shape for _, shape in hand.tasks] == [(3, 40, 40), (3, 36, 36)]
        assert {task.intent.export.format for task, _ in hand.tasks} == {"webp"}
        assert {one.name for one in shown.iterdir()} == {"lake-40.webp", "lake-36.webp"}
        assert (shown / "lake-40.webp").read_bytes() == b"protected"
        assert list(found.site.jobs) == [], "deleted as soon as it was fetched"
        hand.do = lambda task, watch: Outcome(problem=message("serve.damaged"))
        monkeypatch.setattr(webhook, "SIDES", (33,))
        with pytest.raises(RuntimeError, match="damaged"):
            webhook.main(upload, shown, f"http://127.0.0.1:{found.port}")
        assert len(list(shown.iterdir())) == 2
