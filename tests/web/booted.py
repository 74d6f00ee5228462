# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a browser does at a booted host with Cockpit: booted.py CASE [ARGUMENT]. Called by tests/host/cases/page.sh, which looks
at the host."""
import sys

from selenium.webdriver.common.keys import Keys

from browser import Browser, PAGE


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


def main(case, *arguments):
    if case == "refused":
        browser = Browser(arguments[0], log_in=False)
        arguments = ()
    else:
        browser = Browser("bob")
    try:
        {"approve": approve, "masked": masked, "restart": restart, "refused": refused}[case](browser, *arguments)
        assert browser.errors() == [] or case == "refused", browser.errors()
    finally:
        browser.quit()


main(*sys.argv[1:])
