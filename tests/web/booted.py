# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a browser does at a booted host with Cockpit: booted.py CASE [ARGUMENT]. Called by tests/host/cases/page.sh, which looks
at the host."""
import sys

from selenium.webdriver.common.keys import Keys

from browser import Browser, PAGE
from host import URL

FRAME = "iframe[name='cockpit1:localhost/accesspkg']"


def approve(bob, number):
    bob.open(f"#/request/{number}")
    bob.act(number, "approve")
    bob.press("as agreed", Keys.ENTER)
    bob.wait(lambda: "You approved: as agreed" in bob.news(number), "approved")


def masked(bob):
    bob.driver.get(PAGE)
    bob.wait(lambda: "is not running on this host" in bob.text("#problem"), "says that it is not running")
    bob.find("#problem button").click()
    bob.wait(lambda: "is not running on this host" in bob.text("#problem"), "still says it")
    assert bob.cards() == []


def restart(bob, number):
    bob.open()
    bob.act(number, "deny")
    bob.press("because")
    print("open", flush=True)
    bob.wait(lambda: "was stopped" in bob.text("#problem"), "says that it was stopped")
    bob.wait_live()
    assert bob.js("return document.activeElement.value") == "because"
    bob.press(Keys.ENTER)
    bob.wait(lambda: "You denied: because" in bob.news(number), "denied")


def refused(alice):
    alice.type_login()
    alice.wait(lambda: alice.text("#login-error-message") or alice.text("#login-fatal-message"), "the login is refused")
    assert alice.find("#login").is_displayed() or alice.text("#login-fatal-message")


def take_administrative_access(bob):
    """As Cockpit's shell asks for it: by sudo, with the password."""
    bob.driver.switch_to.default_content()
    bob.wait(lambda: bob.text("#super-user-indicator") == "Limited access", "a login has none")
    bob.find("#super-user-indicator button").click()
    bob.wait(lambda: bob.find("#switch-to-admin-access-password").is_enabled(), "sudo asks for the password")
    bob.find("#switch-to-admin-access-password").send_keys(bob.user, Keys.ENTER)
    bob.wait(lambda: bob.text("#super-user-indicator") == "Administrative access", "sudo lets bob")
    bob.driver.switch_to.frame(bob.find(FRAME))


def administrator(bob, number):
    """In Cockpit's shell; decided after the Overview was read as root."""
    bob.driver.get(f"{URL}/accesspkg")
    bob.wait(lambda: bob.all(FRAME), "the page is a part of Cockpit")
    bob.driver.switch_to.frame(bob.find(FRAME))
    bob.wait_live()
    assert "Overview" not in bob.text("#views")
    take_administrative_access(bob)
    bob.wait(lambda: bob.find("#views a[href='#/overview']").click() is None, "the Overview is there")
    bob.wait(lambda: "within an hour1" in bob.text("main"), "what waits, as root reads it")
    bob.find("#views a[href='#/waiting']").click()
    bob.act(number, "approve")
    bob.press("as agreed", Keys.ENTER)
    bob.wait(lambda: "You approved: as agreed" in bob.news(number), "approved")


def main(case, *arguments):
    if case == "refused":
        browser = Browser(arguments[0], log_in=False)
        arguments = ()
    else:
        browser = Browser("bob")
    try:
        {"approve": approve, "administrator": administrator, "masked": masked, "restart": restart, "refused": refused}[case](browser, *arguments)
        assert browser.errors() == [] or case == "refused", browser.errors()
    finally:
        browser.quit()


main(*sys.argv[1:])
