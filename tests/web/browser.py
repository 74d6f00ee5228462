# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian's Chromium by chromedriver: logged in to Cockpit, on the page."""
import base64
import os
import subprocess
import tempfile

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from host import SECONDS, URL

PAGE = URL + "/cockpit/@localhost/accesspkg/index.html"


class Browser:
    def __init__(self, user, log_in=True):
        self.user = user
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server",
                         "--window-size=1280,900", "--user-data-dir=" + tempfile.mkdtemp()):
            options.add_argument(argument)
        options.set_capability("acceptInsecureCerts", True)  # Cockpit's own certificate, on a booted host
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.driver.set_script_timeout(SECONDS)
        if log_in:
            self.type_login()
            self.wait(lambda: self.js("return !document.querySelector('#login-user-input')"), "the login is done")
            self.errors()

    def type_login(self):
        self.driver.get(URL + "/")
        self.wait(lambda: self.find("#login-user-input").is_displayed(), "Cockpit asks for a login")
        self.find("#login-user-input").send_keys(self.user)
        self.find("#login-password-input").send_keys(self.user)
        self.find("#login-button").click()

    def open(self, view=""):
        """The page, live."""
        self.driver.get("about:blank")
        self.driver.get(PAGE + view)
        self.wait_live()

    def wait_live(self):
        self.wait(lambda: self.text("#live-words") == "Live", "the page is live")

    def wait(self, condition, what):
        """Until the condition holds; it may meet elements that are just replaced."""
        def holds(_):
            try:
                return condition()
            except Exception as problem:  # an element that is gone again
                self.last = problem
                return False
        WebDriverWait(self.driver, SECONDS, poll_frequency=0.05).until(holds, what)

    def js(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def find(self, css):
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def all(self, css):
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def text(self, css):
        return self.js("return document.querySelector(arguments[0])?.textContent ?? ''", css)

    def press(self, *keys):
        """Into whatever has the focus."""
        self.driver.switch_to.active_element.send_keys(*keys)

    def focus(self):
        """Where the focus is: the element's words, and the number of its card."""
        return self.js("const e = document.activeElement; return [e.textContent || e.name || e.tagName,"
                       " Number(e.closest('.card')?.dataset.id ?? 0)]")

    def cards(self):
        return self.js("return [...document.querySelectorAll('.card[data-id]')].map(card => Number(card.dataset.id))")

    def card(self, number):
        """The text of a card, once its buttons are there."""
        self.wait(lambda: self.all(f"[data-id='{number}'] [data-act]"), f"card {number} has its buttons")
        return self.text(f"[data-id='{number}']")

    def act(self, number, act):
        self.card(number)
        self.find(f"[data-id='{number}'] [data-act='{act}']").click()

    def news(self, number):
        return self.text(f"[data-id='{number}'] .news")

    def size(self, width, height, dark=False, reduced=False):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if reduced else "no-preference"}]})

    def zone(self, name):
        self.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": name})

    def shot(self, name):
        folder = os.environ["SHOTS"]
        os.makedirs(folder, exist_ok=True)
        picture = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": True})["data"]
        with open(f"{folder}/{name}.png", "wb") as file:
            file.write(base64.b64decode(picture))

    def errors(self):
        """What the console has of our page since it was last asked. (Cockpit's own pages miss systemd.)"""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] in ("SEVERE", "WARNING") and "/accesspkg/" in entry["message"]]

    def quit(self):
        self.driver.quit()
