"""The environment in which the engine and its installation run."""

from __future__ import annotations

from ..qt import QtCore

DROPPED = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONEXECUTABLE", "VIRTUAL_ENV")
BUNDLED = ("LD_LIBRARY_PATH", "LD_PRELOAD", "QT_PLUGIN_PATH", "QML2_IMPORT_PATH", "SSL_CERT_FILE")


def clean_environment(device: str = "") -> QtCore.QProcessEnvironment:
    """Krita's environment without what Krita, its Python or its AppImage put there for themselves.

    device  "cpu" where the artist wants no graphics card to compute; "" leaves it to the engine
    """
    env = QtCore.QProcessEnvironment.systemEnvironment()
    bundled = env.contains("APPDIR") or env.contains("APPIMAGE")
    for name in DROPPED + (BUNDLED if bundled else ()):
        env.remove(name)
    env.insert("PYTHONUNBUFFERED", "1")
    if device:
        env.insert("GLASSINE_DEVICE", device)
    return env
