"""The command line as tests type it."""

from glassine.cli import cli, exits

SMALL = ("--effort", "preview", "--surrogates", "embedded", "--seed", "3")


def run(*arguments):
    """The exit code, as a shell would see it."""
    return exits.guarded(
        lambda: cli.main([str(a) for a in arguments], "glassine", standalone_mode=False)
    )
