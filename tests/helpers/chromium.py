"""A real Chromium without a screen, driven over its own pipe (the DevTools protocol)."""

import base64
import contextlib
import json
import os
import shutil
import subprocess

import pytest
from waiting import until

KEYS = {
    "Tab": ("Tab", 9, ""),
    "Enter": ("Enter", 13, "\r"),
    "Space": (" ", 32, " "),
    "ArrowRight": ("ArrowRight", 39, ""),
    "ArrowDown": ("ArrowDown", 40, ""),
}


class Tab:
    """One page: what is done in it, and every address that it asked for."""

    def __init__(self, send, receive, downloads):
        self._send, self._receive, self.downloads = send, receive, downloads
        self._number, self._session = 0, None
        self.asked, self.errors = [], []
        self.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for part in ("Page", "Network", "Runtime", "DOM", "Accessibility", "Log"):
            self.call(f"{part}.enable")

    def call(self, method, **how):
        """What the browser answers; what happens meanwhile is noted."""
        self._number += 1
        session = {"sessionId": self._session} if self._session else {}
        whole = {"id": self._number, "method": method, "params": how, **session}
        self._send(json.dumps(whole).encode() + b"\0")
        while (told := json.loads(self._receive())).get("id") != self._number:
            self._note(told)
        assert "error" not in told, told["error"]
        return told["result"]

    def _note(self, told):
        happened, more = told.get("method"), told.get("params", {})
        if happened == "Network.requestWillBeSent":
            self.asked.append(more["request"]["url"])
        if happened == "Runtime.exceptionThrown":
            self.errors.append(str(more["exceptionDetails"]))
        if happened == "Log.entryAdded" and more["entry"]["level"] == "error":
            self.errors.append(more["entry"]["text"])

    def value(self, expression):
        """Of JavaScript in the page; a promise is waited for."""
        made = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in made, made["exceptionDetails"]
        return made["result"].get("value")

    def until(self, expression):
        return until(lambda: self.value(expression), expression, every=0.02)

    def open(self, url, width=1280, height=900, language="en", dark=False):
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})
        self.call("Page.navigate", url=url)
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def give(self, selector, file):
        """A file, as a person's dialog would."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(file)])

    def press(self, name):
        key, code, text = KEYS[name]
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=name,
                windowsVirtualKeyCode=code,
                text=text if kind == "keyDown" else "",
            )

    def walk_to(self, name, most=40):
        """Presses Tab until the thing with that id has the focus."""
        way = []
        while (here := self.value("document.activeElement.id")) != name:
            way.append(here)
            assert len(way) <= most, f"no way by keyboard to {name}: {way}"
            self.press("Tab")

    def heard(self):
        """What a screen reader says of each thing: its role and its name."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [
            (node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in nodes
            if not node["ignored"]
        ]

    def picture(self, file):
        """The whole page as PNG."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(shot["data"]))


@contextlib.contextmanager
def chromium(home):
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if not program:
        pytest.skip("chromium is not installed")
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    flags += ["--disable-background-networking", "--no-first-run", f"--user-data-dir={home}"]
    flags += ["--remote-debugging-pipe", "--hide-scrollbars"]
    there, ours_out = os.pipe()
    ours_in, back = os.pipe()

    def as_three_and_four():
        high = [os.dup2(one, 10 + at) for at, one in enumerate((there, back))]
        os.dup2(high[0], 3)
        os.dup2(high[1], 4)

    with subprocess.Popen(
        [program, *flags],
        preexec_fn=as_three_and_four,
        close_fds=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(there)
        os.close(back)
        with os.fdopen(ours_out, "wb", 0) as out, os.fdopen(ours_in, "rb") as into:
            yield Tab(out.write, lambda: message_from(into), home / "saved")
        process.terminate()


def message_from(stream):
    """Up to the zero byte that ends it."""
    parts = bytearray()
    while (byte := stream.read(1)) != b"\0":
        assert byte, "the browser is gone"
        parts += byte
    return bytes(parts)
