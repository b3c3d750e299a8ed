// What the readings mean: one verdict in words, and alarms with cell and remedy. Looks: good, busy, warn, bad, none.

import { connection, isFresh, state } from "./data.js";
import { ofDevice } from "./sentences.js";
import { amperes, cellNames, clock, decimal, hasWord, millivolts, span, t, volts } from "./words.js";

const DANGER = ["overvoltage", "cell_voltage", "temperature", "wire_resistance", "cell_count"]; // the worst first
const NOISE_MV = 5; // the balancer's accuracy
const SWITCH_MV = 2; // so much more makes another cell the highest or lowest
const BALANCING_HOLD_MS = 15000; // pauses so short are part of balancing
const MIN_FALL_MS = 300000; // for an estimate of the time left
const MAX_LEFT_MIN = 2880;

/** Alarms of all packs, the most dangerous first: { name, pack, look, title, note, ack }. */
export function alarms() {
  const rank = (name) => (DANGER.indexOf(name) + 1) || DANGER.length + 1;
  return [...state.packs]
    .flatMap(([pack, { status }]) => status.alarms.map((name) => ({ name, pack, status })))
    .sort((one, other) => rank(one.name) - rank(other.name))
    .map(({ name, pack, status }) => {
      const { title, ...rest } = alarm(name, pack, status);
      return { name, pack, title: (state.packs.size > 1 ? `${pack}: ` : "") + title, ...rest };
    });
}

/** One of a pack's alarms in words. `ack`: what to acknowledge, where it is not. */
function alarm(name, pack, status) {
  const isRule = name.startsWith("rule:"), { look = isRule ? "warn" : "bad", title = alarmTitle(name, status), note = isRule ? "" : t(`alarm.${name}.remedy`), done = "", ack } = state.rules[pack]?.[name] ?? {};
  return { look, title, note: `${note} ${done}`.trim(), ack };
}

function alarmTitle(name, status) {
  if (name.startsWith("rule:")) return t("alarm.rule", { name: name.slice(5) });
  const cells = status.alarm_cells?.[name] || [];
  const text = t(`alarm.${name}`);
  return cells.length ? `${text}: ${cellNames(cells)}` : text;
}

/** The first line: { look, title, note, alarm: the one it is about, foreign: whether the note is the device's }. */
export function verdict(pack, leftMin) {
  if (connection() === "lost") return lost();
  if (state.isClosed) return { look: "none", title: t("verdict.closed"), note: t("verdict.closed.note") };
  if (state.device.safe_mode) return { look: "bad", title: t("verdict.safe_mode"), ...quoted(state.device.safe_mode) };
  if (!pack) return { look: "none", title: t(connection() === "connecting" ? "verdict.connecting" : "verdict.no_pack"), note: "" };
  const { status } = pack;
  if (!pack.readAt) return unread(status);
  if (status.link === "asleep") return { look: "none", title: t("verdict.asleep"), note: lastReading(pack) };
  if (!isFresh(pack)) return { look: "warn", title: t(status.link === "offline" ? "verdict.offline" : "verdict.late"), note: `${lastReading(pack)} ${remedy(status)}`.trim() };
  const danger = alarms().find(({ pack: owner, look }) => owner === state.selected && look === "bad");
  if (danger) return alarmed(status, danger);
  return calm(pack, status, leftMin);
}

function lost() {
  if (state.problem && state.problem !== "no_answer") return { look: "warn", title: t("verdict.refused"), ...quoted(state.problem) };
  if (!state.lastContact) return { look: "warn", title: t("verdict.unreachable"), note: t("verdict.unreachable.note") };
  return { look: "warn", title: t("verdict.lost"), note: t("verdict.lost.note", { time: clock(state.lastContact), span: span(Date.now() - state.lastContact) }) };
}

function unread(status) {
  if (status.diagnosis?.requests === 0) return { look: "warn", title: t("verdict.never_asked"), note: t("verdict.never_asked.note") };
  if (!status.link) return { look: "none", title: t("verdict.waiting"), note: "" };
  return { look: "warn", title: t("verdict.silent"), note: remedy(status) };
}

const lastReading = (pack) => t("verdict.last_reading", { span: span(Date.now() - pack.readAt) });

function alarmed(status, { name, ack }) {
  const { title, note } = alarm(name, state.selected, status), cell = status.alarm_cells?.[name]?.[0], mv = cell ? status.cells_mv[cell - 1] : null;
  return { alarm: name, look: "bad", title: name === "overvoltage" && mv ? t("verdict.overvoltage", { cell, volts: volts(mv) }) : title, note, ack };
}

function calm(pack, status, leftMin) {
  const spread = millivolts(status.delta_mv), trigger = millivolts(status.trigger_mv);
  if (isBalancing(pack, status)) return balancing(pack, status, leftMin);
  const isOver = isOverTrigger(pack, status);
  if (status.balancing_enabled === false) return { look: isOver ? "warn" : "good", title: t(isOver ? "verdict.switched_off" : "verdict.healthy", { spread }), note: t("verdict.switched_off.note", { trigger }) };
  if (isOver) return { look: "warn", title: t("verdict.over", { spread }), note: t("verdict.over.note", { trigger }) };
  return { look: "good", title: t("verdict.healthy", { spread }), note: t("verdict.healthy.note", { trigger }) };
}

/** Cells stay in the title while the balancer only pauses. */
function balancing(pack, status, leftMin) {
  const { from, to } = pack.memory.transfer;
  const left = leftMin ? t("verdict.left", { left: roughly(leftMin) }) : "";
  const isGiving = status.balance_state === "discharging_highest";
  const part = status.balance_state === "waiting" ? "pause" : isGiving ? "taking" : "giving";
  return {
    look: "busy",
    title: t("verdict.balancing", { from, to }) + left,
    note: t(`verdict.balancing.${part}`, { from, to, current: amperes(status.balance_ma), spread: millivolts(status.delta_mv), trigger: millivolts(status.trigger_mv) }),
  };
}

function isBalancing(pack, status) {
  const memory = (pack.memory ??= { balancedAt: 0, transfer: null, isOver: false });
  const now = Date.now();
  if (status.balance_state !== "waiting" && status.balance_state !== null) {
    memory.balancedAt = now;
    memory.transfer = { from: status.highest_cell, to: status.lowest_cell };
  }
  return memory.transfer !== null && now - memory.balancedAt < BALANCING_HOLD_MS;
}

/** Above the trigger, with a little hysteresis: a reading is only good to some mV. */
function isOverTrigger(pack, { delta_mv: delta, trigger_mv: trigger }) {
  const memory = (pack.memory ??= { balancedAt: 0, transfer: null, isOver: false });
  if (trigger === null || delta === null) return false;
  memory.isOver = memory.isOver ? delta > trigger : delta > trigger + SWITCH_MV;
  return memory.isOver;
}

/** Minutes until the trigger, by how the delta fell lately; null where it does not fall steadily. */
export function minutesLeft(points, triggerMv) {
  const known = points.filter(({ delta }) => delta !== null);
  const first = known[0], last = known[known.length - 1];
  if (!first || last.at - first.at < MIN_FALL_MS || triggerMv === null) return null;
  const n = known.length, meanAt = known.reduce((sum, { at }) => sum + at, 0) / n, mean = known.reduce((sum, { delta }) => sum + delta, 0) / n;
  let up = 0, across = 0, spread = 0;
  for (const { at, delta } of known) {
    up += (at - meanAt) * (delta - mean);
    across += (at - meanAt) ** 2;
    spread += (delta - mean) ** 2;
  }
  const fit = spread ? up * up / (across * spread) : 0;
  const perMinute = -up / across * 60000;
  const left = (mean + up / across * (last.at - meanAt) - triggerMv) / perMinute;
  return perMinute > 0 && fit > 0.5 && left > 0 && left < MAX_LEFT_MIN ? left : null;
}

function roughly(minutes) {
  if (minutes < 8) return t("left.minutes", { n: 5 });
  if (minutes < 55) return t("left.minutes", { n: Math.round(minutes / 10) * 10 || 10 });
  if (minutes < 90) return t("left.hour");
  return t("left.hours", { n: Math.round(minutes / 60) });
}

/** Which cells carry a marker: none where the spread is within the accuracy; another only where it leads clearly. */
export function markers(pack, { cells_mv: cells, delta_mv: delta, highest_cell: highest, lowest_cell: lowest }) {
  const marks = (pack.marks ??= { isOn: false, high: null, low: null });
  marks.isOn = marks.isOn ? delta >= NOISE_MV - 1 : delta > NOISE_MV;
  if (!marks.isOn) {
    marks.high = marks.low = null;
    return marks;
  }
  const lead = (number, kept) => Math.abs((cells[number - 1] ?? 0) - (cells[kept - 1] ?? 0)) >= SWITCH_MV;
  if (!marks.high || lead(highest, marks.high)) marks.high = highest;
  if (!marks.low || lead(lowest, marks.low)) marks.low = lowest;
  return marks;
}

// ---- the line ----

/** What to do about the line, in the page's words where it has them, else in the device's. */
export function remedy({ diagnosis: { verdict: name = "ok", remedy: text = "" } = {} }) {
  if (!name || name === "ok") return "";
  const key = `line.${name.replace(/ /g, "_")}.remedy`;
  return hasWord(key) ? t(key, { protocol: /: (.+?)\. /.exec(text)?.[1] }) : text;
}

/** A sentence of the device as a note. */
function quoted(text) {
  const [note, lang] = ofDevice(text);
  return { note, foreign: Boolean(lang) };
}

/** Sentences of everything else that needs a look: { look, title, note, foreign }. */
export function notices(status) {
  const found = [];
  const { verdict: name, lost_percent: share } = status?.diagnosis || {};
  if (name && name !== "ok") found.push({ look: "warn", title: t("notice.line", { verdict: t(`line.${name.replace(/ /g, "_")}`, { n: decimal(share) }) }), note: remedy(status) });
  if (status?.model === "jk_b2a4s" && (status.cells_configured ?? 4) !== 4) found.push({ look: "warn", title: t("notice.model"), note: t("notice.model.note") });
  if (status?.trigger_mv > 0 && status.trigger_mv < NOISE_MV) found.push({ look: "none", title: t("notice.trigger", { trigger: millivolts(status.trigger_mv) }), note: t("notice.trigger.note") });
  const { low_pack: level = 0 } = state.device;
  if (level) found.push({ look: level > 2 ? "bad" : "warn", title: t("notice.low_pack", { level }), note: t(`notice.low_pack.${level}`) });
  if (state.device.storage?.problem) found.push({ look: "warn", title: t("notice.storage"), ...quoted(state.device.storage.problem) });
  for (const fault of state.device.config_faults || []) found.push({ look: "warn", title: t("notice.config"), ...quoted(fault) });
  return found;
}
