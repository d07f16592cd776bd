import { duration } from "./quantity.js";

// How long ago something was, counted on each second of the page's one stream of time.
class Age extends HTMLElement {
  connectedCallback() {
    this.tick = () => {
      const text = duration(Math.max(0, (Date.now() - Number(this.dataset.since)) / 1000)).replace(".0\u00a0", "\u00a0");
      if (this.textContent !== text) this.textContent = text;
    };
    this.timer = setInterval(this.tick, 1000);
  }
  disconnectedCallback() {
    clearInterval(this.timer);
  }
}
customElements.define("ops-age", Age);
