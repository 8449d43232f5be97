# SPDX-License-Identifier: Apache-2.0 OR MIT
"""A browser, driven by the DevTools protocol over a pair of pipes; Python's standard library alone.

What is done to a page is done as a person does it: with mouse and keyboard, at what is seen there. So it works with
scripts off, too. Elements are named by XPath.
"""
import base64
import json
import os
import select
import shutil
import subprocess
import time

PATIENCE = 60  # seconds for whatever is waited for


class BrowserError(Exception):
    pass


def find_browser():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path:
            return path
    return None


class Browser:
    def __init__(self, folder):
        to_browser, self.sender = os.pipe()
        self.receiver, from_browser = os.pipe()
        # The browser wants them as 3 and 4: the shell moves them there, by way of numbers that are neither.
        command = [find_browser(), "--headless=new", "--remote-debugging-pipe", "--user-data-dir=" + folder,
                   "--no-first-run", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
                   "--disable-sync", "--disable-extensions", "--disable-dev-shm-usage", "--mute-audio", "--lang=en-US",
                   "--force-device-scale-factor=1", "--hide-scrollbars",
                   "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "about:blank"]
        if os.geteuid() == 0:
            command.insert(1, "--no-sandbox")
        script = 'exec 3<&%d 4>&%d; exec "$@"' % (to_browser, from_browser)
        self.log = open(os.path.join(folder, "browser.log"), "wb")
        self.process = subprocess.Popen(["bash", "-c", script, "bash"] + command, pass_fds=(to_browser, from_browser),
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        env=dict(os.environ, HOME=folder, TZ="UTC"))
        os.close(to_browser)
        os.close(from_browser)
        self.buffer = b""
        self.number = 0
        self.events = []

    def close(self):
        try:
            self.send("Browser.close")
        except (BrowserError, OSError):
            pass
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def receive(self, deadline):
        """The next message; None when the deadline has passed."""
        while b"\0" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.receiver], [], [], left)[0]:
                return None
            data = os.read(self.receiver, 1 << 20)
            if not data:
                raise BrowserError("the browser has ended")
            self.buffer += data
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def send(self, method, session=None, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.sender, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = self.receive(deadline)
            if answer is None:
                raise BrowserError("no answer to " + method)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise BrowserError("%s: %s" % (method, answer["error"].get("message")))
                return answer["result"]
            if "method" in answer:
                self.events.append(answer)

    def page(self, **options):
        """A page with cookies of its own."""
        context = self.send("Target.createBrowserContext")["browserContextId"]
        target = self.send("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        return Page(self, session, context, **options)


KEYS = {"Tab": 9, "Enter": 13, " ": 32, "ArrowDown": 40, "Escape": 27, "Home": 36}


class Page:
    def __init__(self, browser, session, context, base, width=1280, height=900, dark=False, scripts=True):
        self.browser, self.session, self.context, self.base = browser, session, context, base
        self.width, self.height = width, height
        self.complaints = []
        self.hosts = set()
        self.requests = []
        for domain in ("Page", "DOM", "Network", "Log", "Runtime"):
            self.send(domain + ".enable")
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=width < 600)
        self.send("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.send("Emulation.setScriptExecutionDisabled", value=not scripts)

    def send(self, method, **parameters):
        result = self.browser.send(method, self.session, **parameters)
        self.take_events()
        return result

    def take_events(self):
        """Notes what the browser complains of and whom it asks; returns the names of the events."""
        names, others = [], []
        for event in self.browser.events:
            if event.get("sessionId") != self.session:
                others.append(event)
                continue
            name, data = event["method"], event["params"]
            names.append(name)
            if name == "Log.entryAdded" and data["entry"]["level"] in ("error", "warning"):
                self.complaints.append(data["entry"]["text"] + " " + data["entry"].get("url", ""))
            elif name == "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(data["exceptionDetails"]))
            elif name == "Runtime.consoleAPICalled" and data["type"] in ("error", "warning"):
                self.complaints.append(json.dumps(data["args"]))
            elif name == "Network.requestWillBeSent":
                self.hosts.add(data["request"]["url"].split("/")[2] if "//" in data["request"]["url"] else "")
                self.requests.append(data["request"])
            elif name == "Page.javascriptDialogOpening":
                self.complaints.append("a dialog: " + data["message"])
                self.browser.number += 1
                os.write(self.browser.sender, json.dumps({"id": self.browser.number, "sessionId": self.session,
                                                          "method": "Page.handleJavaScriptDialog",
                                                          "params": {"accept": False}}).encode() + b"\0")
        self.browser.events = others
        return names

    def wait_for_load(self):
        deadline = time.monotonic() + PATIENCE
        while True:
            if "Page.frameStoppedLoading" in self.take_events():
                return
            event = self.browser.receive(deadline)
            if event is None:
                raise BrowserError("the page does not come")
            if "method" in event:
                self.browser.events.append(event)

    def go(self, path):
        self.take_events()
        result = self.send("Page.navigate", url=self.base + path)
        if result.get("errorText"):
            raise BrowserError(result["errorText"])
        self.wait_for_load()

    # ---- what is there ----

    def nodes(self, xpath):
        self.send("DOM.getDocument", depth=0)
        search = self.send("DOM.performSearch", query=xpath)
        if search["resultCount"] == 0:
            return []
        return self.send("DOM.getSearchResults", searchId=search["searchId"], fromIndex=0,
                         toIndex=search["resultCount"])["nodeIds"]

    def node(self, xpath):
        nodes = self.nodes(xpath)
        if not nodes:
            raise BrowserError("there is no %s in: %s" % (xpath, self.text()[:2000]))
        return nodes[0]

    def has(self, xpath):
        return bool(self.nodes(xpath))

    def attribute(self, xpath, name):
        values = self.send("DOM.getAttributes", nodeId=self.node(xpath))["attributes"]
        return dict(zip(values[::2], values[1::2])).get(name)

    def evaluate(self, expression):
        answer = self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise BrowserError(json.dumps(answer["exceptionDetails"])[:2000])
        return answer["result"].get("value")

    def text(self):
        return self.evaluate("document.body ? document.body.innerText : ''") or ""

    def title(self):
        return self.evaluate("document.title")

    def path(self):
        return self.evaluate("location.pathname")

    def focused(self):
        """What is focused, as its words; outline tells whether that is seen."""
        return self.evaluate(
            "(() => { const e = document.activeElement; const style = getComputedStyle(e);"
            "return { tag: e.tagName, name: e.name || '', words: (e.innerText || e.value || '').replace(/\\s+/g, ' ').trim(), "
            "outline: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0 }; })()")

    # ---- what a person does ----

    def click(self, xpath, loads=True):
        node = self.node(xpath)
        self.send("DOM.scrollIntoViewIfNeeded", nodeId=node)
        # The first line, where it has several.
        quad = self.send("DOM.getContentQuads", nodeId=node)["quads"][0]
        x, y = sum(quad[::2]) / 4, sum(quad[1::2]) / 4
        self.take_events()
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
        if loads:
            self.wait_for_load()

    def write(self, xpath, text):
        self.send("DOM.focus", nodeId=self.node(xpath))
        self.send("Input.insertText", text=text)

    def press(self, key, loads=False):
        self.take_events()
        common = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": KEYS[key]}
        text = {"Enter": "\r", " ": " "}.get(key)
        self.send("Input.dispatchKeyEvent", type="keyDown", **common, **({"text": text} if text else {}))
        self.send("Input.dispatchKeyEvent", type="keyUp", **common)
        if loads:
            self.wait_for_load()

    def select_all(self):
        self.send("Input.dispatchKeyEvent", type="rawKeyDown", key="a", code="KeyA", modifiers=2,
                  windowsVirtualKeyCode=65, commands=["selectAll"])

    def tab_to(self, words, tag=None, most=120):
        """Goes there by the tabulator alone, and sees to it that each stop on the way can be seen."""
        for _ in range(most):
            self.press("Tab")
            at = self.focused()
            if at["tag"] not in ("BODY", "HTML") and not at["outline"]:
                raise BrowserError("it cannot be seen that %s is focused" % at)
            if (words in at["words"] or words == at["name"]) and tag in (None, at["tag"]):
                return
        raise BrowserError("the keyboard does not lead to " + words)

    def choose(self, xpath, words):
        """Chooses from a list by the keyboard: the first entry that begins so."""
        self.send("DOM.focus", nodeId=self.node(xpath))
        for letter in words:
            self.send("Input.dispatchKeyEvent", type="char", text=letter)

    # ---- what is looked at ----

    def screenshot(self, path):
        size = self.send("Page.getLayoutMetrics")["cssContentSize"]
        data = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=True,
                         clip={"x": 0, "y": 0, "width": self.width, "height": min(size["height"], 6000), "scale": 1})
        with open(path, "wb") as file:
            file.write(base64.b64decode(data["data"]))

    def overflow(self):
        """By how many pixels the page is wider than its window."""
        return self.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def accessibility(self, source):
        """What axe finds that is serious."""
        self.evaluate(source + "; true")
        found = self.evaluate("axe.run(document, { resultTypes: ['violations'] }).then(r => r.violations.map(v => "
                              "({ id: v.id, impact: v.impact, nodes: v.nodes.map(n => n.html + ' ' + n.failureSummary) })))")
        return [v for v in found if v["impact"] in ("serious", "critical")], found
