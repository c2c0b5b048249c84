"""robots.txt as crawlers read it: RFC 9309, with the lines that Content Signals and RSL add.

Groups of one name are one group; a visitor with a group of its own does not see the group for
everybody. Of two rules that match, the longer one counts; where both are equally long, Allow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

EVERYBODY = "*"
_RULES = ("allow", "disallow")
_KNOWN = (*_RULES, "user-agent", "sitemap", "crawl-delay", "content-signal", "license")


@dataclass(frozen=True)
class Group:
    """One stretch of a file: names in small letters, and (field, value) of its lines."""

    names: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]


@dataclass
class Robots:
    """loose: lines above any User-agent; unknown: names of fields that hardly anyone reads."""

    groups: list[Group] = field(default_factory=list)
    loose: list[tuple[str, str]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def lines_for(self, agent: str) -> list[tuple[str, str]]:
        """What holds for a visitor of that name."""
        own = [one for one in self.groups if agent.lower() in one.names]
        found = own or [one for one in self.groups if EVERYBODY in one.names]
        return [line for one in found for line in one.lines]

    def refuses(self, agent: str, path: str = "/") -> bool:
        best, verdict = -1, False
        for name, value in self.lines_for(agent):
            if name not in _RULES or not value or not matches(value, path):
                continue
            if len(value) > best or (len(value) == best and name == "allow"):
                best, verdict = len(value), name == "disallow"
        return verdict

    def values(self, agent: str, name: str) -> list[str]:
        return [value for one, value in self.lines_for(agent) if one == name]

    def licences(self, agent: str = EVERYBODY) -> list[str]:
        """The group's own, else those outside any group (RSL 1.0, 4.4.2)."""
        outside = [value for name, value in self.loose if name == "license"]
        return self.values(agent, "license") or outside


def read_robots(text: str) -> Robots:
    found, names, lines = Robots(), list[str](), list[tuple[str, str]]()

    def end_of_group() -> None:
        if names:
            found.groups.append(Group(tuple(names), tuple(lines)))
        names.clear()
        lines.clear()

    for line in text.replace("\r", "\n").split("\n"):
        name, colon, value = line.partition("#")[0].partition(":")
        name, value = name.strip().lower(), value.strip()
        if name == "license" and "#" in line:
            value = line.partition(":")[2].strip()  # an address may hold a #
        if not colon:
            continue
        if name == "user-agent":
            if any(one in _RULES for one, _ in lines):  # only these end a list of names
                end_of_group()
            names.append(value.lower())
        elif name == "sitemap":
            continue
        else:
            (lines if names else found.loose).append((name, value))
            if name not in _KNOWN:
                found.unknown.append(name)
    end_of_group()
    return found


def matches(pattern: str, path: str) -> bool:
    """A path pattern of RFC 9309: `*` is anything, `$` at the end is the end."""
    whole = pattern.endswith("$")
    parts = (re.escape(part) for part in pattern.removesuffix("$").split("*"))
    return bool(re.match(".*".join(parts) + ("$" if whole else ""), path, re.DOTALL))
