// Where things stand in a chart: the same steps as ChartScale on the server.
export function nice(value) {
  if (!(value > 0) || !Number.isFinite(value)) return { step: 0.5, ceiling: 1 };
  const rough = value / 4, power = 10 ** Math.floor(Math.log10(rough)), m = rough / power;
  const step = m <= 1 ? power : m <= 2 ? 2 * power : m <= 5 ? 5 * power : 10 * power;
  return { step, ceiling: Math.ceil(value / step) * step };
}

const ladder = [1, 2, 5, 10, 15, 30, 60, 120, 240, 360, 720, 1440].map(m => m * 60000);

export function times(from, to, room) {
  const every = ladder.find(ms => (to - from) / ms <= room) ?? ladder.at(-1);
  const found = [];
  for (let at = Math.ceil(from / every) * every; at <= to; at += every) found.push(at);
  return found;
}

// The index of the point nearest to a time, in an ascending array.
export function nearest(ascending, at) {
  let low = 0, high = ascending.length - 1;
  if (high < 0) return -1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (ascending[middle] < at) low = middle; else high = middle;
  }
  return at - ascending[low] <= ascending[high] - at ? low : high;
}
