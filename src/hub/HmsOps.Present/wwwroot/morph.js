// Makes one tree like another by changing what differs. Elements are matched by data-key or id, else by place and name. What holds the focus, a
// selection or an opened <details> is left alone; a chart keeps its canvas and its samples.
export function morph(old, next) {
  attributes(old, next);
  children(old, next);
}

function attributes(old, next) {
  const mine = own[old.localName] ?? [];
  for (const { name } of [...old.attributes]) if (!next.hasAttribute(name) && !mine.includes(name)) old.removeAttribute(name);
  for (const { name, value } of next.attributes) {
    if (mine.includes(name) && old.hasAttribute(name)) continue;
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

// What belongs to the reader or to the element itself.
const own = { details: ["open"], "ops-chart": ["class", "data-from", "data-to"] };

function children(old, next) {
  if (old.localName === "ops-age" && old.dataset.since === next.dataset.since) return;
  const wanted = [...next.childNodes];
  const keyed = new Map();
  for (const child of old.children) if (keyOf(child)) keyed.set(keyOf(child), child);
  let at = old.firstChild;
  for (const want of wanted) {
    while (at && isOurs(at)) at = at.nextSibling;
    const match = matchOf(want, at, keyed);
    if (!match) {
      old.insertBefore(document.importNode(want, true), at);
      continue;
    }
    if (match !== at) old.insertBefore(match, at); else at = at.nextSibling;
    if (match.nodeType === Node.ELEMENT_NODE) { if (!isHeld(match)) morph(match, want); }
    else if (match.data !== want.data) match.data = want.data;
  }
  while (at) {
    const rest = at.nextSibling;
    if (!isOurs(at) && !(at.nodeType === Node.ELEMENT_NODE && isHeld(at))) at.remove();
    at = rest;
  }
}

const keyOf = e => e.dataset?.key || e.id || null;

function matchOf(want, at, keyed) {
  if (want.nodeType === Node.ELEMENT_NODE && keyOf(want)) {
    const known = keyed.get(keyOf(want));
    return known?.localName === want.localName ? known : null;
  }
  if (!at || at.nodeType !== want.nodeType) return null;
  return at.nodeType !== Node.ELEMENT_NODE || (at.localName === want.localName && !keyOf(at)) ? at : null;
}

// The canvas and the notes an element made for itself.
const isOurs = n => n.localName === "canvas" || n.classList?.contains("chart-tip") || n.classList?.contains("chart-note");

function isHeld(e) {
  const focus = document.activeElement;
  if (focus && focus !== document.body && e === focus && e.matches("input, textarea, select")) return true;
  const selection = getSelection();
  return selection && !selection.isCollapsed && e === selection.anchorNode?.parentElement;
}
