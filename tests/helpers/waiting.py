"""Waiting for what happens, and never for a time: the suite's only patience. Standard library only,
because Krita's tests and the plugin's processes use it too.

A test waits for the event itself (a line, a file, a state, an end). The one number here says when
to give up on something that hangs; on a machine of any speed nothing else runs into it.
"""

import time

PATIENCE = 600.0  # seconds; what has not happened by then hangs


def until(condition, what="what was waited for", turn=lambda: None, every=0.002):
    """The condition's first true value. `turn` is done between two looks: an event loop's turn."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what() if callable(what) else what} never came"
        turn()
        time.sleep(every)
    return found


def line(stream, word):
    """Reads lines until one has the word in it; returns all of them. Others may come before."""
    said = []
    for one in stream:
        said.append(one)
        if word in one:
            return said
    raise AssertionError(f"it ended without saying {word!r}: {''.join(said)}")
