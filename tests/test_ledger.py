"""The ledger: nothing that was written is lost, nothing that was altered goes unseen."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from glassine import ledger
from glassine.errors import NotUsable
from glassine.ledger import store

CORE = Path(__file__).resolve().parents[1] / "core"
WRITER = """
import sys
from glassine import ledger
start = int(sys.argv[1])
print("ready", flush=True)
for number in range(start, start + int(sys.argv[2])):
    mark = ledger.issue()
    one = ledger.Entry(sha256=f"{number:064x}", hashes=b"h" * 64, title=f"work {number}",
        format="png", version="1", settings={"n": number}, view=b"v" * 30_000, watermark=mark)
    ledger.record_export(one)
    print(number, flush=True)
"""


def entry(number=1, **more):
    plain = {
        "sha256": f"{number:064x}",
        "hashes": b"h" * 64,
        "title": f"work {number}",
        "format": "png",
        "version": "1",
        "settings": {"recipe": "cloak"},
        "view": b"v",
    }
    return ledger.Entry(**(plain | more))


def writer(start, count):
    environment = {**os.environ, "PYTHONPATH": str(CORE)}
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(start), str(count)],
        stdout=subprocess.PIPE,
        env=environment,
    )


def test_what_is_recorded_comes_back():
    done = ledger.record_export(entry(5, watermark=0xDEADBEEF, seed=2**40))
    (back,) = ledger.entries(views=True)
    assert back == done and back.id == 1 and back.chain and back.created
    assert ledger.by_sha256(done.sha256) == done
    assert ledger.by_sha256("0" * 64) is None


def test_the_same_file_again_is_the_same_entry():
    assert ledger.record_export(entry(1)) == ledger.record_export(entry(1, title="other"))
    assert len(ledger.entries()) == 1


def test_ids_are_32_random_bits_and_never_given_twice():
    ids = [ledger.issue() for _ in range(100)]
    assert len(set(ids)) == 100 and all(0 <= one < 2**32 for one in ids)
    ones = sum(one.bit_count() for one in ids) / len(ids)
    assert 14.5 < ones < 17.5, "they must be uniform: the p-value of a match rests on it"


def test_a_writer_killed_in_the_middle_loses_at_most_the_row_it_was_writing():
    lost = 0
    for round_ in range(6):
        with writer(1000 * round_, 1000) as process:
            assert process.stdout.readline() == b"ready\n"
            said = [int(process.stdout.readline()) for _ in range(2 * round_ + 1)]
            process.send_signal(signal.SIGKILL)  # in the middle of some later row
            said += [int(line) for line in process.stdout.read().split()]
        kept = {one.settings["n"] for one in ledger.entries()}
        missing = set(said) - kept
        lost += len(missing)
        link = sqlite3.connect(ledger.ledger_path())
        assert link.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        link.close()
    assert lost == 0, "an entry that was reported as written is gone"
    assert ledger.entries() and ledger.broken() is None
    ledger.record_export(entry(999_999))


def test_two_processes_at_once_take_turns():
    both = [writer(0, 40), writer(5000, 40)]
    for process in both:
        with process:
            process.stdout.read()
        assert process.returncode == 0
    rows = ledger.entries()
    assert sorted(one.settings["n"] for one in rows) == [*range(40), *range(5000, 5040)]
    assert len({one.watermark for one in rows}) == 80
    assert ledger.broken() is None


def test_it_is_one_file_and_no_write_ahead_log():
    """SQLite does not wait while such a log is switched on: of 400 that four processes began at
    once, three failed."""
    with store._open(write=True):
        files = {one.name for one in ledger.ledger_path().parent.iterdir()}
    assert files == {ledger.ledger_path().name}
    with sqlite3.connect(ledger.ledger_path()) as link:
        assert link.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    link.close()


@pytest.mark.parametrize(
    "crime",
    [
        "UPDATE exports SET created = '2020-01-01T00:00:00+00:00' WHERE id = 2",
        "UPDATE exports SET settings = '{}' WHERE id = 2",
        "UPDATE exports SET watermark = 5 WHERE id = 2",
        "DELETE FROM exports WHERE id = 2",
    ],
)
def test_an_altered_entry_shows(crime):
    for number in range(4):
        ledger.record_export(entry(number))
    assert ledger.broken() is None
    with sqlite3.connect(ledger.ledger_path()) as link:
        link.execute(crime)
    link.close()
    assert ledger.broken() in (2, 3)


def test_publishing_is_noted_without_touching_the_chain():
    ledger.record_export(entry(1))
    ledger.publish(1, "https://example.org", "2026-11-21")
    assert ledger.entries()[0].published == (("https://example.org", "2026-11-21"),)
    assert ledger.broken() is None
    with pytest.raises(NotUsable, match="says where"):
        ledger.never_published(1)


def test_a_receipt_holds_no_path_and_no_picture(tmp_path):
    ledger.record_export(entry(1, watermark=255))
    ledger.keep_path(f"{1:064x}", tmp_path / "secret folder" / "a.png")
    told = json.dumps(ledger.entries()[0].receipt())
    assert "secret folder" not in told and "view" not in told
    assert '"watermark": "000000ff"' in told


def test_an_entry_is_found_by_number_and_by_how_its_hash_or_mark_begins():
    done = ledger.record_export(entry(0xABCDEF << 232, watermark=0x12345678))
    assert (
        ledger.find_export("1")
        == ledger.find_export(done.sha256[:8])
        == ledger.find_export("12345678")
    )
    assert ledger.find_export("1") == ledger.find_export("123456")
    assert ledger.find_export("1") == replace(done, view=b"")
    with pytest.raises(NotUsable, match="There is no export"):
        ledger.find_export("0")


def test_a_file_that_is_no_ledger_is_said_in_words(monkeypatch, tmp_path):
    file = tmp_path / "ledger.sqlite3"
    file.write_bytes(b"this is not a database, it is a shopping list" * 20)
    monkeypatch.setenv("GLASSINE_LEDGER", str(file))
    with pytest.raises(NotUsable, match="cannot be used"):
        ledger.entries()
    assert file.read_bytes().startswith(b"this is not"), "and it is left alone"


# --- the command line --------------------------------------------------------------------------


@pytest.fixture
def run():
    from glassine.cli.commands.ledger import command

    def invoke(*words):
        return CliRunner().invoke(command, list(words))

    return invoke


def test_list_show_publish_export_seal(run, tmp_path):
    ledger.record_export(entry(1, title="Olives", watermark=0xABC))
    assert "Olives" in run("list").output and "00000abc" in run("list").output
    assert json.loads(run("list", "--json").output)[0]["title"] == "Olives"
    assert (
        "on 2026-01-02 at my site"
        in run("publish", "1", "--at", "my site", "--on", "2026-01-02").output
    )
    assert "my site" in run("show", "1").output
    out = tmp_path / "r.json"
    assert run("export", "1", "-o", str(out)).exit_code == 0
    assert json.loads(out.read_text())["published"] == [["my site", "2026-01-02"]]
    assert isinstance(run("export", "1", "-o", str(out)).exception, NotUsable), "no overwriting"
    assert ledger.entries()[-1].chain in run("seal").output


def test_wrong_dates_and_missing_places_are_usage_errors(run):
    ledger.record_export(entry(1))
    assert run("publish", "1", "--at", "x", "--on", "yesterday").exit_code == 2
    assert run("publish", "1").exit_code == 2
    assert "never published" in run("publish", "1", "--never").output


def test_a_broken_chain_is_told(run):
    ledger.record_export(entry(1))
    with sqlite3.connect(ledger.ledger_path()) as link:
        link.execute("UPDATE exports SET title = 'x'")
    link.close()
    assert "altered" in run("seal").output
