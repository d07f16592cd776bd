import { duration } from "./quantity.js";
import { onTick } from "./ticks.js";

// How long ago something was, by the hub's clock: the reader's may be wrong. Each tick of the hub sets it right again.
let ahead = Date.now() - Number(document.querySelector("ops-live")?.dataset.at ?? Date.now());
onTick(t => { ahead = Date.now() - t; });

class Age extends HTMLElement {
  connectedCallback() {
    this.tick = () => {
      const text = duration(Math.max(0, (Date.now() - ahead - Number(this.dataset.since)) / 1000)).replace(".0\u00a0", "\u00a0");
      if (this.textContent !== text) this.textContent = text;
    };
    this.timer = setInterval(this.tick, 1000);
  }
  disconnectedCallback() {
    clearInterval(this.timer);
  }
}
customElements.define("ops-age", Age);
