// The first view: the verdict, alarms, the pack's figures, its cells, and the last hour.

import { cellLine, draw, range } from "./chart.js";
import { isFresh, selectedPack, state } from "./data.js";
import { card, el, fact, kept, keep, named, rebuild, setClass, setText, svg } from "./dom.js";
import { load } from "./load.js";
import { past } from "./past.js";
import { askScale, makeQuestion, temperature } from "./temperature.js";
import { alarms, markers, minutesLeft, notices, verdict } from "./verdict.js";
import { amperes, clock, decimal, millivolts, signed, t, volts } from "./words.js";

const HOUR_MS = 3600000;
const GAP_MS = 90000; // longer than a minute, the history's step
const FALL_MS = 1200000; // over which the fall of the delta is judged
const DRAW_MS = 2000;
const LOAD_AGAIN_MS = 3000;
const SHRINK_MS = 20000; // the axis stays for so long after a narrower one would do
const HALVES_MV = [10, 20, 50, 100, 200, 500, 1000, 2000];
const MANY = 8;

const ICONS = {
  good: "M5 12.5l4.5 4.5L19 7.5",
  busy: "M4 9h14m-4-4l4 4-4 4M20 15H6m4-4l-4 4 4 4",
  warn: "M12 5v9m0 3.5v.5",
  bad: "M12 5v9m0 3.5v.5",
  none: "M6 12h12",
};

const parts = {};
export const now = { mount, update, redraw };

let drawnAt = 0;
let axes = named();
let spoken = "";
let policy = null; // its file, while it is loaded and then
let rules = null; // the same

function mount(root) {
  const cells = Number(kept("cells", 4)) || 4; // so much room is kept free from the start: nothing jumps
  parts.sign = svg("path", { d: ICONS.none });
  parts.title = el("h2", {});
  parts.note = el("p", {});
  parts.ack = el("div", {});
  parts.verdict = el("section", { className: "verdict none", id: "verdict" },
    svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, parts.sign), el("div", {}, parts.title, parts.note, parts.ack));
  parts.alarms = el("ul", { className: "notices", id: "alarms", "aria-label": t("now.alarms") });
  parts.policy = el("ul", { className: "notices", id: "policy" });
  parts.notices = el("ul", { className: "notices", id: "notices", "aria-label": t("now.notices") });
  parts.figures = el("dl", { className: "figures", id: "figures" });
  parts.freshness = el("p", { className: "freshness", id: "freshness" });
  parts.axis = el("div", { className: "axis", "aria-hidden": "true" });
  parts.cells = el("ol", { className: "cells", id: "cells" });
  parts.scale = el("p", { className: "small", id: "scale" });
  parts.canvas = el("canvas", { className: "hour", id: "hour", role: "img", "aria-label": t("now.hour.label") });
  parts.legend = el("ul", { className: "legend", "aria-hidden": "true" });
  parts.facts = el("dl", { className: "facts", id: "facts" });
  root.append(
    parts.verdict, parts.alarms, parts.policy,
    el("div", { className: "columns" },
      el("div", {},
        el("section", { className: "card" }, el("h2", { className: "unseen" }, t("now.figures")), parts.figures, parts.freshness, (parts.question = makeQuestion())),
        card(t("now.cells"), parts.axis, parts.cells, parts.scale),
        el("section", { className: "card last" }, el("h2", {}, t("now.balancer")), parts.facts)),
      el("div", {}, card(t("now.hour"), parts.canvas, parts.legend))),
    parts.notices);
  buildCells(cells);
  new ResizeObserver(() => { drawnAt = 0; update(); }).observe(parts.canvas);
}

function redraw() {
  drawnAt = 0;
}

function update() {
  const pack = selectedPack(), status = pack?.status ?? {};
  const isOld = !isFresh(pack);
  const said = verdict(pack, pack?.left);
  renderVerdict(said);
  const others = alarms().filter(({ name, pack: owner }) => name !== said.alarm || owner !== state.selected);
  rebuild(parts.alarms, others, makeNotice);
  if (alarms().length) rules ??= load("rules").then(({ watch }) => watch()).catch(() => setTimeout(() => (rules = null), LOAD_AGAIN_MS));
  rebuild(parts.notices, pack ? notices(status) : notices(null), makeNotice);
  renderFigures(status);
  askScale(parts.question, status);
  renderFreshness(pack, isOld);
  renderCells(pack, status, isOld);
  for (const part of [parts.figures, parts.cells, parts.facts]) part.classList.toggle("old", isOld);
  if (state.session.policy) policy ??= load("policy").then(({ showLine }) => showLine(parts.policy)).catch(() => setTimeout(() => (policy = null), LOAD_AGAIN_MS));
  const { loadedAt } = past(state.selected, "1h", Infinity);
  if (Date.now() - drawnAt >= DRAW_MS || loadedAt > drawnAt) drawHour(pack, status);
}

function renderVerdict({ look, title, note, foreign, ack }) {
  rebuild(parts.ack, ack ? [ack] : [], (item) => state.makeAck(item));
  setClass(parts.verdict, `verdict ${look}`);
  if (parts.sign.getAttribute("d") !== ICONS[look]) parts.sign.setAttribute("d", ICONS[look]);
  setText(parts.title, title);
  setText(parts.note, note);
  parts.note.lang = foreign ? "en" : document.documentElement.lang;
  const kind = look + title.replace(/[\d.,]+/g, "");
  if (kind !== spoken) setText(document.getElementById("announcer"), title); // not with each changed figure
  spoken = kind;
}

export function makeNotice({ look, title, note, foreign, ack }) {
  return el("li", { className: look }, el("strong", {}, title), el("span", { lang: foreign ? "en" : undefined }, note), ack && state.makeAck(ack));
}

function renderFigures(status) {
  const sign = { discharging_highest: "−", charging_lowest: "+" }[status.balance_state] || "";
  const [heat, why] = temperature(status);
  rebuild(parts.figures, [
    ["now.pack", split(volts(status.pack_mv)), ""],
    ["now.spread", split(millivolts(status.delta_mv)), ""],
    ["now.current", split(status.balance_ma ? sign + amperes(status.balance_ma) : amperes(status.balance_ma)), ""],
    ["now.temperature", split(heat), why],
  ], ([name, [value, unit], note]) => el("div", {},
    el("dt", {}, t(name)), el("dd", {}, el("b", {}, value), unit && el("small", {}, unit), note && el("span", {}, note))));
  rebuild(parts.facts, [
    [t("now.average"), millivolts(status.average_mv)],
    [t("now.trigger"), millivolts(status.trigger_mv)],
    [t("now.max_current"), amperes(status.max_balance_ma)],
    [t("now.balancing"), { true: t("on"), false: t("off") }[status.balancing_enabled]],
    [t("now.state"), status.balance_state && t(`state.${status.balance_state}`)],
    [t("now.detected"), status.cells_detected && t("now.detected.of", { detected: status.cells_detected, configured: status.cells_configured })],
  ], fact);
}

const split = (text) => text.split("\u00a0");

function renderFreshness(pack, isOld) {
  const time = pack?.status.time;
  setText(parts.freshness, !pack?.readAt ? t("now.nothing_read")
    : isOld ? t("now.read_at", { time: clock(pack.readAt) })
    : time ? t("now.up_to_date", { time: clock(time * 1000) }) : t("now.up_to_date.no_clock"));
}

// ---- cells ----

function buildCells(count) {
  rebuild(parts.cells, Array.from({ length: count }, (_, i) => i + 1), (number) => el("li", {},
    el("span", { className: "cell" }, `${t("now.cell")} `, el("b", {}, String(number))),
    el("span", { className: "mark" }),
    el("span", { className: "value" }, el("b", {}, "—"), el("small", {})),
    el("div", { className: "track", "aria-hidden": "true" }, el("i", {}), el("u", {}))));
  setClass(parts.cells, `cells${count > MANY ? " many" : ""}`);
  parts.cells.style.setProperty("--rows", Math.ceil(count / 2));
  parts.axis.hidden = count > MANY;
}

function renderCells(pack, status, isOld) {
  const cells = status.cells_mv || [], values = cells.filter((mv) => mv !== null);
  if (!values.length) return;
  if (parts.cells.children.length !== cells.length) {
    buildCells(cells.length);
    keep("cells", cells.length);
  }
  const half = scale(pack, status, values), marks = markers(pack, status);
  const at = (mv) => 50 + Math.max(-50, Math.min(50, mv / half * 50));
  const trigger = status.trigger_mv ?? 0;
  parts.cells.style.setProperty("--band-from", `${at(-trigger / 2)}%`);
  parts.cells.style.setProperty("--band-to", `${100 - at(trigger / 2)}%`);
  rebuild(parts.axis, [-half, -half / 2, 0, half / 2, half], (mv) => el("span", {}, mv ? signed(mv) : t("now.axis", { average: decimal(status.average_mv) })));
  setText(parts.axis.children[2], t("now.axis", { average: decimal(status.average_mv) }));
  setText(parts.scale, t("now.scale", { half: millivolts(half), trigger: millivolts(trigger) }));
  const danger = new Set(Object.entries(status.alarm_cells || {}).filter(([name]) => status.alarms.includes(name)).flatMap(([, numbers]) => numbers));
  cells.forEach((mv, i) => renderCell(parts.cells.children[i], i + 1, mv, { status, marks, danger, isOld, at }));
}

/** Millivolts from the average to either end: wider at once, narrower only after a while. */
function scale(pack, status, values) {
  const far = Math.max(...values.map((mv) => Math.abs(mv - status.average_mv)), (status.trigger_mv ?? 0) / 2);
  const wanted = HALVES_MV.find((half) => half >= far * 1.05) || HALVES_MV[HALVES_MV.length - 1];
  const kept = (pack.scale ??= { half: wanted, since: Date.now() });
  const isLoose = wanted < kept.half && far * 2.5 < kept.half;
  if (!isLoose) kept.since = Date.now();
  if (wanted > kept.half || Date.now() - kept.since > SHRINK_MS) kept.half = wanted;
  return kept.half;
}

function renderCell(node, number, mv, { status, marks, danger, isOld, at }) {
  const [, mark, value, track] = node.children, [fill] = track.children;
  const isOff = mv === null, far = isOff ? 0 : mv - status.average_mv, place = at(far);
  const look = danger.has(number) ? "bad" : isOff ? "empty" : number === marks.high || number === marks.low ? "marked" : "";
  const gives = !isOld && status.balance_state === "discharging_highest" && status.highest_cell === number;
  const takes = !isOld && status.balance_state === "charging_lowest" && status.lowest_cell === number;
  setClass(node, look + (gives || takes ? " moving" : ""));
  setText(mark, isOff ? t(danger.has(number) ? "cell.dead" : "cell.empty")
    : gives ? t("cell.gives", { current: amperes(status.balance_ma) }) : takes ? t("cell.takes", { current: amperes(status.balance_ma) })
    : number === marks.high ? t("cell.highest") : number === marks.low ? t("cell.lowest") : "");
  setText(value.firstChild, isOff ? "—" : decimal(mv));
  setText(value.lastChild, isOff ? "" : signed(far));
  fill.style.setProperty("left", `${Math.min(50, place)}%`);
  fill.style.setProperty("right", `${100 - Math.max(50, place)}%`);
}

// ---- the last hour ----

/** Minutes of the device's history, then what came since the page was opened. */
function series(pack) {
  const known = past(state.selected, "1h", Infinity);
  const { data } = past(state.selected, "1h", known.data ? (hasHole(pack, known) ? 0 : Infinity) : undefined);
  const live = pack.live, from = live.length ? live[0].at : Infinity, points = [];
  data?.times.forEach((time, i) => {
    const at = time + data.stepMs / 2;
    if (at < from || isMissing(live, at)) points.push({ at, delta: data.delta[i], pack: data.pack[i], cells: data.cells.map(({ mean_mv: means }) => means[i]) });
  });
  return points.concat(live).sort((one, other) => one.at - other.at);
}

/** Whether nothing came around this time: the page lost the device, or slept. */
const isMissing = (live, at) => !live.some((point) => Math.abs(point.at - at) < GAP_MS);

/** Whether the device may have by now what this page missed. */
function hasHole({ live }, { data, loadedAt }) {
  if (Date.now() - loadedAt < GAP_MS) return false;
  return live.some(({ at }, i) => at > data.nowMs && at - (i ? live[i - 1].at : data.nowMs) > GAP_MS);
}

function drawHour(pack, { trigger_mv: trigger }) {
  drawnAt = Date.now();
  const end = Math.floor(drawnAt / 1000) * 1000, start = end - HOUR_MS;
  const points = pack ? series(pack).filter(({ at }) => at >= start - GAP_MS) : [];
  if (pack) pack.left = minutesLeft(points.filter(({ at }) => at > end - FALL_MS), trigger);
  const times = points.map(({ at }) => at), count = Math.max(0, ...points.map(({ cells }) => cells.length));
  const cells = Array.from({ length: count }, (_, i) => ({ times, values: points.map(({ cells: values }) => values[i] ?? null), gapMs: GAP_MS, ...cellLine(i) }));
  const volts_ = cells.flatMap(({ values }) => values.filter((mv) => mv)), deltas = points.map(({ delta }) => delta ?? 0);
  const of = axes[state.selected] ??= {};
  of.cells = range(of.cells, Math.min(...(volts_.length ? volts_ : [3200])), Math.max(...(volts_.length ? volts_ : [3400])), { least: 20 });
  of.delta = range(of.delta, 0, Math.max((trigger ?? 0) * 1.2, 10, ...deltas), { least: 10, floor: 0 });
  draw(parts.canvas, {
    start, end, time: (at) => clock(at, false),
    panels: [
      { ...of.cells, title: t("now.hour.cells"), share: 3, lines: cells, label: (mv) => decimal(mv / 1000, of.cells.step < 10 ? 3 : 2) },
      { ...of.delta, title: t("now.hour.spread"), share: 2, limit: trigger, lines: [{ times, values: points.map(({ delta }) => delta), colour: "--ink", width: 2, gapMs: GAP_MS }], label: (mv) => decimal(mv) },
    ],
  });
  rebuild(parts.legend, [...cells.map((_, i) => i), "trigger"], (i) => el("li", {}, swatch(i), i === "trigger" ? t("now.hour.trigger") : `${t("now.cell")} ${i + 1}`));
}

/** A short piece of a curve, as it is drawn. */
export function swatch(cell) {
  const { colour, dash } = cell === "trigger" ? { colour: "--warn", dash: [4, 4] } : cellLine(cell);
  const line = svg("path", { d: "M0 4H18", "stroke-dasharray": dash.join(" ") }), box = svg("svg", { viewBox: "0 0 18 8", width: 18, height: 8, "aria-hidden": "true" }, line);
  line.style.stroke = `var(${colour})`;
  return box;
}
