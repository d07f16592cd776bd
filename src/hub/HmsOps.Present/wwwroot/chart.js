import { quantity } from "./quantity.js";
import { nice, times, nearest } from "./scale.js";
import { onTick } from "./ticks.js";

// <ops-chart>: draws on a canvas what the server drew as SVG, and goes on. It fetches its own samples by the queries of its <ops-line> children;
// bounds, bands and marks are children too, so that what the page learns later needs no script of its own.
const dashes = { solid: [], dashed: [5, 3], dotted: [2, 3], edge: [] };
const widths = { solid: 2, dashed: 1.5, dotted: 1.25, edge: 1 };
const shrinkAfter = 10000; // ms: the axis grows at once and shrinks late, so that it does not jump

class Chart extends HTMLElement {
  connectedCallback() {
    if (this.canvas) return; // moved in the page: everything is still here
    this.canvas = document.createElement("canvas");
    this.tip = Object.assign(document.createElement("div"), { className: "chart-tip", hidden: true });
    this.note = Object.assign(document.createElement("p"), { className: "chart-note", hidden: true });
    this.append(this.canvas, this.tip, this.note);
    this.data = new Map();
    this.cursor = null;
    this.ceiling = { step: 1, ceiling: 0, since: 0 };
    this.resized = new ResizeObserver(() => this.later());
    this.resized.observe(this);
    this.changed = new MutationObserver(() => this.later());
    this.changed.observe(this, { childList: true, subtree: false, attributes: true });
    this.theme = matchMedia("(prefers-color-scheme: dark)");
    this.redraw = () => this.later();
    this.theme.addEventListener("change", this.redraw);
    this.canvas.addEventListener("pointermove", e => this.point(e.offsetX));
    this.canvas.addEventListener("pointerdown", e => this.point(e.offsetX));
    this.canvas.addEventListener("pointerleave", () => this.release());
    this.addEventListener("keydown", e => this.key(e));
    this.addEventListener("blur", () => this.release());
    this.stopTicks = onTick(t => this.tick(t));
    this.load(Number(this.dataset.from), Number(this.dataset.to));
  }

  disconnectedCallback() {
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.stopTicks?.();
      this.resized?.disconnect();
      this.changed?.disconnect();
      this.theme?.removeEventListener("change", this.redraw);
      this.canvas?.remove();
      this.tip?.remove();
      this.note?.remove();
      this.canvas = null;
    });
  }

  get step() { return Number(this.dataset.step); }
  get unit() { return this.dataset.unit; }
  get live() { return this.dataset.live === "yes"; }
  get lines() { return [...this.querySelectorAll("ops-line")].map(l => l.dataset); }

  async load(from, to) {
    const lines = this.lines;
    try {
      const answers = await Promise.all(lines.map(l => this.ask(l.query, from, to)));
      lines.forEach((l, i) => this.merge(l.name, answers[i], from));
      this.say("");
    } catch (e) {
      this.say(e.message); // the last picture stays
    }
    this.later();
  }

  async ask(query, from, to) {
    const form = new URLSearchParams({ query, start: from / 1000, end: to / 1000, step: this.step / 1000 });
    const response = await fetch("/api/v1/query_range?" + form);
    const answer = await response.json();
    if (answer.status !== "success") throw new Error("Not updated: " + answer.error);
    return answer.data.result[0]?.values ?? [];
  }

  merge(name, values, from) {
    const old = this.data.get(name) ?? { t: [], v: [] };
    const keep = old.t.findIndex(t => t >= from);
    const t = keep < 0 ? old.t.slice() : old.t.slice(0, keep), v = keep < 0 ? old.v.slice() : old.v.slice(0, keep);
    for (const [at, text] of values) {
      const value = Number(text);
      if (Number.isFinite(value)) { t.push(Math.round(at * 1000)); v.push(value); }
    }
    this.data.set(name, { t, v });
  }

  // Each second: the points since the last one. The newest is asked for again, for its window was not over.
  tick(now) {
    if (!this.live || this.asking || document.hidden) return;
    const to = Math.floor(now / this.step) * this.step, span = this.window.to - this.window.from;
    if (to <= this.window.to) return;
    this.asking = true;
    const from = Math.max(to - span, this.window.to - this.step);
    this.load(from, to).finally(() => {
      this.asking = false;
      this.dataset.from = to - span;
      this.dataset.to = to;
      for (const d of this.data.values()) {
        const first = d.t.findIndex(t => t >= to - span);
        if (first > 0) { d.t.splice(0, first); d.v.splice(0, first); }
      }
      this.tell();
    });
  }

  get window() { return { from: Number(this.dataset.from), to: Number(this.dataset.to) }; }

  // The last values, in the legend and in the page's big figure.
  tell() {
    const panel = this.closest(".chart");
    for (const l of this.lines) {
      const d = this.data.get(l.name), fresh = d?.t.length && this.window.to - d.t.at(-1) <= 2 * this.step;
      const text = fresh ? quantity(d.v.at(-1), this.unit) : "–";
      const place = panel?.querySelector(`[data-last="${CSS.escape(l.name)}"]`);
      if (place && place.textContent !== text) place.textContent = text;
    }
    const first = this.lines[0] && this.data.get(this.lines[0].name), figure = document.querySelector("[data-figure=now]");
    if (figure && first?.t.length) figure.textContent = this.window.to - first.t.at(-1) <= 2 * this.step ? quantity(first.v.at(-1), this.unit) : "–";
  }

  say(text) {
    if (!this.note) return;
    this.note.textContent = text;
    this.note.hidden = text === "";
  }

  later() {
    this.frame ??= requestAnimationFrame(() => { this.frame = null; if (this.canvas) this.draw(); });
  }

  draw() {
    const first = this.lines[0];
    if (!first || !this.data.get(first.name)) return;
    this.classList.add("drawn"); // the picture makes room for the canvas, which only now has a size
    const ratio = devicePixelRatio || 1, width = this.clientWidth, height = this.canvas.clientHeight;
    if (width === 0 || height === 0) return;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    const g = this.canvas.getContext("2d");
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, width, height);
    const style = getComputedStyle(this), c = name => style.getPropertyValue("--c-" + name).trim() || "#888";
    const { from, to } = this.window, marks = [...this.querySelectorAll("ops-mark")].map(m => m.dataset).filter(m => m.at >= from && m.at <= to);
    g.font = `11.5px ${style.fontFamily}`;
    this.fitAxis();
    const { step, ceiling } = this.ceiling;
    const ticks = []; for (let v = 0; v <= ceiling + step / 2; v += step) ticks.push(v);
    const left = Math.ceil(Math.max(...ticks.map(v => g.measureText(this.label(v)).width))) + 12;
    const box = this.box = { left, right: width - 10, top: marks.length ? 40 : 12, bottom: height - 24 };
    const x = at => box.left + (at - from) / (to - from) * (box.right - box.left), y = v => box.bottom - v / ceiling * (box.bottom - box.top);
    this.x = x;

    for (const band of this.querySelectorAll("ops-band")) {
      const a = Math.max(box.left, x(Number(band.dataset.from))), b = Math.min(box.right, x(Number(band.dataset.to || to)));
      if (b < box.left || a > box.right) continue;
      g.fillStyle = c("fail-tint");
      g.fillRect(a, box.top, Math.max(2, b - a), box.bottom - box.top);
    }
    g.lineWidth = 1;
    for (const v of ticks) {
      const at = Math.round(y(v)) + 0.5;
      g.strokeStyle = c("line");
      stroke(g, [[box.left, at], [box.right, at]]);
      g.fillStyle = c("ink-3"); g.textAlign = "right"; g.textBaseline = "middle";
      g.fillText(this.label(v), box.left - 8, at);
    }
    g.textAlign = "center"; g.textBaseline = "top";
    for (const at of times(from, to, Math.max(3, Math.min(8, width / 110)))) {
      const px = x(at);
      if (px > box.left + 14 && px < box.right - 14) g.fillText(this.clock(at, false), px, box.bottom + 8);
    }
    this.drawBound(g, box, y, c);
    for (const l of this.lines.slice().reverse()) this.drawLine(g, l, box, x, y, c);
    this.drawMarks(g, marks, box, x, c);
    if (this.cursor !== null) this.drawCursor(g, box, x, y, c);
  }

  fitAxis() {
    let highest = Number(this.querySelector("ops-bound")?.dataset.value ?? 0);
    for (const d of this.data.values()) for (const v of d.v) if (v > highest) highest = v;
    const wanted = nice(highest * 1.08), now = performance.now();
    if (wanted.ceiling >= this.ceiling.ceiling) this.ceiling = { ...wanted, since: now };
    else if (now - this.ceiling.since > shrinkAfter) this.ceiling = { ...wanted, since: now };
  }

  drawBound(g, box, y, c) {
    const bound = this.querySelector("ops-bound");
    if (!bound) return;
    const at = Math.round(y(Number(bound.dataset.value))) + 0.5;
    g.strokeStyle = c("fail"); g.setLineDash([6, 4]);
    stroke(g, [[box.left, at], [box.right, at]]);
    g.setLineDash([]);
    this.tag(g, bound.dataset.label, box.left + 6, at - 20 < box.top ? at + 4 : at - 20, c("fail"), c);
  }

  drawLine(g, line, box, x, y, c) {
    const d = this.data.get(line.name);
    if (!d) return;
    g.save();
    g.beginPath(); g.rect(box.left, box.top - 2, box.right - box.left, box.bottom - box.top + 4); g.clip();
    if (line.weight === "edge") this.drawReach(g, d, x, y, c);
    g.strokeStyle = c(line.weight === "edge" ? "spark" : "s1"); g.lineWidth = widths[line.weight]; g.lineJoin = "round"; g.setLineDash(dashes[line.weight]);
    if (line.weight === "dotted") g.globalAlpha = 0.75;
    g.beginPath();
    for (let i = 0; i < d.t.length; i++) {
      // A gap of more than two steps breaks the line: nobody measured there.
      if (i === 0 || d.t[i] - d.t[i - 1] > 2 * this.step) g.moveTo(x(d.t[i]), y(d.v[i])); else g.lineTo(x(d.t[i]), y(d.v[i]));
    }
    g.stroke();
    g.restore();
  }

  // The shaded band: from the first line up to an edge, in a piece for each unbroken stretch.
  drawReach(g, edge, x, y, c) {
    const base = this.data.get(this.lines[0].name), below = new Map(base.t.map((t, i) => [t, base.v[i]]));
    g.fillStyle = c("s1"); g.globalAlpha = 0.18;
    for (let first = 0, i = 0; i < edge.t.length; i++) {
      if (i + 1 < edge.t.length && edge.t[i + 1] - edge.t[i] <= 2 * this.step) continue;
      g.beginPath();
      for (let k = first; k <= i; k++) g.lineTo(x(edge.t[k]), y(edge.v[k]));
      for (let k = i; k >= first; k--) g.lineTo(x(edge.t[k]), y(below.get(edge.t[k]) ?? edge.v[k]));
      g.fill();
      first = i + 1;
    }
    g.globalAlpha = 1;
  }

  drawMarks(g, marks, box, x, c) {
    const ends = [-Infinity, -Infinity];
    for (const m of marks) {
      const px = Math.round(x(Number(m.at))) + 0.5, colour = m.shape === "disc" ? c("act") : c("fail");
      g.strokeStyle = colour; g.lineWidth = 1;
      stroke(g, [[px, box.top], [px, box.bottom]]);
      g.fillStyle = m.shape === "ring" ? c("surface") : colour;
      g.beginPath();
      if (m.shape === "triangle") { g.moveTo(px, box.bottom - 7); g.lineTo(px + 6, box.bottom + 4); g.lineTo(px - 6, box.bottom + 4); g.closePath(); }
      else g.arc(px, box.bottom, 5, 0, 7);
      g.fill();
      if (m.shape === "ring") { g.lineWidth = 2; g.stroke(); }
      g.font = "600 11.5px " + getComputedStyle(this).fontFamily;
      const wide = g.measureText(m.tag).width + 12;
      const from = Math.max(box.left, Math.min(px - wide / 2, box.right - wide));
      const row = from > ends[1] + 4 ? 1 : from > ends[0] + 4 ? 0 : -1;
      if (row < 0) continue; // no room: the mark itself stays, its entry is in the table and the ledger
      ends[row] = from + wide;
      this.tag(g, m.tag, from, row === 1 ? 20 : 0, colour, c);
    }
  }

  tag(g, text, left, top, colour, c) {
    g.font = "600 11.5px " + getComputedStyle(this).fontFamily;
    const wide = Math.ceil(g.measureText(text).width) + 12;
    g.fillStyle = c("surface"); g.strokeStyle = colour; g.lineWidth = 1;
    g.beginPath(); g.roundRect(Math.round(left) + 0.5, Math.round(top) + 0.5, wide, 17, 4); g.fill();
    g.globalAlpha = 0.5; g.stroke(); g.globalAlpha = 1;
    g.fillStyle = colour; g.textAlign = "left"; g.textBaseline = "middle";
    g.fillText(text, Math.round(left) + 6.5, Math.round(top) + 9.5);
    g.font = "11.5px " + getComputedStyle(this).fontFamily;
  }

  drawCursor(g, box, x, y, c) {
    const px = Math.round(x(this.cursor)) + 0.5;
    g.strokeStyle = c("ink-3"); g.lineWidth = 1;
    stroke(g, [[px, box.top], [px, box.bottom]]);
    for (const l of this.lines) {
      const d = this.data.get(l.name), i = d ? d.t.indexOf(this.cursor) : -1;
      if (i < 0) continue;
      g.fillStyle = c("s1"); g.strokeStyle = c("surface"); g.lineWidth = 2;
      g.beginPath(); g.arc(px, y(d.v[i]), 4, 0, 7); g.fill(); g.stroke();
    }
  }

  point(px) {
    if (!this.box) return;
    const { from, to } = this.window, at = from + (px - this.box.left) / (this.box.right - this.box.left) * (to - from);
    this.look(at, false);
  }

  // Sets the cursor on the point nearest to a time, and says what is there.
  look(at, aloud) {
    const first = this.data.get(this.lines[0]?.name);
    const i = first ? nearest(first.t, at) : -1;
    if (i < 0) return;
    this.cursor = first.t[i];
    const rows = this.lines.map(l => {
      const d = this.data.get(l.name), k = d ? d.t.indexOf(this.cursor) : -1;
      return [l.name, quantity(k < 0 ? null : d.v[k], this.unit)];
    });
    const head = document.createElement("b");
    head.textContent = this.clock(this.cursor, true);
    this.tip.replaceChildren(head, ...rows.map(([name, value]) => {
      const row = document.createElement("span"), figure = document.createElement("b");
      row.append(name, figure);
      figure.textContent = value;
      return row;
    }));
    this.tip.hidden = false;
    const px = this.x(this.cursor), wide = this.tip.offsetWidth;
    this.tip.style.left = (px + 14 + wide < this.clientWidth ? px + 14 : px - 14 - wide) + "px";
    const marked = [...this.querySelectorAll("ops-mark")].map(m => m.dataset).filter(m => m.at > this.cursor - this.step && m.at <= this.cursor);
    if (aloud) document.querySelector(".told").textContent = [this.clock(this.cursor, true), ...rows.map(r => r.join(" ")), ...marked.map(m => m.words)].join(", ");
    this.later();
  }

  release() {
    this.cursor = null;
    if (this.tip) this.tip.hidden = true;
    this.later();
  }

  key(e) {
    const first = this.data.get(this.lines[0]?.name);
    if (e.target !== this || !first?.t.length || e.altKey || e.ctrlKey || e.metaKey) return;
    const i = this.cursor === null ? first.t.length - 1 : nearest(first.t, this.cursor), by = e.shiftKey ? 10 : 1;
    const to = { ArrowLeft: i - by, ArrowRight: i + by, Home: 0, End: first.t.length - 1 }[e.key];
    if (to !== undefined) this.look(first.t[Math.max(0, Math.min(first.t.length - 1, to))], true);
    else if (e.key === "Escape") this.release();
    else if (e.key === "t" || e.key === "T") {
      const table = this.closest(".chart")?.querySelector("details.as-table");
      if (table) { table.open = !table.open; table.querySelector("summary").focus(); }
    } else return;
    e.preventDefault();
  }

  label(v) { return v === 0 ? "0" : quantity(v, this.unit).replace(".0\u00a0", "\u00a0"); }

  clock(at, exact) {
    const options = { timeZone: this.dataset.zone === "UTC" ? "UTC" : this.dataset.zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    if (exact) { options.second = "2-digit"; options.timeZoneName = "short"; }
    return new Intl.DateTimeFormat("en-GB", options).format(at);
  }
}

function stroke(g, points) {
  g.beginPath();
  points.forEach(([px, py], i) => i ? g.lineTo(px, py) : g.moveTo(px, py));
  g.stroke();
}

customElements.define("ops-chart", Chart);
