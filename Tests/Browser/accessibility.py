"""The basics of accessibility that a program can check (WCAG 2.2: 1.1.1, 1.3.1, 1.4.3, 2.4.1, 2.4.2, 3.1.1, 3.3.2, 4.1.2)."""

CHECKS = """
const found = [];
const name = (e) => (e.getAttribute("aria-label") || (e.getAttribute("aria-labelledby") || "").split(" ").map(i => (document.getElementById(i) || {}).textContent || "").join(" ") || e.textContent || e.title || "").trim();
if (!document.documentElement.lang) found.push("the page says no language");
if (!document.title.trim()) found.push("the page has no title");
if (document.querySelectorAll("h1").length !== 1) found.push("the page has not one h1");
if (document.querySelectorAll("main").length !== 1) found.push("the page has not one main");
if (!document.querySelector("header") || !document.querySelector("nav") || !document.querySelector("footer")) found.push("a landmark is missing");
let level = 0;
for (const h of document.querySelectorAll("h1, h2, h3, h4")) {
  const own = Number(h.tagName[1]);
  if (own > level + 1) found.push(`the heading '${h.textContent}' skips a level`);
  if (!h.textContent.trim()) found.push("a heading is empty");
  level = own;
}
for (const e of document.querySelectorAll("a[href], button, summary")) if (!name(e)) found.push(`no name: ${e.outerHTML.slice(0, 80)}`);
for (const e of document.querySelectorAll("input:not([type=hidden]), select, textarea")) if (!(e.labels && e.labels.length) && !e.getAttribute("aria-label")) found.push(`no label: ${e.outerHTML.slice(0, 80)}`);
for (const e of document.querySelectorAll("svg")) if (e.getAttribute("aria-hidden") !== "true" && !(e.getAttribute("role") === "img" && e.getAttribute("aria-label"))) found.push("a picture without words");
for (const e of document.querySelectorAll("table")) { if (!e.caption) found.push("a table without a caption"); }
for (const e of document.querySelectorAll("th")) if (!e.scope) found.push("a head of a table without a scope");
for (const e of document.querySelectorAll("section, nav, [role=region], [role=search]")) if (!name(e)) found.push(`a region without a name: ${e.outerHTML.slice(0, 60)}`);
for (const e of document.querySelectorAll("[aria-labelledby]")) for (const i of e.getAttribute("aria-labelledby").split(" ")) if (!document.getElementById(i)) found.push(`'${i}' labels and is not there`);
const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
for (const id of new Set(ids)) if (ids.filter(i => i === id).length > 1) found.push(`the id '${id}' is there twice`);
for (const e of document.querySelectorAll("[style]")) found.push("a style that stands in the page");
return found;
"""

# Text on ground, as the style sheet pairs them.
PAIRS = [
    (text, ground)
    for text in ["text", "muted", "link", "good", "bad", "warn", "busy"]
    for ground in ["ground", "panel"]
] + [(tone, f"{tone}-ground") for tone in ["good", "bad", "warn", "busy"]] + [("on-accent", "accent")]


def complaints(browser):
    return browser.execute_script(CHECKS)


def luminance(colour):
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrasts(browser):
    """By pair, in the palette the browser shows."""
    def colour(name):
        return browser.execute_script("return getComputedStyle(document.documentElement).getPropertyValue(arguments[0]).trim()", f"--{name}")

    found = {}
    for text, ground in PAIRS:
        light, dark = sorted([luminance(colour(text)), luminance(colour(ground))], reverse=True)
        found[f"{text} on {ground}"] = (light + 0.05) / (dark + 0.05)
    return found
