# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian's Firefox ESR by Marionette, its own protocol: Debian 12 has no geckodriver. As much of Browser as the tests in it take."""
import base64
import json
import os
import socket
import subprocess
import tempfile
import time

from browser import PAGE
from host import SECONDS, URL

PORT = 2828
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # WebDriver's name of what refers to an element
PREFERENCES = {"marionette.port": PORT, "network.proxy.type": 0, "browser.shell.checkDefaultBrowser": False,
               "datareporting.policy.dataSubmissionEnabled": False, "app.update.disabledForTesting": True}


class Firefox:
    def __init__(self):
        folder = tempfile.mkdtemp()
        with open(os.path.join(folder, "user.js"), "w") as file:
            for name, value in PREFERENCES.items():
                file.write(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n")
        self.process = subprocess.Popen(["firefox-esr", "--headless", "--marionette", "--no-remote", "--profile", folder],
                                        env={**os.environ, "HOME": folder}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.socket = self.connect()
        self.number = 0
        self.read()
        self.call("WebDriver:NewSession", acceptInsecureCerts=True)

    def connect(self):
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                return socket.create_connection(("127.0.0.1", PORT), timeout=SECONDS)
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.1)

    def read(self):
        """A message: its length, a colon, JSON."""
        length = b""
        while (byte := self.socket.recv(1)) != b":":
            assert byte, "Firefox has ended"
            length += byte
        text = b""
        while len(text) < int(length):
            text += self.socket.recv(int(length) - len(text))
        return json.loads(text)

    def call(self, command, **parameters):
        self.number += 1
        text = json.dumps([0, self.number, command, parameters]).encode()
        self.socket.sendall(b"%d:%s" % (len(text), text))
        _, _, error, value = self.read()
        assert error is None, f"{command}: {error}"
        return value.get("value") if isinstance(value, dict) else value

    def get(self, url):
        self.call("WebDriver:Navigate", url=url)

    def js(self, script, *arguments):
        return self.call("WebDriver:ExecuteScript", script=script, args=list(arguments))

    def js_later(self, script):
        """What the script gives to its last argument."""
        return self.call("WebDriver:ExecuteAsyncScript", script=script, args=[])

    def log_in(self, user):
        """Ends another login."""
        self.call("WebDriver:DeleteAllCookies")
        self.get(URL + "/")
        self.type("#login-user-input", user)
        self.type("#login-password-input", user)
        self.click("#login-button")
        self.wait(lambda: self.js("return !document.querySelector('#login-user-input')"), "the login is done")

    def open(self, view):
        """The page, live."""
        self.get("about:blank")
        self.get(PAGE + view)
        self.wait(lambda: self.text("#live-words") == "Live", "the page is live")

    def shot(self, name):
        with open(f"{os.environ['SHOTS']}/{name}.png", "wb") as file:
            file.write(base64.b64decode(self.call("WebDriver:TakeScreenshot", full=True)))

    def text(self, css):
        return self.js("return document.querySelector(arguments[0])?.textContent ?? ''", css)

    def wait(self, condition, what):
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < deadline, what
            time.sleep(0.05)

    def find(self, css):
        self.wait(lambda: self.js("return Boolean(document.querySelector(arguments[0])?.checkVisibility())", css), f"{css} is there")
        return self.call("WebDriver:FindElement", using="css selector", value=css)[ELEMENT]

    def click(self, css):
        self.call("WebDriver:ElementClick", id=self.find(css))

    def type(self, css, keys):
        self.call("WebDriver:ElementSendKeys", id=self.find(css), text=keys)

    def quit(self):
        self.socket.close()
        self.process.kill()
        self.process.wait()
