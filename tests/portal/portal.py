#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Each task of the portal in a real browser: by mouse, at phone width in the dark, by the keyboard alone, with scripts
off. Every page on the way is kept as a picture, is no wider than its window, complains of nothing, asks no other host,
and has no serious fault that axe knows.

    portal.py BASE FOLDER AXE LOGIN ACT…

With PORTAL_CASES in the environment, only the cases in whose name it stands are run.

BASE: where the gateway is. FOLDER: for pictures. AXE: the file axe.min.js, or "none". LOGIN: a command that
logs in at a service of this host, as login.py does. ACT: one that runs apikeyctl as the user that is its first argument.
"""
import http.client
import os
import re
import subprocess
import sys
import tempfile
import time
import traceback
import zlib

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import devtools  # noqa: E402
import elsewhere  # noqa: E402

USER, ADMINISTRATOR = "bin", "root"
EVIL = "<img src=x onerror=alert(1)>\"'&"


class Failure(Exception):
    pass


def expect(condition, what):
    if not condition:
        raise Failure(what)


class Host:
    """The daemon and the gateway, as the programs of the host see them."""

    def __init__(self, base, login, act):
        self.base, self.program, self.command = base, login, act

    def act(self, user, *arguments):
        done = subprocess.run(self.command + [user] + list(arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)
        expect(done.returncode == 0, "apikeyctl %s: %s" % (" ".join(arguments), done.stderr))
        return done.stdout.strip()

    def link(self, user, *arguments):
        """The path of a fresh link."""
        return "/" + self.act(user, "portal", *arguments).split("/", 3)[3]

    def ask(self, key, permission="mail.imap"):
        """What a reverse proxy would hear of a key."""
        connection = http.client.HTTPConnection(self.base.split("//")[1], timeout=60)
        connection.request("GET", "/v1/auth?service=nginx&permission=" + permission, headers={"X-API-KEY": key})
        status = connection.getresponse().status
        connection.close()
        return status


    def login(self, key, *arguments):
        """Logs in at a service. Whether that went well, and the process; who is in stays until that has ended."""
        process = subprocess.Popen([self.program] + list(arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True)
        process.stdin.write(key + "\n")
        process.stdin.flush()
        return process.stdout.readline() == "in\n", process


def wrong_secret(key):
    """A key of the same id, whose check characters fit."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    text, check = key[:16] + "0" * 32, ""
    number = zlib.crc32(text.encode())
    for _ in range(6):
        number, digit = divmod(number, 62)
        check = digits[digit] + check
    return text + check


# ---- how things are done ----

class Mouse:
    def __init__(self, page):
        self.page = page

    def follow(self, words):
        self.page.click("//a[contains(., '%s')]" % words)

    def push(self, words):
        self.page.click("//button[contains(., '%s')]" % words)

    def fill(self, field, text):
        self.page.click("//*[@name='%s']" % field, loads=False)
        self.page.send("Input.insertText", text=text)

    def tick(self, name):
        self.page.click("//input[@name='%s']" % name, loads=False)

    def choose(self, name, words):
        self.page.choose("//select[@name='%s']" % name, words)


class Keyboard(Mouse):
    """No mouse, and no place that cannot be reached or seen."""

    def follow(self, words):
        self.page.tab_to(words, "A")
        self.page.press("Enter", loads=True)

    def push(self, words):
        self.page.tab_to(words, "BUTTON")
        self.page.press("Enter", loads=True)

    def fill(self, field, text):
        self.page.tab_to(field)
        self.page.send("Input.insertText", text=text)

    def tick(self, name):
        self.page.tab_to(name, "INPUT")
        self.page.press(" ")

    def choose(self, name, words):
        self.page.tab_to(name, "SELECT")
        for letter in words:
            self.page.send("Input.dispatchKeyEvent", type="char", text=letter)


class Visit:
    """A browser on its way through the portal."""

    def __init__(self, host, browser, name, folder, axe, hand=Mouse, **options):
        self.host, self.name, self.folder, self.axe = host, name, folder, axe
        self.page = browser.page(base=host.base, **options)
        browser.send("Browser.grantPermissions", origin=host.base, browserContextId=self.page.context,
                     permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
        self.hand = hand(self.page)
        self.scripts = options.get("scripts", True)
        self.pictures = 0

    def look(self, title):
        """The page is the one that is expected, and as it should be."""
        page = self.page
        self.pictures += 1
        path = os.path.join(self.folder, "%s-%02d-%s.png" % (self.name, self.pictures, re.sub("[^a-z]+", "-", title.lower()).strip("-")))
        page.screenshot(path)
        expect(title in page.title(), "the page is '%s', not '%s': %s" % (page.title(), title, page.text()[:500]))
        expect(page.overflow() <= 0, "%s is %d pixels too wide" % (title, page.overflow()))
        if self.axe and self.scripts:
            serious, _ = page.accessibility(self.axe)
            expect(not serious, "%s: %s" % (title, serious))
        page.take_events()
        # A page that is refused is told as a complaint of its own; those that are expected are taken out by their test.
        expect(not page.complaints, "%s: the browser complains: %s" % (title, page.complaints))
        hosts = page.hosts - {"", self.host.base.split("//")[1]}
        expect(not hosts, "%s asks %s" % (title, hosts))

    def says(self, *words):
        text = self.page.text()
        for part in words:
            expect(part in text, "the page does not say '%s': %s" % (part, text[:2000]))

    def says_not(self, *words):
        text = self.page.text()
        for part in words:
            expect(part not in text, "the page says '%s': %s" % (part, text[:2000]))

    def says_in_time(self, path, words):
        """The same of what is noted a moment later."""
        deadline = time.monotonic() + devtools.PATIENCE
        while words not in self.page.text() and time.monotonic() < deadline:
            time.sleep(0.2)
            self.page.go(path)
        self.says(words)

    def enter(self, user, *arguments):
        self.page.go(self.host.link(user, *arguments))
        self.look("Sign in")
        self.hand.push("Sign in")


# ---- the tasks ----

def copy_the_key(visit, key):
    """Where there are scripts a button copies it; where there are none, there is no button."""
    page = visit.page
    if not visit.scripts:
        expect(page.attribute("//button[@data-copy]", "hidden") is not None, "a button is shown that does nothing")
        return
    if isinstance(visit.hand, Keyboard):
        page.tab_to("Copy", "BUTTON")
        page.press("Enter")
    else:
        page.click("//button[@data-copy]", loads=False)
    deadline = time.monotonic() + devtools.PATIENCE
    while "Copied" not in page.text():
        expect(time.monotonic() < deadline, "it is not copied")
        time.sleep(0.05)
    expect(page.evaluate("navigator.clipboard.readText()") == key, "something else is copied")


def manage_keys(visit):
    """What a user does with keys, from the first to the last."""
    host, page, hand = visit.host, visit.page, visit.hand

    visit.enter(USER)
    visit.look("Your keys")
    hand.follow("New key")
    visit.look("New key")
    hand.fill("name", "mail of " + visit.name)
    hand.tick("permission:mail.imap")
    hand.choose("lifetime", "in 90")
    hand.push("Make the key")
    visit.look("Your new key")
    key = page.attribute("//input[@id='secret']", "value")
    expect(re.fullmatch("ak_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}", key), "the key shown is '%s'" % key)
    copy_the_key(visit, key)
    expect(host.ask(key) == 200, "the key does not let in")
    hand.follow("I have copied it")
    visit.look("mail of " + visit.name)
    here = page.path()
    visit.says("mail.imap", "in 90 days")
    visit.says_in_time(here, "1 let in")
    expect(page.has("//*[name()='svg']//*[name()='rect' and @class='granted']"), "there is no chart")
    expect(host.ask(key, "mail.smtp") == 403, "the key does more than it may")
    page.go(here)
    visit.says("insufficient_permission")

    hand.choose("overlap", "for one more d")
    hand.push("Make a new secret")
    visit.look("The new secret")
    visit.says("stays good until")
    new_key = page.attribute("//input[@id='secret']", "value")
    expect(new_key != key and host.ask(key) == 200 and host.ask(new_key) == 200, "they are not both good")
    hand.follow("I have copied it")
    visit.says_in_time(here, "The old secret is still in use")
    visit.look("mail of " + visit.name)
    hand.follow("End the old secret now")
    visit.look("End the old secret?")
    visit.says("The old secret is still in use")
    hand.push("End it now")
    visit.says("The secret before is ended")
    expect(host.ask(key) == 401 and host.ask(new_key) == 200, "the old secret is not ended")

    hand.push("Switch off")
    visit.says("The key is switched off")
    visit.look("mail of " + visit.name)
    expect(host.ask(new_key) == 401, "the key is not switched off")
    hand.push("Switch on")
    visit.says("The key is switched on")
    expect(host.ask(new_key) == 200, "the key is not switched on")

    hand.follow("Activity")
    visit.look("Activity")
    visit.says("key_inactive")
    hand.follow("Sessions")
    visit.look("Sessions")
    hand.follow("Sign-ins")
    visit.look("Sign-ins")
    visit.says("(this one)")

    page.go(here)
    hand.follow("Delete")
    visit.look("Delete the key?")
    hand.follow("Keep it")
    visit.look("mail of " + visit.name)
    hand.follow("Delete")
    hand.push("Delete it")
    visit.look("Your keys")
    visit.says("The key is deleted")
    expect(host.ask(new_key) == 401, "the key is not deleted")
    hand.push("Sign out")
    visit.look("Sign in")
    visit.says("You are signed out")
    page.go("/portal")
    visit.look("Sign in")


def correct_a_form(visit):
    """What is refused comes back as it was filled in, and says why."""
    host, page, hand = visit.host, visit.page, visit.hand

    visit.enter(USER)
    page.go("/portal/new")
    hand.fill("name", "corrected")
    hand.tick("permission:mail.imap")
    hand.fill("more", "admin.all")
    hand.push("Make the key")
    page.take_events()
    page.complaints = [c for c in page.complaints if "status of 400" not in c]
    visit.look("New key")
    expect(page.has("//p[@role='alert']"), "it does not say why")
    expect(page.attribute("//input[@name='name']", "value") == "corrected", "the name is lost")
    expect(page.attribute("//input[@name='permission:mail.imap']", "checked") is not None, "the tick is lost")
    page.send("DOM.focus", nodeId=page.node("//textarea[@name='more']"))
    page.select_all()
    page.send("Input.insertText", text="mail.smtp")
    hand.push("Make the key")
    visit.look("Your new key")
    host.act(USER, "key", "delete", USER + "/corrected", "--yes")


def sign_in_by_key(visit):
    """A key signs in as itself; a wrong one does not."""
    host, page, hand = visit.host, visit.page, visit.hand
    key = host.act(ADMINISTRATOR, "key", "create", "--name", "by key of " + visit.name, "--owner", USER, "--permission",
                   "apikeyd.keys.read", "--expires", "30d")

    page.go("/portal/sign-in")
    visit.look("Sign in")
    hand.fill("credential", "nothing of the kind")
    hand.push("Sign in")
    page.take_events()
    page.complaints = [c for c in page.complaints if "status of 403" not in c]
    visit.look("Sign in")
    visit.says("This does not let you in")
    hand.fill("credential", key)
    hand.push("Sign in")
    visit.look("Keys")
    visit.says("by key of " + visit.name)
    host.act(ADMINISTRATOR, "key", "delete", key[3:15], "--yes")
    page.go("/portal")
    visit.look("Sign in")
    visit.says("Your sign-in has ended")


def use_the_api_from_another_host(visit):
    """A page asks the API with its key, and reads answers to a key that is for pages alone."""
    host = visit.host
    make = (ADMINISTRATOR, "key", "create", "--owner", USER, "--permission", "apikeyd.keys.*", "--expires", "30d", "--name")
    theirs = host.act(*make, "for pages", "--client-side")
    faults = elsewhere.read(visit.page, host.base, theirs, host.act(*make, "for programs"))
    expect(not faults, faults)
    # It came to the daemon, which says whose key it was.
    said = host.act(ADMINISTRATOR, "audit", "show", "--reason", "not_client_side")
    expect("for programs" in said and "for pages" not in said, said)


def administer(visit):
    """What administrators see, with texts that would be markup in every place."""
    host, page, hand = visit.host, visit.page, visit.hand
    key = host.act(ADMINISTRATOR, "key", "create", "--name", EVIL + visit.name, "--owner", USER, "--permission",
                   "mail.imap", "--expires", "5d", "--label", "note=" + EVIL, "--user", EVIL)
    host.ask(key)
    host.act(ADMINISTRATOR, "key", "deactivate", key[3:15], "--why", EVIL)
    host.ask(key)

    visit.enter(ADMINISTRATOR, "--administer")
    visit.look("Keys")
    visit.says(EVIL + visit.name)
    hand.fill("owner", USER)
    hand.push("Show")
    visit.look("Keys")
    page.go("/portal/keys/" + key[3:15])
    visit.look(EVIL + visit.name)
    visit.says(EVIL)
    for section in ("Activity", "Sessions", "Alarms", "Accounts", "Roles", "Sign-ins"):
        hand.follow(section)
        visit.look(section)
    page.go("/portal/activity")
    hand.fill("key", key[3:15])
    hand.push("Search")
    visit.look("Activity")
    visit.says("key_inactive")
    host.act(ADMINISTRATOR, "key", "delete", key[3:15], "--yes")


def arrange(visit):
    """Accounts, tenants and roles: made, changed, deleted."""
    host, page, hand = visit.host, visit.page, visit.hand
    account, role = "shop of " + visit.name + EVIL, "clerk-" + visit.name[:20].rstrip("-")

    visit.enter(ADMINISTRATOR, "--administer")
    hand.follow("Accounts")
    visit.look("Accounts")
    page.write("//input[@id='account-name']", account)
    page.press("Enter", loads=True)
    visit.says("The account is made", account)
    page.write("//input[@id='tenant-name']", "till")
    page.send("DOM.focus", nodeId=page.node("//input[@id='tenant-account']"))
    page.select_all()
    page.send("Input.insertText", text=account)
    page.press("Enter", loads=True)
    visit.says("The tenant is made", "till")
    visit.look("Accounts")
    hand.follow("of the tenant till")
    visit.look("Keys")
    hand.follow("Accounts")
    hand.follow("the tenant till …")
    visit.look("Delete the tenant?")
    hand.push("Delete it")
    visit.says("It is deleted")
    hand.follow("the account shop of " + visit.name)
    visit.look("Delete the account?")
    hand.push("Delete it")
    visit.says_not(account)

    hand.follow("Roles")
    hand.fill("name", role)
    hand.fill("permissions", "payments.read")
    hand.push("Make the role")
    visit.look("Roles")
    hand.follow(role)
    visit.look(role)
    hand.follow("Delete the role")
    visit.look("Delete the role?")
    hand.follow("Keep it")
    hand.follow("Delete the role")
    hand.push("Delete it")
    visit.says("It is deleted")
    visit.says_not(role)


def look_after_the_host(visit):
    """What an administrator is called for at night: sessions, a key that is misused, one whose secret is guessed at."""
    host, page, hand = visit.host, visit.page, visit.hand
    name = visit.name[:40]
    key = host.act(ADMINISTRATOR, "key", "create", "--name", "laptop, " + name, "--owner", USER, "--permission", "pam.*",
                   "--expires", "30d")
    bound = host.act(ADMINISTRATOR, "key", "create", "--name", "phone, " + name, "--owner", USER, "--permission", "pam.*",
                     "--exclusive=dovecot", "--expires", "30d")
    # A place that is the other's to choose, and may hold anything.
    places = [("sshd", USER, "192.0.2.7", "pts/3"), ("dovecot", USER, "2001:db8::1234:5678:9abc:def0"), ("sudo", USER, EVIL)]
    logins = [host.login(key, *place) for place in places]
    try:
        expect(all(is_in for is_in, _ in logins), "a login is refused")
        misuse, process = host.login(bound, "sshd", USER, "198.51.100.23")
        process.communicate()
        expect(not misuse, "a key for one service lets in at another")
        for _ in range(8):
            host.ask(wrong_secret(key))

        visit.enter(ADMINISTRATOR, "--administer")
        visit.look("Keys")
        hand.follow("Sessions")
        visit.look("Sessions")
        visit.says("laptop, " + name, "192.0.2.7", "sshd on pts/3", EVIL)
        hand.follow("End the session of %s by laptop, %s" % (USER, name))
        visit.look("End the session?")
        hand.follow("Let it go on")
        visit.look("Sessions")
        expect(all(process.poll() is None for _, process in logins), "a session is ended by a question")
        hand.follow("End the session of %s by laptop, %s" % (USER, name))
        hand.push("End the session")
        visit.says("The session was told to end")
        logins[0][1].wait(devtools.PATIENCE)
        page.go("/portal/sessions")
        visit.says_not("pts/3")
        visit.says("sudo")

        hand.follow("Alarms")
        visit.says_in_time("/portal/alarms", "Wrong secrets")
        visit.look("Alarms")
        visit.says("laptop, " + name, "phone, " + name, "used at sshd, and it is for dovecot alone", "198.51.100.23")
        hand.follow("phone, " + name)
        visit.look("phone, " + name)
        visit.says("suspended", "used at sshd, and it is for dovecot alone", "key_suspend")
        hand.push("Switch on")
        visit.says("The key is switched on")
        hand.follow("Activity")
        visit.look("Activity")
        visit.says("used at sshd, and it is for dovecot alone", "bad_secret")
    finally:
        for _, process in logins:
            process.communicate()
    for each in (key, bound):
        host.act(ADMINISTRATOR, "key", "delete", each[3:15], "--yes")


def see_own_trouble(visit):
    """What a user sees of a key of theirs that is suspended, and of their sessions."""
    host, hand = visit.host, visit.hand
    name = visit.name[:40]
    bound = host.act(ADMINISTRATOR, "key", "create", "--name", "phone, " + name, "--owner", USER, "--permission", "pam.sshd",
                     "--exclusive=dovecot", "--expires", "30d")
    host.login(bound, "sshd", USER, "198.51.100.23")[1].communicate()
    visit.enter(USER)
    visit.look("Your keys")
    visit.says("suspended")
    hand.follow("phone, " + name)
    visit.look("phone, " + name)
    visit.says("used at sshd, and it is for dovecot alone", "An administrator can switch it on")
    expect(not visit.page.has("//button[contains(., 'Switch')]"), "a button is shown that can only fail")
    host.act(ADMINISTRATOR, "key", "delete", bound[3:15], "--yes")


def be_locked_out(visit):
    """In a lockdown nobody is signed in, and nobody signs in."""
    host, page, hand = visit.host, visit.page, visit.hand
    key = host.act(ADMINISTRATOR, "key", "create", "--name", "shut out of " + visit.name, "--owner", USER, "--permission",
                   "apikeyd.keys.read", "--expires", "30d")

    visit.enter(ADMINISTRATOR, "--administer")
    visit.look("Keys")
    host.act(ADMINISTRATOR, "lockdown", "on", "--why", "an attack")
    try:
        page.go("/portal")
        visit.look("Sign in")
        visit.says("Your sign-in has ended")
        hand.fill("credential", key)
        hand.push("Sign in")
        page.take_events()
        page.complaints = [c for c in page.complaints if "status of 403" not in c]
        visit.look("Sign in")
        visit.says("This does not let you in")
    finally:
        host.act(ADMINISTRATOR, "lockdown", "off")
        host.act(ADMINISTRATOR, "key", "delete", key[3:15], "--yes")


def axe_finds_faults(visit):
    """The checker would find one."""
    page = visit.page

    page.go("/portal/sign-in")
    page.evaluate("document.querySelector('label').remove(), true")
    serious, _ = page.accessibility(visit.axe)
    expect(serious, "it finds no fault in a field without a label")


# ---- the cases ----

WAYS = {
    "mouse": {},
    "phone": {"width": 360, "height": 740, "dark": True},
    "dark": {"dark": True},
    "keyboard": {"hand": Keyboard},
    "scripts-off": {"scripts": False},
    "phone-keyboard": {"width": 360, "height": 740, "hand": Keyboard, "scripts": False},
}

CASES = [
    (manage_keys, ("mouse", "phone", "keyboard", "scripts-off")),
    (correct_a_form, ("mouse", "keyboard", "scripts-off")),
    (sign_in_by_key, ("phone", "scripts-off")),
    (arrange, ("mouse", "phone", "keyboard", "scripts-off")),
    (administer, ("mouse", "phone", "dark", "keyboard", "scripts-off")),
    (look_after_the_host, ("mouse", "phone", "dark", "keyboard", "scripts-off")),
    (see_own_trouble, ("mouse", "phone")),
    (be_locked_out, ("mouse", "phone")),
    (use_the_api_from_another_host, ("mouse",)),
]


def main():
    base, folder, axe_path, login, act = *sys.argv[1:5], sys.argv[5:]
    axe = None
    if axe_path != "none":
        with open(axe_path, encoding="utf-8") as file:
            axe = file.read()
    cases = [(task, way) for task, ways in CASES for way in ways]
    if axe:
        cases.append((axe_finds_faults, "mouse"))
    passed = failed = 0
    only = os.environ.get("PORTAL_CASES", "")
    for task, way in cases:
        name = "%s (%s)" % (task.__name__.replace("_", " "), way)
        if only not in name:
            continue
        # A browser each: none has anything of the one before.
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            browser = devtools.Browser(profile)
            try:
                visit = Visit(Host(base, login, act), browser, way + "-" + task.__name__.replace("_", "-"), folder, axe, **WAYS[way])
                task(visit)
                print("ok", name, flush=True)
                passed += 1
            except (Failure, devtools.BrowserError, OSError) as error:
                print("not ok", name)
                print("#", str(error).replace("\n", "\n# "))
                print("#", traceback.format_exc().replace("\n", "\n# "), flush=True)
                failed += 1
            finally:
                browser.close()
    if not axe:
        print("skip accessibility: axe-core cannot be had from npm")
    print("portal: %d passed, %d failed, %d skipped" % (passed, failed, 0 if axe else 1))
    sys.exit(1 if failed else 0)


main()
