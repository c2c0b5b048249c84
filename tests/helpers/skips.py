"""What a skipped test would have shown, said in its reason. One place for every skip there is.

A pytest plugin: tests/conftest.py takes its two hooks in.
"""

import pytest


def sentence(doc):
    """A docstring's first sentence, without the full stop."""
    return " ".join((doc or "").split()).split(". ")[0].rstrip(".:")


def in_words(name):
    """test_no_file_is_lost[png] -> no file is lost [png]"""
    plain, bracket, case = name.partition("[")
    return plain.removeprefix("test_").replace("_", " ") + (f" [{case}" if bracket else "")


def shows(item):
    """The test's name is its claim; a docstring says more."""
    said = sentence(getattr(getattr(item, "function", None), "__doc__", ""))
    return in_words(item.name) + (f" ({said})" if said else "")


def explained(report, shown):
    """The report of a skip, with that at the end of its reason."""
    if report.skipped and isinstance(report.longrepr, tuple) and not hasattr(report, "wasxfail"):
        file, number, reason = report.longrepr
        report.longrepr = (file, number, f"{reason}; would have shown: {shown}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    explained(report, shows(item))
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """A whole file that is skipped, because a library is missing."""
    report = yield
    module = getattr(collector, "_obj", None)
    source = collector.path.read_text("utf-8") if report.skipped and not module else ""
    explained(report, sentence(getattr(module, "__doc__", "") or opening(source)))
    return report


def opening(source):
    """The docstring that a file begins with; it ended before it was a module."""
    import ast

    return ast.get_docstring(ast.parse(source)) if source else ""
