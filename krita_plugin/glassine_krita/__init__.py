"""Glassine for Krita: registers the docker and its actions.

In this folder lies what Krita looks for by its name, and what names Qt; all else has a room.
"""

VERSION = "0.1.0"

try:
    import krita  # noqa: F401
except ImportError:  # read by a test or a build script
    pass
else:
    from .extension import register

    register()
