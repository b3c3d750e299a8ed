// Curves on a canvas: stacked panels over one axis of time. No data is invented: gaps stay gaps, spans stay whole.

const FONT = "12px system-ui, sans-serif";
const LEFT = 46, RIGHT = 10, TOP = 26, BETWEEN = 36, BOTTOM = 22;
const STEPS_S = [10, 30, 60, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 345600, 604800];
const COLOURS = 8;
const DASHES = [[], [6, 3], [2, 3]];

/** Colour and dash of a cell, from 0: 24 can be told apart. */
export const cellLine = (cell) => ({ colour: `--c${cell % COLOURS + 1}`, dash: DASHES[Math.floor(cell / COLOURS) % DASHES.length] });

/** A range of round numbers around the values, kept while they fit and fill it: the axis must not jump. */
export function range(previous, low, high, { least = 10, floor = null } = {}) {
  const fits = previous && low >= previous.low && high <= previous.high;
  if (fits && (high - low) * 4 >= (previous.high - previous.low) - least * 3) return previous;
  const size = Math.max(least, (high - low) * 1.2), step = nice(size / 4), middle = (low + high) / 2;
  let bottom = Math.floor((middle - size / 2) / step) * step;
  if (floor !== null) bottom = Math.max(floor, floor === 0 ? 0 : bottom);
  return { low: bottom, high: Math.max(bottom + step * 2, Math.ceil((bottom === floor ? high * 1.1 : middle + size / 2) / step) * step), step };
}

function nice(size) {
  const power = 10 ** Math.floor(Math.log10(size));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= size * 0.999);
}

/** Draws `panels` into a canvas, and gives back where everything is.
 *
 * { start, end } in ms; a panel: { title, unit, low, high, step, share, digits, lines, bands, limit };
 * a line: { times, values, colour, dash, width, gapMs }; marks: [{ at, look }]; cursor: ms or null.
 */
export function draw(canvas, { start, end, panels, marks = [], cursor = null, time }) {
  const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  if (!width || !height) return null;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const pen = canvas.getContext("2d"), style = getComputedStyle(canvas);
  const colour = (name) => style.getPropertyValue(name).trim();
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = FONT;
  const frame = { left: LEFT, right: width - RIGHT, start, end, x: (at) => LEFT + (at - start) / (end - start) * (width - RIGHT - LEFT) };
  const free = height - TOP - BOTTOM - BETWEEN * (panels.length - 1);
  const shares = panels.reduce((sum, { share = 1 }) => sum + share, 0);
  let top = TOP;
  const places = panels.map((panel) => {
    const size = free * (panel.share ?? 1) / shares, place = { top, bottom: top + size };
    place.y = (value) => place.bottom - (value - panel.low) / (panel.high - panel.low) * size;
    top += size + BETWEEN;
    return place;
  });
  const bottom = places[places.length - 1].bottom;
  drawTimes(pen, frame, places[0].top, bottom, colour, time);
  panels.forEach((panel, i) => drawPanel(pen, frame, panel, places[i], colour));
  for (const { at, look } of marks) drawMark(pen, frame, at, places[0].top, bottom, colour(look === "bad" ? "--bad" : "--muted"));
  if (cursor !== null) {
    pen.strokeStyle = colour("--ink");
    pen.setLineDash([]);
    pen.lineWidth = 1;
    vertical(pen, frame.x(cursor), places[0].top, bottom);
  }
  return { ...frame, places, panels };
}

function drawTimes(pen, { left, right, start, end, x }, top, bottom, colour, time) {
  const room = Math.max(2, Math.floor((right - left) / (pen.measureText(time(start, 60000)).width + 14)));
  const step = (STEPS_S.find((s) => (end - start) / 1000 / s <= room) ?? STEPS_S[STEPS_S.length - 1]) * 1000;
  const zone = new Date(start).getTimezoneOffset() * 60000; // ticks on whole local hours
  pen.setLineDash([]);
  pen.lineWidth = 1;
  pen.textAlign = "center";
  pen.textBaseline = "top";
  for (let at = Math.ceil((start - zone) / step) * step + zone; at <= end; at += step) {
    pen.strokeStyle = colour("--line");
    vertical(pen, x(at), top, bottom);
    pen.fillStyle = colour("--muted");
    const text = time(at, step), half = pen.measureText(text).width / 2;
    pen.fillText(text, Math.min(right + RIGHT - half, Math.max(half, x(at))), bottom + 6);
  }
}

function drawPanel(pen, frame, panel, place, colour) {
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  pen.lineWidth = 1;
  pen.setLineDash([]);
  const every = Math.max(1, Math.ceil((panel.high - panel.low) / panel.step / Math.max(1, Math.floor((place.bottom - place.top) / 24))));
  for (let i = 0; panel.low + i * panel.step <= panel.high + panel.step / 100; i += every) {
    const value = panel.low + i * panel.step, y = Math.round(place.y(value)) + 0.5;
    pen.strokeStyle = colour("--line");
    pen.beginPath();
    pen.moveTo(frame.left, y);
    pen.lineTo(frame.right, y);
    pen.stroke();
    pen.fillStyle = colour("--muted");
    pen.fillText(panel.label(value), frame.left - 6, y);
  }
  pen.textAlign = "left";
  pen.textBaseline = "bottom";
  pen.fillStyle = colour("--ink");
  pen.fillText(panel.title, 2, place.top - 10);
  pen.save();
  pen.beginPath();
  pen.rect(frame.left, place.top - 1, frame.right - frame.left, place.bottom - place.top + 2);
  pen.clip();
  if (panel.limit !== undefined && panel.limit !== null) drawLimit(pen, frame, place.y(panel.limit), colour("--warn"));
  for (const band of panel.bands || []) drawBand(pen, frame, band, place.y, colour(band.colour));
  for (const line of panel.lines) drawLine(pen, frame, line, place.y, colour(line.colour));
  pen.restore();
}

function drawLimit(pen, { left, right }, y, colour) {
  pen.strokeStyle = colour;
  pen.setLineDash([4, 4]);
  pen.beginPath();
  pen.moveTo(left, y);
  pen.lineTo(right, y);
  pen.stroke();
}

/** Runs of indices without a gap: in time, or of the value. Only what is in sight, and one more on each side. */
export function runs({ times, values, gapMs }, { start, end }) {
  const found = [];
  let run = null;
  for (let i = 0; i < times.length; i++) {
    const isIn = times[i] >= start - gapMs && times[i] <= end + gapMs;
    if (!isIn || values[i] === null || values[i] === undefined) run = null;
    else if (run && times[i] - times[i - 1] <= gapMs && times[i] >= times[i - 1]) run.push(i);
    else found.push((run = [i]));
  }
  return found;
}

function drawLine(pen, frame, line, y, colour) {
  pen.strokeStyle = pen.fillStyle = colour;
  pen.lineWidth = line.width ?? 1.5;
  pen.lineJoin = "round";
  pen.setLineDash(line.dash || []);
  for (const run of runs(line, frame)) {
    pen.beginPath();
    run.forEach((i, n) => (n ? pen.lineTo : pen.moveTo).call(pen, frame.x(line.times[i]), y(line.values[i])));
    if (run.length === 1) pen.fillRect(frame.x(line.times[run[0]]) - 1.5, y(line.values[run[0]]) - 1.5, 3, 3);
    else pen.stroke();
  }
  pen.setLineDash([]);
}

/** From the minima to the maxima. */
function drawBand(pen, frame, { times, low, high, gapMs }, y, colour) {
  pen.fillStyle = colour;
  pen.globalAlpha = 0.16;
  for (const run of runs({ times, values: low, gapMs }, frame)) {
    pen.beginPath();
    run.forEach((i) => pen.lineTo(frame.x(times[i]), y(high[i])));
    [...run].reverse().forEach((i) => pen.lineTo(frame.x(times[i]), y(low[i])));
    pen.fill();
  }
  pen.globalAlpha = 1;
}

function drawMark(pen, frame, at, top, bottom, colour) {
  const x = frame.x(at);
  if (x < frame.left || x > frame.right) return;
  pen.strokeStyle = pen.fillStyle = colour;
  pen.setLineDash([2, 2]);
  pen.lineWidth = 1;
  vertical(pen, x, top, bottom);
  pen.beginPath();
  pen.moveTo(x - 4, top - 5);
  pen.lineTo(x + 4, top - 5);
  pen.lineTo(x, top + 1);
  pen.fill();
}

function vertical(pen, x, top, bottom) {
  pen.beginPath();
  pen.moveTo(Math.round(x) + 0.5, top);
  pen.lineTo(Math.round(x) + 0.5, bottom);
  pen.stroke();
}
