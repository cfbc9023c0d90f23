"""The dashboard in a real browser, from signing in to a redriven dead letter.

    python dashboard.py RINGBACK DIRECTORY [SCREENSHOTS]

Prints `ok` and a sentence for everything that holds; the first thing that does not ends it with exit code 1.
"""

import pathlib
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

from selenium import webdriver
from selenium.common.exceptions import NoAlertPresentException, StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from accessibility import complaints, contrasts
from world import TOKENS, World, binary

HOSTILE = "<img src=x onerror=\"window.pwned=1;alert(1)\">'\"><script>window.pwned=1;alert(2)</script>\u202e{{7*7}}"


def start_browser(dark=False, width=1280, height=900):
    options = webdriver.ChromeOptions()
    for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--window-size={width},{height}"]:
        options.add_argument(argument)
    options.binary_location = "/usr/bin/chromium"
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})
    return browser


class Visit:
    def __init__(self, world, screenshots=None, **look):
        self.world = world
        self.screenshots = screenshots
        self.browser = start_browser(**look)

    def go(self, path):
        self.browser.get(self.world.url + path)
        return self

    def text(self, selector="main"):
        for _ in range(20):
            try:
                return " ".join(element.text for element in self.browser.find_elements(By.CSS_SELECTOR, selector))
            except StaleElementReferenceException:
                continue
        raise AssertionError(f"{selector} never holds still")

    def shows(self, selector, *words, seconds=60):
        self.world.until(f"{selector} shows {words}", lambda: all(word in self.text(selector) for word in words), seconds)

    def press(self, label, selector="button"):
        buttons = [button for button in self.browser.find_elements(By.CSS_SELECTOR, selector) if button.text == label]
        check(len(buttons) > 0, f"there is a button '{label}'")
        buttons[0].click()

    def sign_in(self, token):
        self.go("/login")
        self.browser.find_element(By.NAME, "token").send_keys(token + Keys.ENTER)

    def picture(self, name):
        if self.screenshots:
            size = self.browser.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
            window = self.browser.get_window_size()
            self.browser.set_window_size(window["width"], min(int(size["height"]) + 140, 4000))
            self.browser.save_screenshot(str(pathlib.Path(self.screenshots) / f"{name}.png"))
            self.browser.set_window_size(window["width"], window["height"])

    def script(self, code, *arguments):
        return self.browser.execute_script(code, *arguments)

    def fetch(self, path, form, headers=None):
        """Sends a form by the page's own hand."""
        return self.browser.execute_async_script(
            """const [path, form, headers, done] = arguments;
               fetch(path, {method: "POST", body: new URLSearchParams(form), headers, redirect: "manual"}).then(a => done(a.status || a.type))""",
            path, form, headers or {})


def check(holds, what):
    if not holds:
        raise AssertionError(what)


def said(sentence):
    print("ok", sentence, flush=True)


def signing_in(world, visit):
    visit.go("/watches")
    check(visit.browser.current_url.endswith("/login"), "nobody looks without signing in")
    visit.sign_in("wrong")
    visit.shows("main", "none of the server's tokens")
    check(not visit.browser.get_cookies(), "a wrong token makes no session")
    visit.sign_in(TOKENS["ops"])
    visit.shows("h1", "Overview")
    cookie = visit.browser.get_cookies()[0]
    check(cookie["httpOnly"] and cookie["sameSite"] == "Strict", "the cookie is out of reach of scripts and other sites")
    check(TOKENS["ops"] not in cookie["value"], "the cookie is not the token")
    visit.shows("#live", "live")
    said("a token signs in, nothing else does, and the cookie is a session's")


def living(world, visit):
    visit.go("/")
    visit.shows("#live", "live")
    visit.script("window.sameDocument = true")
    response = world.create(duration="4s")
    visit.shows("#now", response, "in_progress", "event")
    visit.picture("overview-live")
    visit.shows("#rang", response, "response.completed", "my-app")
    check(response not in visit.text("#now"), "what is done is not followed any more")
    check(visit.script("return window.sameDocument === true"), "the page was not loaded again")
    said("a response is seen to run and to ring, live and without a reload")
    visit.browser.find_element(By.LINK_TEXT, response).click()
    visit.shows("#story", "Registered", "Event response.completed", "Attempt 1 at my-app", "succeeded", "HTTP 204")
    visit.picture("story")
    said("its story is told from the registration to the answer")


def redriving(world, visit):
    world.receiver.status, world.receiver.body = 500, HOSTILE.encode()
    response = world.create(outcome="failed", duration="500ms")
    visit.go("/dead-letters")
    visit.shows("#list", response, "exhausted")
    visit.go("/")
    visit.shows("#failed", response, "my-app", "dead", "HTTP 500")
    visit.picture("overview-dead")
    visit.go("/dead-letters?endpoint=my-app&reason=rejected")
    check(response not in visit.text("#list"), "the filter filters")
    visit.go("/dead-letters?endpoint=my-app")
    visit.picture("dead-letters")
    visit.press("Redrive all that match…")
    visit.shows("#count", "1")
    visit.picture("redrive")
    check(len([status for status, _ in world.receiver.received if status < 300]) == 1, "counting sends nothing")
    world.receiver.status, world.receiver.body = 204, b""
    visit.press("Redrive 1")
    visit.shows("main", "1 letter was made due again")
    visit.shows("#list", "No dead letter")
    visit.go(f"/deliveries?response_id={response}")
    visit.shows("#list", "delivered")
    check([body["data"]["id"] for status, body in world.receiver.received if status < 300][-1] == response, "the receiver got it")
    said("a dead letter is seen, counted, redriven and delivered")


def hostility(world, visit):
    # A hostile vendor's and a hostile client's texts, wherever one can be written.
    response = world.create(model=HOSTILE, outcome="failed", duration="500ms", metadata={HOSTILE[:60]: HOSTILE})
    watch = world.until("it is watched", lambda: world.api("GET", f"/v1/watches?response_id={response}")["data"])[0]["id"]
    world.until("it has ended", lambda: world.api("GET", f"/v1/watches/{watch}")["terminal_at"])
    world.receiver.status, world.receiver.body = 500, HOSTILE.encode()
    other = world.create(model=HOSTILE, duration="300ms")
    world.until("it is dead", lambda: world.api("GET", "/v1/dead-letters")["data"])
    dead = world.api("GET", f"/v1/watches?response_id={other}")["data"][0]["id"]
    hostile = urllib.parse.quote(HOSTILE)
    pages = ["/", "/watches", f"/watches/{watch}", f"/watches/{dead}", "/dead-letters", "/deliveries", f"/watches?response_id={hostile}",
             f"/dead-letters?endpoint={hostile}", f"/dead-letters?redriven={hostile}", f"/endpoints/{hostile}", f"/watches/{hostile}", f"/watches?status={hostile}"]
    for page in pages:
        visit.go(page)
        check(visit.script("return window.pwned") is None, f"nothing runs on {page}")
        check(visit.script("return document.querySelectorAll('main img, main script, main [onerror], main style').length") == 0, f"no element is made on {page}")
        try:
            visit.browser.switch_to.alert
            raise AssertionError(f"an alert on {page}")
        except NoAlertPresentException:
            pass
    visit.go(f"/watches/{dead}")
    check("<script>window.pwned" in visit.text("#facts"), "the text is shown as text")
    visit.script("for (const d of document.querySelectorAll('details')) d.open = true")
    visit.picture("hostile")
    visit.go("/explain")
    visit.browser.find_element(By.NAME, "url").send_keys("http://127.0.0.1/" + Keys.ENTER)
    visit.shows("#verdict", "refused", "loopback")
    visit.picture("explain")
    world.receiver.status, world.receiver.body = 204, b""
    said("hostile texts in model, metadata, answers, queries and paths are shown and do nothing")


def trying(world, visit):
    visit.go("/endpoints/my-app")
    visit.press("Send a test event")
    visit.shows("main", "The test", "succeeded", "HTTP 204", "in all")
    visit.picture("endpoint")
    visit.go("/endpoints/my-app")
    visit.press("Disable")
    visit.shows("#health", "disabled by the API")
    visit.press("Enable")
    visit.shows("#health", "deliveries flow")
    visit.go("/explain")
    said("an endpoint is tried, switched off and on")


def paging(world, visit):
    for number in range(60):
        world.api("POST", "/v1/watches", {"response_id": f"resp_page_{number:03}", "endpoints": ["scripts"]})
    visit.go("/watches")
    check(len(visit.browser.find_elements(By.CSS_SELECTOR, "#list tbody tr")) == 50, "a page has fifty")
    visit.browser.find_element(By.LINK_TEXT, "Older").click()
    visit.shows("#list", "resp_page_000", "Newest")
    said("lists are paged")


def forging(world, visit):
    visit.go("/endpoints/my-app")
    proof = visit.browser.find_element(By.CSS_SELECTOR, "#health input[name=proof]").get_attribute("value")
    check(visit.fetch("/endpoints/my-app/disable", {}) == 403, "a form without its proof is refused")
    check(visit.fetch("/endpoints/my-app/disable", {"proof": "0" * 64}) == 403, "a forged proof is refused")
    cookie = visit.browser.get_cookies()[0]
    for headers in [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}]:
        request = urllib.request.Request(
            world.url + "/endpoints/my-app/disable", data=urllib.parse.urlencode({"proof": proof}).encode(),
            headers={"Cookie": f"{cookie['name']}={cookie['value']}", **headers})
        try:
            urllib.request.urlopen(request)
            raise AssertionError(f"a foreign form was taken: {headers}")
        except urllib.error.HTTPError as error:
            check(error.code == 403, f"{headers} is refused")
    check(world.api("GET", "/v1/endpoints/my-app")["enabled"], "nothing was changed")
    said("forms of other sites, and forms without a proof, are refused")


def reading(world, visit):
    visit.press("Sign out")
    visit.shows("h1", "Sign in")
    visit.sign_in(TOKENS["eye"])
    visit.shows("h1", "Overview")
    world.receiver.status = 500
    response = world.create(duration="300ms")
    letter = world.until("it is dead", lambda: [l for l in world.api("GET", "/v1/dead-letters")["data"] if l["response_id"] == response])[0]["id"]
    world.receiver.status = 204
    for page in ["/", "/watches", "/dead-letters", f"/deliveries/{letter}", "/endpoints/my-app", "/explain"]:
        visit.go(page)
        forms = visit.script("return [...document.querySelectorAll('main form[method=post]')].length")
        check(forms == 0, f"a reader sees no button on {page}")
    proof = visit.browser.find_element(By.CSS_SELECTOR, ".account input[name=proof]").get_attribute("value")
    for path in [f"/deliveries/{letter}/retry", f"/deliveries/{letter}/discard", "/endpoints/my-app/disable", "/endpoints/my-app/test", "/explain"]:
        check(visit.fetch(path, {"proof": proof, "url": "https://example.com"}) == 403, f"a reader is refused {path}")
    check(visit.fetch("/dead-letters/redrive", {"proof": proof}) == 403, "a reader is refused a redrive")
    said("a reader sees no buttons, and the server refuses what they would do")


def looking(world, visit, palette):
    pages = ["/", "/watches", "/deliveries", "/dead-letters", "/endpoints", "/endpoints/my-app", "/explain"]
    watch = world.api("GET", "/v1/watches?status=completed")["data"][0]["id"]
    for page in pages + [f"/watches/{watch}"]:
        visit.go(page)
        found = complaints(visit.browser)
        check(not found, f"{page}: {found}")
        name = page.strip("/").split("/")[0] or "overview"
        visit.picture(f"{palette}-{name}")
        sideways = visit.script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        check(sideways <= 0, f"{page} does not scroll sideways ({palette}, by {sideways})")
    for pair, contrast in contrasts(visit.browser).items():
        check(contrast >= 4.5, f"{palette}: the contrast of {pair} is {contrast:.2f}")


def tabbing(world, visit):
    visit.go("/")
    visit.browser.switch_to.active_element.send_keys(Keys.TAB)
    check(visit.browser.switch_to.active_element.text == "Skip to the content", "the first step of the keyboard leads past the navigation")
    visit.browser.switch_to.active_element.send_keys(Keys.ENTER)
    check(visit.script("return document.activeElement.id") == "main", "and into the content")
    said("the keyboard finds its way")


def console(visit):
    lines = [entry["message"] for entry in visit.browser.get_log("browser")]
    # What was refused on purpose above is told as a failed resource.
    bad = [line for line in lines if not re.search(r"status of 40[0-9]|status of 50[0-9]", line)]
    check(not bad, f"the browser's console is quiet: {bad[:3]}")


def main():
    screenshots = sys.argv[3] if len(sys.argv) > 3 else None
    if screenshots:
        pathlib.Path(screenshots).mkdir(parents=True, exist_ok=True)
    world = World(binary(sys.argv[1]), sys.argv[2])
    visits = []
    try:
        visit = Visit(world, screenshots)
        visits.append(visit)
        for part in [signing_in, living, redriving, hostility, trying, forging, paging, tabbing]:
            part(world, visit)
        looking(world, visit, "light")
        console(visit)
        reading(world, visit)
        for palette, look in {"dark": {"dark": True}, "narrow": {"width": 500, "height": 900, "dark": True}}.items():
            other = Visit(world, screenshots, **look)
            visits.append(other)
            if palette == "narrow":
                other.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": True})
            other.sign_in(TOKENS["ops"])
            other.shows("h1", "Overview")
            looking(world, other, palette)
        said("every page has its headings, labels, names and contrast, in light, dark and narrow")
    finally:
        for visit in visits:
            visit.browser.quit()
        world.end()


if __name__ == "__main__":
    try:
        main()
    except AssertionError as error:
        print("FAILED", error, file=sys.stderr)
        sys.exit(1)
