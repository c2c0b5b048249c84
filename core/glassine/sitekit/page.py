"""What the head of a web page says, and which pictures it shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

from . import rsl


@dataclass
class Page:
    """meta: names in small letters; of several of one name, all, joined by commas."""

    meta: dict[str, str] = field(default_factory=dict)
    licences: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.url, self.page = url, Page()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        name = told.get("name", "").lower()
        if tag == "meta" and name:
            known, value = self.page.meta.get(name), told.get("content", "").strip()
            self.page.meta[name] = f"{known}, {value}" if known else value
        elif tag == "link" and told.get("rel", "").lower() == "license":
            if told.get("type", "").lower() == rsl.KIND:
                self.add(self.page.licences, told.get("href", ""))
        elif tag in ("img", "source"):
            self.add(self.page.pictures, told.get("src") or told.get("srcset", ""))

    def add(self, where: list[str], place: str) -> None:
        """The first address of a list of them, in full."""
        first = (place.split() or [""])[0].rstrip(",")
        try:
            if first and not first.startswith("data:"):
                where.append(urljoin(self.url, first))
        except ValueError:
            return


def read_page(text: str, url: str) -> Page:
    reader = _Reader(url)
    reader.feed(text)
    return reader.page
