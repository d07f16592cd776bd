import { onHello, onLine, onState, onTick } from "./ticks.js";
import { morph } from "./morph.js";

// <ops-live>: whether this page is live, in a word; and what changed, put in place without moving what the reader is at.
const lateAfter = 5000, offAfter = 30000; // ms without a tick
const pages = new URL(import.meta.url).pathname.split("/").at(-2);

class Live extends HTMLElement {
  connectedCallback() {
    if (this.sign) return;
    this.sign = Object.assign(document.createElement("button"), { type: "button", className: "live" });
    this.replaceChildren(this.sign);
    this.sign.addEventListener("click", () => this.toggle());
    this.last = Date.now();
    this.size = Number(this.dataset.size);
    this.paused = false;
    this.lost = true;
    this.stops = [
      onTick(() => { this.last = Date.now(); this.lost = false; this.show(); }),
      onLine(line => { this.lost = line === "lost"; this.show(); }),
      onState(size => { if (size === null || size > this.size) this.catchUp(); }),
      onHello(h => {
        if (h.pages !== pages) location.reload(); // a newer hub: its pages go with its scripts
        else if (h.size > this.size) this.catchUp();
      }),
    ];
    this.clock = setInterval(() => this.show(), 1000);
    this.refresh = setInterval(() => this.catchUp(), 10000); // what follows from time alone: ages, "no data", values in sentences
    this.shown = () => { if (!document.hidden) this.catchUp(); };
    document.addEventListener("visibilitychange", this.shown);
    this.show();
  }

  disconnectedCallback() {
    this.stops?.forEach(stop => stop());
    clearInterval(this.clock);
    clearInterval(this.refresh);
    document.removeEventListener("visibilitychange", this.shown);
  }

  toggle() {
    this.paused = !this.paused;
    this.show();
    if (!this.paused) this.catchUp();
  }

  show() {
    const silent = Date.now() - this.last;
    const [look, text, told] = this.paused ? ["is-paused", "Paused", "Resume: press to follow again"]
      : silent > offAfter || (this.lost && silent > lateAfter) ? ["is-off", "Disconnected", "Not live since " + new Date(this.last).toLocaleTimeString("en-GB")]
      : silent > lateAfter ? ["is-late", `Late ${Math.round(silent / 1000)} s`, "The hub has not been heard for a while"]
      : this.lost ? ["", "Connecting", "Not live yet"]
      : ["is-live", "Live", "Press to pause"];
    const name = ("live " + look).trim();
    if (this.sign.className !== name) this.sign.className = name;
    if (this.sign.textContent !== text) this.sign.textContent = text;
    if (this.sign.title !== told) this.sign.title = told;
    document.body.classList.toggle("not-live", look === "is-off");
  }

  async catchUp() {
    if (this.paused || document.hidden) return;
    if (this.fetching) { this.again = true; return; }
    this.fetching = true;
    try {
      const response = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!response.headers.get("Content-Type")?.startsWith("text/html")) return;
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
      const size = Number(fresh.querySelector("ops-live")?.dataset.size);
      for (const place of ["main", ".rail > ul", ".rail-foot > p", ".tabbar"]) {
        const [old, next] = [document.querySelector(place), fresh.querySelector(place)];
        if (old && next) morph(old, next);
      }
      document.title = fresh.title;
      if (Number.isFinite(size)) this.size = size;
    } catch {
      this.lost = true; // the sign says it; the next state or tick asks again
    } finally {
      this.fetching = false;
      if (this.again) { this.again = false; this.catchUp(); }
    }
  }
}
customElements.define("ops-live", Live);
