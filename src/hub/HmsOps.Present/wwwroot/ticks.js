// One stream of events for all pages of this browser: a shared worker holds it, for plain HTTP allows six connections a host and a seventh
// page would hang in silence. Where there is no such worker, the page asks every 5 s instead.
const listeners = { tick: new Set(), state: new Set(), hello: new Set(), line: new Set() };

export const onTick = f => on("tick", f);
export const onState = f => on("state", f);
export const onHello = f => on("hello", f);
export const onLine = f => on("line", f); // "open" or "lost"

function on(kind, f) {
  listeners[kind].add(f);
  return () => listeners[kind].delete(f);
}

function hear({ kind, data }) {
  for (const f of listeners[kind] ?? []) f(data);
}

if (window.SharedWorker) {
  const worker = new SharedWorker(new URL("./stream.js", import.meta.url), { name: "hms-ops" });
  worker.port.onmessage = e => hear(e.data);
  worker.port.start();
  addEventListener("pagehide", () => worker.port.postMessage("bye"));
  addEventListener("pageshow", e => { if (e.persisted) location.reload(); });
} else {
  const ask = async () => {
    try {
      const response = await fetch("/readyz");
      hear({ kind: "line", data: response.ok ? "open" : "lost" });
      if (!response.ok) return;
      hear({ kind: "tick", data: Date.now() });
      hear({ kind: "state", data: null });
    } catch {
      hear({ kind: "line", data: "lost" });
    }
  };
  setInterval(ask, 5000);
  ask();
}
