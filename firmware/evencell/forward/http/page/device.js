// The line, the network, what the device sends where, itself, its log, and what failed. Every counter has a name and a tip.

import { connection, selectedPack, state } from "./data.js";
import { card, el, fact, rebuild, setClass, setText } from "./dom.js";
import { load } from "./load.js";
import { get, getJson } from "./requests.js";
import { ofDevice } from "./sentences.js";
import { remedy } from "./verdict.js";
import { bytes, count, dateTime, decimal, hasWord, span, t } from "./words.js";

const DISPLAY_MS = 950; // some readings are a little early
const NO_DISPLAY_MS = 60000;
const LOG_MS = 5000; // where no stream brings it
const COUNTERS = ["requests", "answers", "timeouts", "late_answers", "foreign_frames", "bad_checksums", "rubbish_bytes"];


const parts = {};
let nextDisplay = 0;
let nextLog = 0;
let crashesFor = null;

export function mount(root) {
  parts.verdict = el("p", { className: "line-verdict", id: "line" });
  parts.remedy = el("p", { className: "text" });
  parts.facts = list();
  parts.counters = list("counters");
  parts.canvas = el("canvas", { className: "panel", id: "display", hidden: true, role: "img", "aria-label": t("device.display.label") });
  parts.display = card(t("device.display"), parts.canvas, (parts.displayFacts = list()));
  parts.log = el("ol", { lang: "en" });
  parts.crashes = el("ol", {});
  parts.failures = el("details", { className: "card", ontoggle: loadCrashes }, el("summary", {}, t("device.failures")), el("p", { className: "small" }, t("device.failures.note")), scrolled("crashes", t("device.failures"), parts.crashes));
  root.append(el("div", { className: "columns" },
    el("div", {},
      card(t("device.line"), parts.verdict, parts.remedy, parts.facts, el("details", {}, el("summary", {}, t("device.counters")), parts.counters)),
      card(t("device.network"), (parts.network = list("network"))),
      card(t("device.sending"), (parts.sending = list("sending"))),
      card(t("device.missing"), el("p", { className: "text" }, t("device.missing.note")))),
    el("div", {}, parts.display, card(t("device.self"), (parts.self = list("device"))),
      (parts.update = el("details", { className: "card", id: "update", ontoggle: openUpdate }, el("summary", {}, t("device.update")))),
      el("details", { className: "card", open: true }, el("summary", {}, t("device.log")), el("p", { className: "small" }, t("device.log.note")), scrolled("log", t("device.log"), parts.log)), parts.failures)));
}

const scrolled = (id, label, content) => el("div", { className: "log", id, tabindex: "0", role: "region", "aria-label": label }, content);
const list = (id) => el("dl", { className: "facts", id });

export function update() {
  const status = selectedPack()?.status ?? {}, { device } = state;
  renderLine(status);
  rebuild(parts.network, network(device), fact);
  rebuild(parts.sending, sending(device), fact);
  rebuild(parts.self, self(device), fact);
  rebuild(parts.displayFacts, display(device.display), fact);
  parts.display.hidden = !device.display;
  parts.failures.hidden = !device.crashes;
  rebuild(parts.log, state.log, ({ uptime_s: uptime, level, text }) => el("li", { className: level }, `${span(uptime * 1000).padStart(10)}  ${text}`));
  if (parts.failures.open && crashesFor !== device.crashes) loadCrashes();
  if (device.display) loadDisplay();
  loadLog();
}

/** Its code is loaded once it is opened; where that fails, it closes. */
async function openUpdate() {
  if (!parts.update.open) return;
  parts.update.ontoggle = null;
  try {
    const { mountUpdate } = await load("update");
    await mountUpdate(parts.update);
  } catch (error) {
    console.error(error);
    parts.update.open = false;
    parts.update.ontoggle = openUpdate;
  }
}

// ---- the line ----

function renderLine(status) {
  const { diagnosis = {}, link, model } = status, { verdict = null, sure, lost_percent: lost } = diagnosis;
  setClass(parts.verdict, `line-verdict ${verdict === "ok" ? "good" : verdict ? "warn" : "none"}`);
  setText(parts.verdict, verdict ? t(`line.${verdict.replace(/ /g, "_")}`, { n: decimal(lost ?? 0) }) : t("line.unknown"));
  setText(parts.remedy, remedy(status));
  parts.remedy.hidden = !parts.remedy.textContent;
  const answered = diagnosis.requests ? `${decimal(100 * diagnosis.answers / diagnosis.requests, 1)} %` : null;
  rebuild(parts.facts, [
    [t("device.link"), link && t(`link.${link}`)],
    verdict && verdict !== "ok" && [t("device.sure"), t(`sure.${sure}`), t("device.sure.tip")],
    [t("device.answered"), answered, t("device.answered.tip")],
    [t("device.model"), t(`model.${model}`)],
  ].filter(Boolean), fact);
  const raw = status.alarms_raw ?? null;
  const doubts = Object.keys(diagnosis).filter((name) => name.startsWith("doubted_"));
  rebuild(parts.counters, [
    ...COUNTERS.map((name) => [t(`counter.${name}`), decimal(diagnosis[name] ?? 0), t(`counter.${name}.tip`)]),
    ...doubts.map((name) => [t(`counter.${name}`), decimal(diagnosis[name]), t(`counter.${name}.tip`)]),
    [t("counter.sequence"), status.sequence && decimal(status.sequence), t("counter.sequence.tip")],
    [t("counter.alarms_raw"), raw === null ? null : raw.toString(2).padStart(8, "0"), t("counter.alarms_raw.tip")],
    [t("counter.balance_raw"), diagnosis.balance_raw?.toString(2).padStart(8, "0"), t("counter.balance_raw.tip")],
    [t("counter.temperature_raw"), status.temperature_raw, t("counter.temperature_raw.tip")],
  ], fact);
}

// ---- the device ----

function network({ network: of, wifi_rssi: rssi, network_heap_free: free }) {
  if (!of) return [[t("device.network"), t("network.computer")]];
  return [
    [t("network.state"), t(`network.${of.state}`)],
    [t("network.name"), of.ssid ?? t("network.cable")],
    [t("network.address"), of.address],
    rssi !== null && [t("network.signal"), `${decimal(rssi)} dBm`, t(rssi >= -60 ? "signal.good" : rssi >= -72 ? "signal.fair" : "signal.poor")],
    free !== null && [t("network.heap"), bytes(free), t("network.heap.tip")],
  ].filter(Boolean);
}

/** A problem in the device's words, or a tip of our own, with its language. */
const because = (problem, tip = "") => (problem ? ofDevice(problem) : [tip]);

function sending({ mqtt, influx, journal, storage = {} }) {
  return [
    [t("mqtt"), mqtt ? t(`mqtt.${mqtt.state}`) : t("off"), ...because(mqtt?.problem, mqtt ? "" : t("mqtt.off.tip"))],
    mqtt && [t("mqtt.sent"), decimal(mqtt.sent), t("mqtt.sent.tip")],
    mqtt?.dropped > 0 && [t("mqtt.dropped"), decimal(mqtt.dropped), t("mqtt.dropped.tip")],
    [t("influx"), influx ? t(influx.problem ? "influx.waiting" : "influx.works") : t("off"), ...because(influx?.problem, influx ? "" : t("influx.off.tip"))],
    influx && [t("influx.sent"), decimal(influx.sent)],
    influx?.refused > 0 && [t("influx.refused"), decimal(influx.refused), t("influx.refused.tip")],
    influx?.dropped > influx?.refused && [t("influx.dropped"), decimal(influx.dropped - influx.refused), t("influx.dropped.tip")],
    journal && [t("journal.waiting"), count("readings", journal.waiting), t("journal.waiting.tip")],
    journal && [t("journal.bytes"), bytes(journal.bytes)],
    journal?.thinned > 0 && [t("journal.thinned"), decimal(journal.thinned), t("journal.thinned.tip")],
    journal?.dropped > 0 && [t("journal.dropped"), decimal(journal.dropped), t("journal.dropped.tip")],
    [t("storage"), storage.problem ? t("storage.problem") : t("storage.ok"), ...because(storage.problem)],
    storage.failed_writes > 0 && [t("storage.failed_writes"), decimal(storage.failed_writes), t("storage.failed_writes.tip")],
    storage.set_aside > 0 && [t("storage.set_aside"), decimal(storage.set_aside), t("storage.set_aside.tip")],
    storage.history_lost > 0 && [t("storage.history_lost"), decimal(storage.history_lost), t("storage.history_lost.tip")],
  ].filter(Boolean);
}

function self({ id, name, firmware, board, profile, uptime_s: uptime, time_source: source, time_age_s: age, heap_free: heap, reset_cause: cause, config_faults: faults = [] }) {
  if (!id) return [[t("device.self"), null]];
  return [
    [t("self.name"), name],
    [t("self.firmware"), firmware],
    [t("self.board"), board === "host" ? t("self.computer") : board.replace(/_/g, " ")],
    [t("self.profile"), hasWord(`profile.${profile}`) ? t(`profile.${profile}`) : profile],
    [t("self.uptime"), span(uptime * 1000)],
    [t("self.cause"), t(`cause.${cause}`)],
    [t("self.time"), t(`time.${source}`), age === null ? "" : t("self.time.age", { span: span(age * 1000) })],
    [t("self.heap"), bytes(heap), t("self.heap.tip")],
    [t("self.faults"), faults.length ? decimal(faults.length) : t("none"), faults.length ? t("self.faults.tip") : ""],
    [t("self.id"), id, t("self.id.tip")],
  ];
}

function display(of) {
  if (!of) return [];
  return [
    [t("display.state"), t(`display.${of.state}`), ...because(of.error)],
    of.page !== null && [t("display.page"), hasWord(`display.page.${of.page}`) ? t(`display.page.${of.page}`) : of.page],
    of.brightness !== null && [t("display.brightness"), `${decimal(of.brightness)} %`],
  ].filter(Boolean);
}

// ---- the display's picture ----

/** Once a second at most, and only while it is seen. */
async function loadDisplay() {
  if (document.hidden || Date.now() < nextDisplay || connection() === "lost") return;
  nextDisplay = Date.now() + DISPLAY_MS;
  const answer = await get("/api/v1/display").catch(() => ({}));
  if (answer.status === 404) nextDisplay += NO_DISPLAY_MS; // there is none, or none yet
  if (answer.ok) drawDisplay(new Uint8Array(await answer.arrayBuffer()));
}

/** PBM P4: rows start on whole bytes, the leftmost pixel is the highest bit, 1 is lit. PPM P6: three bytes a pixel. */
function drawDisplay(data) {
  const start = String.fromCharCode(...data.slice(0, 32)), hasColours = start[1] === "6";
  const found = (hasColours ? /^P6\s(\d+)\s(\d+)\s255\s/ : /^P4\s(\d+)\s(\d+)\s/).exec(start);
  if (!found) return;
  parts.canvas.hidden = false;
  const [header, width, height] = [found[0].length, Number(found[1]), Number(found[2])];
  const { canvas } = parts, pen = canvas.getContext("2d"), rowBytes = (width + 7) >> 3, image = pen.createImageData(width, height);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  for (let i = 0; i < width * height; i++) {
    const x = i % width, y = (i - x) / width, at = header + 3 * i;
    if (hasColours) image.data.set([data[at], data[at + 1], data[at + 2], 255], 4 * i);
    else image.data.set(data[header + y * rowBytes + (x >> 3)] & (128 >> (x & 7)) ? [191, 228, 255, 255] : [5, 7, 10, 255], 4 * i);
  }
  pen.putImageData(image, 0, 0);
  // Whole multiples only: pixels of unequal size would look broken.
  const factor = Math.min(3, Math.max(1, Math.floor((canvas.parentNode.clientWidth - 48) / width)));
  canvas.style.setProperty("width", `${width * factor + 16}px`);
}

// ---- log and failures ----

/** The stream brings the log; without one it is fetched. */
async function loadLog() {
  if (connection() !== "polling" || Date.now() < nextLog) return;
  nextLog = Date.now() + LOG_MS;
  const { lines } = await getJson("/api/v1/log", 20000);
  if (lines) state.log = lines.reverse();
}

/** Only once they are opened: they may be long. */
async function loadCrashes() {
  if (!parts.failures.open) return;
  crashesFor = state.device.crashes;
  const { crashes = [] } = await getJson("/api/v1/crashes", 20000);
  rebuild(parts.crashes, crashes, ({ time, uptime_s: uptime, part, reset_cause: cause, version, count: times, traceback }) => {
    const [text, lang] = traceback ? ofDevice(traceback) : [t(`cause.${cause}`)];
    const about = `${time === null ? t("self.no_clock") : dateTime(time * 1000)}, ${t("failure.after", { span: span(uptime * 1000), version })}:`;
    return el("li", {}, `${about} `, part ? el("span", { lang: "en" }, part) : t("view.device"), `${times > 1 ? ` (${times}×)` : ""}\n`, el("span", { lang }, text), "\n\n");
  });
}
