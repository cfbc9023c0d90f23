// Keeps a page up to date: when the feed says that something changed, the page is asked for again and its live parts are put in place of the old
// ones. All markup is the server's, so that there is one way to show a thing, and one place where strangers' texts are made harmless.
"use strict";

(() => {
  const main = document.getElementById("main");
  const light = document.getElementById("live");
  // At most one renewal a second, however much happens.
  const shortestWait = 1000;
  const firstWait = 80;

  const elapsed = (seconds) => {
    const s = Math.max(0, Math.floor(seconds));
    if (s < 60) return `${s} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
    if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
    return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
  };

  setInterval(() => {
    for (const time of document.querySelectorAll("time[data-since]")) {
      time.textContent = elapsed((Date.now() - Date.parse(time.dateTime)) / 1000);
    }
  }, 1000);

  if (!main || !main.dataset.liveAfter || !light) return;

  const show = (state, words) => {
    if (light.dataset.state === state) return;
    light.dataset.state = state;
    light.textContent = words;
  };

  // What a person has opened, and where the keyboard is, stays as it was.
  const put = (old, fresh) => {
    if (old.innerHTML === fresh.innerHTML) return;
    const open = new Set([...old.querySelectorAll("details[open][id]")].map((details) => details.id));
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const place = focused && [...old.querySelectorAll("a, button, summary, [tabindex]")].indexOf(focused);
    const sideways = [...old.querySelectorAll(".scroll")].map((box) => box.scrollLeft);
    const before = new Map([...old.querySelectorAll("tr[data-watch], tr[data-delivery]")].map((row) => [row.dataset.watch || row.dataset.delivery, row.textContent]));
    old.replaceChildren(...fresh.childNodes);
    for (const details of old.querySelectorAll("details[id]")) details.open = open.has(details.id);
    [...old.querySelectorAll(".scroll")].forEach((box, index) => { box.scrollLeft = sideways[index] || 0; });
    for (const row of old.querySelectorAll("tr[data-watch], tr[data-delivery]")) {
      const known = before.get(row.dataset.watch || row.dataset.delivery);
      if (known !== row.textContent) row.classList.add("changed");
    }
    if (focused) {
      const again = old.querySelectorAll("a, button, summary, [tabindex]")[place];
      if (again) again.focus({ preventScroll: true });
    }
  };

  // A button that is being pressed must not be put away under the finger: the press would be lost.
  let pressed = false;
  addEventListener("pointerdown", () => { pressed = true; });
  for (const end of ["pointerup", "pointercancel"]) {
    addEventListener(end, () => setTimeout(() => { pressed = false; if (wanted) plan(); }, 0));
  }

  let renewing = false;
  let wanted = false;
  let timer = null;
  let latest = 0;

  const renew = async () => {
    timer = null;
    if (renewing) return;
    renewing = true;
    wanted = false;
    latest = Date.now();
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "error" });
      if (pressed) {
        wanted = true;
      } else if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const old of document.querySelectorAll("[data-live]")) {
          const fresh = page.getElementById(old.id);
          if (fresh) put(old, fresh);
        }
      }
    } catch {
      // The server is away, or nobody is signed in any more: the feed says so.
      wanted = true;
    }
    renewing = false;
    if (wanted) plan();
  };

  const plan = () => {
    wanted = true;
    if (timer || renewing || pressed || document.hidden) return;
    timer = setTimeout(renew, Math.max(firstWait, latest + shortestWait - Date.now()));
  };

  document.addEventListener("visibilitychange", () => { if (!document.hidden && wanted) plan(); });

  const concerns = (event) => {
    if (!main.dataset.about) return true;
    const object = JSON.parse(event.data);
    return object.id === main.dataset.about || object.watch === main.dataset.about;
  };

  const feed = new EventSource(`/live?after=${encodeURIComponent(main.dataset.liveAfter)}`);
  feed.addEventListener("ready", () => show("on", "live"));
  feed.addEventListener("reset", () => { show("on", "live"); plan(); });
  for (const kind of ["watch", "event", "delivery"]) feed.addEventListener(kind, (event) => { if (concerns(event)) plan(); });
  feed.addEventListener("error", () => {
    if (feed.readyState === EventSource.CLOSED) show("lost", "not live: load the page again");
    else show("off", "connecting again…");
  });
})();
