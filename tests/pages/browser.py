"""Chromium without a window, driven by its DevTools protocol over a pipe: JSON, each message ended by a zero byte."""

import base64
import json
import os
import select
import subprocess
import time

KEYS = {"Tab": 9, "Enter": 13, "End": 35, "ArrowRight": 39}  # name: the code that pages see
SECONDS = 120  # that one answer may take


class Browser:
    """One tab."""

    def __init__(self, profile):
        (theirs, ours), (mine, their) = os.pipe(), os.pipe()
        options = "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --hide-scrollbars"
        command = f"exec chromium {options} --remote-debugging-pipe --user-data-dir='{profile}' 3<&{theirs} 4>&{their}"
        self.process = subprocess.Popen(["bash", "-c", command], pass_fds=(theirs, their), stderr=subprocess.DEVNULL)
        os.close(theirs)
        os.close(their)
        self.writer, self.reader, self.rest, self.number, self.session = ours, mine, b"", 0, None
        target = self("Target.createTarget", url="about:blank")["targetId"]
        self.session = self("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self("Page.enable")

    def close(self):
        self.session = None
        self("Browser.close")
        self.process.wait(SECONDS)

    def __call__(self, method, **parameters):
        """The result of a command; events are passed over."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        message.update({"sessionId": self.session} if self.session else {})
        os.write(self.writer, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.message()
            if answer.get("id") == self.number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]

    def message(self):
        while b"\0" not in self.rest:
            assert select.select([self.reader], [], [], SECONDS)[0], f"no answer in {SECONDS} s"
            part = os.read(self.reader, 1 << 20)
            assert part, "the browser has ended"
            self.rest += part
        first, _, self.rest = self.rest.partition(b"\0")
        return json.loads(first)

    def open(self, path, width, height=900, media="screen", scheme="light"):
        """A file in a viewport of this size, loaded with its pictures."""
        self("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self("Emulation.setEmulatedMedia", media=media, features=features)
        failed = self("Page.navigate", url=path.resolve().as_uri()).get("errorText")
        assert not failed, (path, failed)
        ready = "document.readyState == 'complete' && [...document.images].every(image => image.complete)"
        end = time.monotonic() + SECONDS
        while not self.value(ready):
            assert time.monotonic() < end, f"{path} is not loaded in {SECONDS} s"
            time.sleep(0.05)

    def value(self, expression):
        """Of JavaScript; what it waits for is waited for."""
        result = self("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, (expression, result["exceptionDetails"])
        return result["result"].get("value")

    def press(self, key, shift=False):
        text = {"text": "\r"} if key == "Enter" else {}
        what = {"key": key, "code": key, "windowsVirtualKeyCode": KEYS[key], "modifiers": 8 * shift}
        self("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **what, **text)
        self("Input.dispatchKeyEvent", type="keyUp", **what)

    def picture(self, path, **options):
        """PNG of what is seen."""
        path.write_bytes(base64.b64decode(self("Page.captureScreenshot", format="png", **options)["data"]))

    def pdf(self, path):
        """As printed on A4, with the page's own margins."""
        self("Emulation.setEmulatedMedia", media="")
        data = self("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, printBackground=True)
        path.write_bytes(base64.b64decode(data["data"]))
