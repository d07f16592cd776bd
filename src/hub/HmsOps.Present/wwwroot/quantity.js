// The same rules as Quantity on the server (Web/Words/Quantity.cs); one table of cases holds both to it (QuantityTests).
const nbsp = "\u00a0";

export function quantity(value, unit) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  switch (unit) {
    case "ms": return duration(value / 1e3);
    case "s": return duration(value);
    case "us": return duration(value / 1e6);
    case "ns": return duration(value / 1e9);
    case "B": return bytes(value);
    case "%": return percent(value);
    case "ratio": return percent(value * 100);
    case "/s": return short(value) + "/s";
    default: return unit ? short(value) + nbsp + unit : short(value);
  }
}

export function duration(s) {
  if (s < 0) return "-" + duration(-s);
  if (s === 0) return "0" + nbsp + "s";
  if (s < 0.001) return significant(s * 1e6, 2) + nbsp + "µs";
  if (s < 0.010) return significant(s * 1e3, 2) + nbsp + "ms";
  if (s < 0.9995) return even(s * 1e3) + nbsp + "ms";
  if (s < 9.95) return fixed(s, 1) + nbsp + "s";
  if (s < 59.5) return even(s) + nbsp + "s";
  if (s < 3599.5) return inTwo(s, 60, "min", "s");
  if (s < 86370) return inTwo(s / 60, 60, "h", "min");
  if (s < 172800) return "1" + nbsp + "day";
  return thousands(String(Math.floor(s / 86400))) + nbsp + "days";
}

function inTwo(small, per, big, little) {
  const all = even(small), rest = all % per;
  return (all - rest) / per + nbsp + big + (rest ? nbsp + rest + nbsp + little : "");
}

// Halves go to the even neighbour, as .NET rounds.
function even(x) {
  const r = Math.round(x);
  return Math.abs(x % 1) === 0.5 && r % 2 !== 0 ? r - 1 : r;
}

// Halves go away from zero, by the first 15 digits of the number, as .NET writes it: 1.45 is 1.5, though in binary it is a hair less.
function fixed(v, decimals) {
  if (v < 0) return "-" + fixed(-v, decimals);
  if (v >= 1e15) return Number(v.toPrecision(15)).toFixed(decimals);
  const [digits, power] = v.toExponential(14).split("e");
  return Number(Math.round(Number(digits + "e" + (Number(power) + decimals))) + "e-" + decimals).toFixed(decimals);
}

function short(v) {
  const a = Math.abs(v);
  if (a >= 1e9) return scaled(v / 1e9) + "G";
  if (a >= 1e6) return scaled(v / 1e6) + "M";
  if (a >= 1e4) return scaled(v / 1e3) + "k";
  return figures(v);
}

const scaled = v => Math.abs(v) >= 100 ? fixed(v, 0) : trim(fixed(v, 1));
const trim = text => text.includes(".") ? text.replace(/\.?0+$/, "") : text;
const thousands = text => text.replace(/^-?\d+/, whole => whole.replace(/\B(?=(\d{3})+$)/g, ","));

function figures(v) {
  const a = Math.abs(v);
  if (a >= 100) return thousands(fixed(v, 0));
  if (a >= 10) return trim(fixed(v, 1));
  if (a >= 1) return trim(fixed(v, 2));
  return v === 0 ? "0" : significant(v, 2);
}

function significant(v, n) {
  if (v === 0) return "0";
  const decimals = Math.min(n - 1 - Math.floor(Math.log10(Math.abs(v))), 15);
  if (decimals <= 0) return thousands(String(even(v)));
  const scale = Number("1e" + decimals);
  return trim(fixed(even(v * scale) / scale, decimals));
}

const percent = p => (p >= 100 ? figures(p) : significant(p, 2)) + nbsp + "%";

function bytes(b) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let at = 0;
  while (Math.abs(b) >= 999.5 && at < units.length - 1) { b /= 1000; at++; }
  return (at === 0 || Math.abs(b) >= 100 ? fixed(b, 0) : fixed(b, 1)) + nbsp + units[at];
}
