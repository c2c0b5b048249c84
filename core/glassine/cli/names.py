"""Names of files on the command line. An empty name is an error: a script's unset variable."""

from __future__ import annotations

from os import PathLike
from os.path import isdir, isfile
from pathlib import Path
from typing import Any

import click

from . import speech


class Name(click.Path):
    """A path as click takes it, but never an empty one, which would be the current folder."""

    def convert(
        self, value: str | PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:  # noqa: ANN401
        if value == "" and (param is None or param.default != ""):
            self.fail(speech.phrase("cli.empty_name"), param, ctx)
        return super().convert(value, param, ctx)


class Folder(Name):
    """A folder that there is."""

    def __init__(self) -> None:
        super().__init__(file_okay=False, path_type=Path)

    def convert(
        self, value: str | PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:  # noqa: ANN401
        if value and not isdir(value):
            code = "file.not_a_folder" if isfile(value) else "cli.no_folder"
            self.fail(speech.phrase(code, folder=value), param, ctx)
        return super().convert(value, param, ctx)


class File(Name):
    """A file that there is."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(
        self, value: str | PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:  # noqa: ANN401
        if value and not isfile(value):
            code = "file.folder" if isdir(value) else "cli.no_file"
            self.fail(speech.phrase(code, path=value), param, ctx)
        return super().convert(value, param, ctx)


class ModelFolder(Name):
    """The folder of a whole model; the word `embedded` means the one that ships."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(
        self, value: str | PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:  # noqa: ANN401
        from ..machine.weights import EMBEDDED, model_folder

        found = super().convert(value, param, ctx)
        return model_folder(EMBEDDED) if value == EMBEDDED else found


class Place(Name):
    """A folder, or an address that is left as it is: s3://bucket/paintings"""

    def convert(
        self, value: str | PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:  # noqa: ANN401
        if isinstance(value, str) and "://" in value:
            return value
        return super().convert(value, param, ctx)
