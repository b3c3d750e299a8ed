// Hour, day and month: every cell, the spread and the pack, with hover, touch, pan, zoom, events and a CSV file.

import { cellLine, draw, range } from "./chart.js";
import { addEvents, changed, state } from "./data.js";
import { card, el, rebuild, segments, setText } from "./dom.js";
import { swatch } from "./now.js";
import { past, SPANS } from "./past.js";
import { load } from "./load.js";
import { getJson } from "./requests.js";
import { cellNames, clock, dateTime, day, decimal, hasWord, millivolts, signed, t, volts } from "./words.js";

const LEAST_MS = { "1h": 300000, "24h": 900000, "30d": 10800000 }; // the deepest zoom: some steps
const EVENTS_MS = 60000; // how often the device is asked for its events: it may have learnt their dates
const LOG_MS = 20000;
const RETRY_MS = 3000;
const ZOOM = 1.5;
const HOUR_MS = 3600000;
const DAY_MS = 86400000;

const parts = {};
const shown = { span: "24h", isSpanChosen: false, mode: "volts", start: null, end: null, cursor: null, hidden: new Set() };
const pointers = new Map();
let frame = null; // where everything is, of the last drawing
let drawnFor = "";
let eventsFor = null;
let askedAt = 0;
let rules = null; // the file

export async function prepare() {
  rules = await load("rules");
  await rules.prepare();
}

export function mount(root) {
  parts.canvas = el("canvas", { id: "curves", tabindex: "0", role: "application", "aria-label": t("history.chart"), "aria-describedby": "history-keys" });
  parts.tip = el("div", { className: "tip", id: "tip", hidden: true });
  parts.over = el("p", { className: "over", id: "history-over", role: "status" });
  parts.legend = el("ul", { className: "legend", "aria-label": t("history.cells") });
  parts.events = el("ul", { className: "events", id: "events" });
  parts.csv = el("button", { type: "button", className: "button", onclick: download }, t("history.csv"));
  const button = (key, act) => el("button", { type: "button", className: "button", onclick: act, "aria-label": t(`history.${key}.label`) }, t(`history.${key}`));
  parts.span = segments(t("history.span"), Object.keys(SPANS).map((name) => [name, t(`span.${name}`)]), shown.span, chooseSpan);
  root.append(
    el("section", { className: "card" },
      el("div", { className: "tools" },
        parts.span,
        segments(t("history.mode"), ["volts", "distance"].map((name) => [name, t(`history.${name}`)]), shown.mode, (mode) => {
          shown.mode = mode;
          redraw();
        })),
      parts.over,
      el("div", { className: "plot" }, parts.canvas, parts.tip),
      parts.legend,
      el("div", { className: "tools" },
        el("div", {}, button("earlier", () => pan(-0.5)), button("later", () => pan(0.5)), button("in", () => zoom(1 / ZOOM)), button("out", () => zoom(ZOOM)), button("whole", whole)),
        parts.csv),
      el("p", { className: "small", id: "history-keys" }, t("history.keys"))),
    card(t("history.events"), parts.events, el("p", { className: "small" }, t("history.events.note"))),
    card(t("eventlog"), (parts.kept = el("ul", { className: "events", id: "eventlog" })), el("p", { className: "small" }, t("eventlog.note"))));
  listen();
  new ResizeObserver(redraw).observe(parts.canvas);
}

export function redraw() {
  drawnFor = "";
  update();
}

export function update() {
  rules.showLog(parts.kept);
  const entry = past(state.selected, shown.span);
  if (!shown.isSpanChosen && entry.data?.times.length) chooseFirstSpan(entry.data);
  if (state.mayLackEvents || Date.now() - askedAt > EVENTS_MS) loadEvents();
  const key = [state.selected, shown.span, entry.loadedAt, entry.isLoading].join();
  if (key === drawnFor && eventsFor === state.events) return;
  drawnFor = key;
  eventsFor = state.events;
  render(entry);
}

/** Ask for the events that the device still has; a stream that opens meanwhile has it asked once more. */
async function loadEvents() {
  state.mayLackEvents = false;
  askedAt = Date.now();
  const { events, status } = await getJson("/api/v1/log", LOG_MS);
  if (events) addEvents(events);
  else if (status === 0 || status === 503) askedAt = Date.now() + RETRY_MS - EVENTS_MS;
  changed();
}

/** A day, or the last hour where no more is recorded. */
function chooseFirstSpan({ nowMs, times }) {
  shown.isSpanChosen = true;
  if (nowMs - times[0] < HOUR_MS) parts.span.querySelector("[value='1h']").click();
}

function chooseSpan(span) {
  Object.assign(shown, { span, isSpanChosen: true, start: null, end: null, cursor: null });
  redraw();
}

function render({ data, error, isLoading }) {
  const isThere = Boolean(data?.times.length);
  setText(parts.over, isThere ? about(data) : isLoading || (!data && !error) ? t("history.loading")
    : error && !data ? t(error.status === 404 ? "history.none" : "history.failed") : t("history.empty"));
  parts.csv.disabled = !isThere;
  const events = marks();
  rebuild(parts.events, events.length ? [...events].reverse() : [null], (event) => event === null ? el("li", {}, el("span", {}, t("history.events.none")))
    : el("li", {}, el("time", { datetime: new Date(event.at).toISOString() }, dateTime(event.at)), el("span", {}, event.text)));
  frame = draw(parts.canvas, picture(data, events));
  const count = data?.cells.length ?? 0;
  rebuild(parts.legend, Array.from({ length: count }, (_, i) => i), (i) => el("li", {}, swatch(i), `${t("now.cell")} ${i + 1}`));
  renderTip(data);
}

/** The whole span, always: what is not there stays empty. */
function limits(data) {
  const end = data?.nowMs ?? Date.now();
  return { start: end - SPANS[shown.span] * 1000, end };
}

function view(data) {
  const whole = limits(data);
  return { start: shown.start ?? whole.start, end: shown.end ?? whole.end };
}

function about(data) {
  const { start, end } = view(data), first = data.times[0];
  const text = `${dateTime(start)} – ${dateTime(end)}. ${t(`history.step.${shown.span}`)}`;
  return first - start > data.stepMs * 2 ? `${text} ${t("history.since", { time: dateTime(first) })}` : text;
}

function picture(data, events) {
  const { start, end } = view(data), isFar = shown.mode === "distance";
  const times = data?.times.map((time) => time + data.stepMs / 2) ?? [], gapMs = (data?.stepMs ?? 0) * 1.5;
  const inside = times.map((at) => at >= start && at <= end + gapMs);
  const less = (values) => (isFar ? values.map((mv, i) => (mv === null ? null : mv - data.average[i])) : values);
  const cells = (data?.cells ?? []).map(({ mean_mv: means }, i) => ({ times, gapMs, values: less(means), ...cellLine(i), width: 1.75 }));
  const bands = (data?.cells ?? []).map(({ minimum_mv: low, maximum_mv: high }, i) => ({ times, gapMs, low, high, colour: cellLine(i).colour }));
  const pick = (values) => values.filter((value, i) => inside[i] && value !== null);
  const seen = (isFar ? cells.map(({ values }) => values) : (data?.cells ?? []).flatMap(({ minimum_mv: low, maximum_mv: high }) => [low, high])).flatMap(pick);
  const deltas = pick(data?.delta ?? []), packs = pick(data?.pack ?? []);
  const top = range(null, ...ends(seen, isFar ? [-5, 5] : [3200, 3400]), { least: isFar ? 10 : 20 });
  const delta = range(null, 0, Math.max(5, ...deltas), { least: 10, floor: 0 });
  const pack = range(null, ...ends(packs, [13000, 13400]), { least: 80 });
  const digits = (step) => (step < 10 ? 3 : 2);
  const line = (values, colour) => [{ times, values, gapMs, colour, width: 1.75 }];
  return {
    start, end, cursor: shown.cursor, marks: events,
    time: (at, step) => (step >= DAY_MS || new Date(at).getHours() + new Date(at).getMinutes() === 0 ? day(at) : clock(at, false)),
    panels: [
      { ...top, title: t(isFar ? "history.distance.axis" : "now.hour.cells"), share: 3, lines: cells, bands: isFar || cells.length > 8 ? [] : bands, label: (mv) => (isFar ? signed(mv) : decimal(mv / 1000, digits(top.step))) },
      { ...delta, title: t("history.delta.axis"), share: 1.2, lines: line(data?.delta ?? [], "--ink"), label: (mv) => decimal(mv) },
      { ...pack, title: t("history.pack.axis"), share: 1.2, lines: line(data?.pack ?? [], "--ink"), label: (mv) => decimal(mv / 1000, digits(pack.step)) },
    ],
  };
}

function ends(values, otherwise) {
  if (!values.length) return otherwise;
  return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
}

// ---- events ----

/** Those of the pack and of the device in words: { at, text, look }. */
function marks() {
  const own = state.events.filter(({ pack }) => !pack || pack === state.selected);
  return own.reverse().map((event) => ({ at: event.time * 1000, ...inWords(event) }));
}

function inWords({ type, name, value, cells = [] }) {
  if (type === "alarm") {
    const text = name.startsWith("rule:") ? t("alarm.rule", { name: name.slice(5) }) : t(`alarm.${name}`);
    return { look: value ? "bad" : "", text: t(value ? "event.alarm" : "event.alarm.over", { text: cells.length ? `${text}: ${cellNames(cells)}` : text }) };
  }
  if (type === "rule") return { look: value === true ? "bad" : "", text: rules.inWords({ kind: type, name, to: value, text: cells.join(", ") }) };
  if (type === "policy") return { text: rules.inWords({ kind: type, name, to: value }) };
  if (type === "link") return { text: t("event.link", { link: t(`link.${value}`) }) };
  if (type === "diagnosis") return { text: t("event.line", { verdict: t(`line.${String(value).replace(/ /g, "_")}`, { n: "" }) }) };
  if (type === "network") return { text: t(`event.network.${value}`) };
  if (type === "settings") return { text: t("event.settings", { name: t(`setting.${name}`), value: hasWord(String(value)) ? t(String(value)) : String(value) }) };
  if (type === "update") return { look: name === "rolled_back" ? "bad" : "", text: t("event.update", { text: value }) };
  return { text: t("event.config", { name, value: String(value) }) };
}

// ---- moving ----

function move(start, end) {
  const { data } = past(state.selected, shown.span), whole = limits(data);
  const size = Math.min(whole.end - whole.start, Math.max(LEAST_MS[shown.span], end - start));
  const middle = (start + end) / 2;
  shown.start = Math.max(whole.start, Math.min(whole.end - size, middle - size / 2));
  shown.end = shown.start + size;
  if (size >= whole.end - whole.start) shown.start = shown.end = null;
  redraw();
}

function pan(share) {
  const { start, end } = view(past(state.selected, shown.span).data), by = share * (end - start);
  move(start + by, end + by);
}

function zoom(factor, share = 0.5) {
  const { start, end } = view(past(state.selected, shown.span).data), middle = start + share * (end - start);
  move(middle - (middle - start) * factor, middle + (end - middle) * factor);
}

function whole() {
  Object.assign(shown, { start: null, end: null });
  redraw();
}

const shareAt = (event) => (event.clientX - parts.canvas.getBoundingClientRect().left - frame.left) / (frame.right - frame.left);

/** The step under the pointer becomes the cursor. */
function point(share) {
  const { data } = past(state.selected, shown.span);
  if (!data?.times.length || !frame) return;
  const at = frame.start + Math.max(0, Math.min(1, share)) * (frame.end - frame.start);
  shown.cursor = data.times.reduce((best, time) => (Math.abs(time + data.stepMs / 2 - at) < Math.abs(best - at) ? time + data.stepMs / 2 : best), Infinity);
  redraw();
}

function listen() {
  const { canvas } = parts;
  let pinch = null;
  canvas.addEventListener("pointerdown", (event) => {
    pointers.set(event.pointerId, event.clientX);
    if (event.pointerType === "mouse") canvas.setPointerCapture(event.pointerId);
    if (frame) point(shareAt(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!frame) return;
    const before = pointers.get(event.pointerId), width = frame.right - frame.left;
    if (pointers.size === 2 && before !== undefined) {
      pointers.set(event.pointerId, event.clientX);
      const [one, other] = pointers.values(), distance = Math.max(20, Math.abs(one - other));
      if (pinch) zoom(pinch / distance, ((one + other) / 2 - canvas.getBoundingClientRect().left - frame.left) / width);
      pinch = distance;
    } else if (before !== undefined && shown.start !== null) {
      pointers.set(event.pointerId, event.clientX);
      pan((before - event.clientX) / width);
    } else point(shareAt(event));
  });
  const up = (event) => {
    pointers.delete(event.pointerId);
    pinch = null;
  };
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse" && !pointers.size) hide();
  });
  canvas.addEventListener("wheel", (event) => {
    if (!frame || !(event.ctrlKey || event.shiftKey || shown.start !== null || event.deltaY < 0)) return;
    event.preventDefault();
    zoom(event.deltaY > 0 ? ZOOM : 1 / ZOOM, shareAt(event));
  }, { passive: false });
  canvas.addEventListener("keydown", onKey);
  canvas.addEventListener("blur", hide);
}

function onKey(event) {
  const { data } = past(state.selected, shown.span);
  const step = (by) => {
    if (!data?.times.length || !frame) return;
    const at = shown.cursor ?? frame.end, times = data.times.map((time) => time + data.stepMs / 2);
    const near = times.reduce((best, time, i) => (Math.abs(time - at) < Math.abs(times[best] - at) ? i : best), 0);
    shown.cursor = times[Math.max(0, Math.min(times.length - 1, shown.cursor === null ? near : near + by))];
    redraw();
  };
  const act = {
    ArrowLeft: () => (event.shiftKey ? pan(-0.2) : step(-1)), ArrowRight: () => (event.shiftKey ? pan(0.2) : step(1)),
    "+": () => zoom(1 / ZOOM), "=": () => zoom(1 / ZOOM), "-": () => zoom(ZOOM), Home: whole, Escape: hide,
  }[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function hide() {
  shown.cursor = null;
  redraw();
}

/** The values at the cursor; also what a screen reader gets. */
function renderTip(data) {
  const i = shown.cursor === null || !data ? -1 : data.times.findIndex((time) => time + data.stepMs / 2 === shown.cursor);
  parts.tip.hidden = i < 0 || !frame;
  if (parts.tip.hidden) return;
  const row = (name, value, note) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, value), el("td", {}, note ?? ""));
  const most = data.cells.length > 12 ? [] : data.cells;
  parts.tip.replaceChildren(el("strong", {}, dateTime(data.times[i])), el("table", {},
    ...most.map(({ mean_mv: means, minimum_mv: low, maximum_mv: high }, cell) => {
      const name = el("span", { className: "name" }, swatch(cell), `${t("now.cell")} ${cell + 1}`);
      return row(name, millivolts(means[i], 1), means[i] === null ? "" : `${decimal(low[i])}–${decimal(high[i])}`);
    }),
    row(t("now.spread"), millivolts(data.delta[i], 1)),
    row(t("now.pack"), volts(data.pack[i]))));
  const x = frame.x(shown.cursor), width = parts.tip.offsetWidth;
  parts.tip.style.setProperty("left", `${Math.max(0, x + 12 + width > frame.right ? x - 12 - width : x + 12)}px`);
}

// ---- the file ----

function download() {
  const { data } = past(state.selected, shown.span);
  const names = ["time", ...data.cells.flatMap((_, i) => ["minimum", "maximum", "mean"].map((kind) => `cell${i + 1}_${kind}_mv`)), "delta_mv", "pack_mv"];
  const rows = data.times.map((time, i) => [
    new Date(time).toISOString(), ...data.cells.flatMap(({ minimum_mv: low, maximum_mv: high, mean_mv: mean }) => [low[i], high[i], mean[i]]),
    data.delta[i]?.toFixed(1), data.pack[i]?.toFixed(1),
  ].map((value) => value ?? "").join(","));
  const link = el("a", { href: URL.createObjectURL(new Blob([`${names.join(",")}\r\n${rows.join("\r\n")}\r\n`], { type: "text/csv" })), download: `${state.device.name || "evencell"} ${state.selected} ${shown.span}.csv` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
