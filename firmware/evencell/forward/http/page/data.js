// What the device says: its event stream, polling where there is none, and what of it is kept.

import { keep, kept, named } from "./dom.js";
import { getJson } from "./requests.js";

const POLL_MS = 2000; // without a stream
const REFRESH_MS = 30000; // beside one: it lacks the device
const SILENT_MS = 5000; // a stream so quiet may be dead: poll
const LOST_MS = 8000; // without any answer
const OLD_MS = 5000; // an older reading is not the present
const LOW_MS = 35000; // the same while a low pack is polled every 30 s
const RETRY_MAX_MS = 30000;
const LOG_LINES = 200;
const EVENTS = 64;
const SLEWED_S = 2;
// A start that is later by so much is another one; uptimes are whole seconds.
const RESTART_MS = 1500;
const LIVE_STEP_MS = 5000;
const LIVE_MS = 3600000;

export const state = {
  device: {},
  session: {}, // what may be done: logged_in, password_set, public_read, simulated
  packs: new Map(), // name → { status, readAt, live }
  rules: named(), // by pack and alarm: what rules.js knows of it
  selected: null,
  log: [], // newest first: { uptime_s, level, text }
  events: keptEvents(), // dated, newest first
  mayLackEvents: true, // some may have come while no stream was open
  lastContact: 0, // when anything last came from the device
  problem: "", // of the last request
  startedAt: Infinity, // of the device, by this page's clock
  isClosed: false, // reading needs a login, and there is none
};

function keptEvents() {
  try {
    return JSON.parse(kept("events", "[]"));
  } catch {
    return [];
  }
}

/** Keep events of the device: it has them only until its next restart. Their dates may differ by how its clock was slewed. */
export function addEvents(events) {
  const text = ({ time, ...rest }) => JSON.stringify(rest), isSame = (one) => (other) => text(one) === text(other) && Math.abs(one.time - other.time) <= SLEWED_S;
  const found = events.filter((event) => event.time !== null && !state.events.some(isSame(event)));
  if (!found.length) return;
  state.events = [...found, ...state.events].sort((one, other) => other.time - one.time).slice(0, EVENTS);
  keep("events", JSON.stringify(state.events));
}

const listeners = [];
let isDue = false;

export const onChange = (listener) => listeners.push(listener);

/** Let the page be drawn, once for all that changed in this turn. */
export function changed() {
  if (isDue) return;
  isDue = true;
  setTimeout(() => {
    isDue = false;
    for (const listener of listeners) listener();
  });
}

export const selectedPack = () => state.packs.get(state.selected);

export function selectPack(name) {
  state.selected = name;
  changed();
}

/** connecting, live, polling or lost. */
export function connection() {
  if (Date.now() - state.lastContact < LOST_MS) return isOpen() ? "live" : "polling";
  return state.lastContact || state.problem ? "lost" : "connecting";
}

export function isFresh(pack) {
  return Boolean(pack) && pack.status.link === "online" && connection() !== "lost" && Date.now() - pack.readAt < (state.device.low_pack ? LOW_MS : OLD_MS);
}

function acceptStatus(status) {
  const pack = state.packs.get(status.pack) || { live: [], readAt: 0 };
  pack.status = { ...status, alarms: status.alarms ?? [], cells_mv: status.cells_mv ?? [] };
  pack.readAt = status.pack_mv === null ? 0 : Date.now() - status.age_ms; // 0: never
  addLive(pack, status);
  state.packs.set(status.pack, pack);
  state.selected ??= status.pack;
}

/** Keep a point each few seconds; between them the larger delta wins, so that peaks stay. */
function addLive({ live, readAt }, { link, delta_mv: delta, pack_mv: mv, cells_mv: cells }) {
  const last = live[live.length - 1];
  if (link !== "online" || delta === null) {
    if (last && last.delta !== null) live.push({ at: readAt + LIVE_STEP_MS, delta: null, pack: null, cells: [] });
  } else if (last && readAt - last.at < LIVE_STEP_MS) {
    last.delta = Math.max(last.delta ?? 0, delta);
  } else live.push({ at: readAt, delta, pack: mv, cells });
  while (live.length && live[0].at < Date.now() - LIVE_MS) live.shift();
}

export function breakLive() {
  for (const { live } of state.packs.values()) {
    const last = live[live.length - 1];
    if (last && last.delta !== null) live.push({ at: last.at + LIVE_STEP_MS, delta: null, pack: null, cells: [] });
  }
}

// ---- the event stream ----

let stream = null;
let lastEvent = 0;
let pauseMs = POLL_MS;

const isOpen = () => stream !== null && stream.readyState === EventSource.OPEN;
const isSilent = () => Date.now() - lastEvent > SILENT_MS;

function openStream() {
  stream = new EventSource("/api/v1/events");
  stream.onerror = dropStream;
  stream.onopen = () => {
    state.log = []; // all of it comes again, but events only from now on
    state.mayLackEvents = true;
    changed();
  };
  listen("status", acceptStatus);
  listen("alarm", (event) => {
    addEvents([event]);
  });
  listen("log", (line) => {
    state.log = [line, ...state.log].slice(0, LOG_LINES);
    if (line.text.startsWith("mqtt: ")) lastPoll = 0; // the device's own part changed
  });
}

function listen(name, accept) {
  stream.addEventListener(name, (event) => {
    lastEvent = state.lastContact = Date.now();
    pauseMs = POLL_MS;
    accept(JSON.parse(event.data));
    changed();
  });
}

/** Browsers give up when refused and never notice a dead device: both end here. */
function dropStream() {
  if (!stream) return;
  stream.close();
  stream = null;
  setTimeout(openStream, pauseMs);
  pauseMs = Math.min(RETRY_MAX_MS, pauseMs * 2);
}

// ---- polling: without a stream, or when it is silent ----

let isPolling = false;
let lastPoll = 0;

async function poll() {
  isPolling = true;
  const sentAt = Date.now();
  const body = await getJson("/api/v1/status");
  state.isClosed = body.status === 401;
  if (body.packs) acceptAnswer(body, sentAt);
  else if (state.isClosed) state.lastContact = Date.now();
  else {
    state.problem = body.error || "no_answer";
    if (isSilent()) dropStream();
  }
  isPolling = false;
  lastPoll = Date.now();
  changed();
}

function acceptAnswer({ device, packs }, sentAt) {
  state.device = device;
  const startedAt = sentAt - 1000 * device.uptime_s;
  const isRestarted = startedAt > state.startedAt + RESTART_MS;
  if (!isRestarted) state.startedAt = startedAt;
  // The restart has ended it; asked once more with the next answer where it is not known.
  else loadSession().then((isKnown) => isKnown && (state.startedAt = startedAt));
  state.lastContact = Date.now();
  state.problem = "";
  if (lastEvent > sentAt) return; // the stream was faster
  packs.forEach(acceptStatus);
  const hasNew = packs.some(({ link, age_ms: age }) => link === "online" && age < SILENT_MS);
  if (isOpen() && isSilent() && hasNew) dropStream();
}

function tick() {
  const pause = isOpen() && !isSilent() ? REFRESH_MS : POLL_MS;
  if (!isPolling && Date.now() - lastPoll >= pause) poll();
  if (connection() === "lost") breakLive();
  changed();
}

/** Ask what may be done; older versions have no login and answer nothing. */
export async function loadSession() {
  const session = await getJson("/api/v1/session", 20000);
  const isKnown = "logged_in" in session;
  if (isKnown) state.session = session;
  lastPoll = 0;
  changed();
  return isKnown;
}

export function connect() {
  loadSession();
  openStream();
  tick();
  setInterval(tick, 1000);
}
