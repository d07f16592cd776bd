// The shared worker: one EventSource, told on to every page.
const ports = new Set();
let last = null;
let hello = null;

function tell(message) {
  for (const port of ports) port.postMessage(message);
}

function open() {
  const source = new EventSource("/api/ops/v1/live");
  source.onopen = () => tell(last = { kind: "line", data: "open" });
  source.onerror = () => {
    tell(last = { kind: "line", data: "lost" });
    if (source.readyState === EventSource.CLOSED) setTimeout(open, 5000); // refused: the browser does not try again by itself
  };
  source.addEventListener("hello", e => tell(hello = { kind: "hello", data: JSON.parse(e.data) }));
  source.addEventListener("state", e => tell({ kind: "state", data: JSON.parse(e.data).size }));
  source.addEventListener("tick", e => tell({ kind: "tick", data: JSON.parse(e.data).t }));
}

self.onconnect = e => {
  const port = e.ports[0];
  ports.add(port);
  port.onmessage = m => { if (m.data === "bye") ports.delete(port); };
  port.start();
  if (last) port.postMessage(last);
  if (hello) port.postMessage(hello);
  if (ports.size === 1 && !self.begun) { self.begun = true; open(); }
};
