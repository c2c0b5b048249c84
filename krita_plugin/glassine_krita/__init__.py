"""Glassine for Krita: registers the docker and its actions.

This folder itself holds only what Krita looks for by name, and `qt`; all else has a folder.
"""

VERSION = "0.1.0"

try:
    import krita  # noqa: F401
except ImportError:  # read by a test or a build script
    pass
else:
    from .studio.instance import start_early

    start_early()  # the engine takes seconds, and Krita has its windows to build meanwhile

    from .extension import register

    register()
