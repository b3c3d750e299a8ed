// What rules and alarms say, with their acknowledgement, and the events that the device keeps. Loaded where it is needed.

import { changed, onChange, state } from "./data.js";
import { el, fact, named, rebuild } from "./dom.js";
import { getJson, sendJson } from "./requests.js";
import { failure, ofDevice } from "./sentences.js";
import { addWords, cellNames, dateTime, hasWord, loadTexts, span, t } from "./words.js";

const ASK_MS = 20000;
const ASK_AGAIN_MS = 2000; // after a request that failed
const LIMIT_MS = 20000;
const KEPT_MS = 30000;
const LOOKS = { danger: "bad", warning: "warn", info: "none" };

const asked = named(); // by pack: { at, alarms }
const lists = named(); // by pack, of all rules
const log = { events: [], at: -Infinity };
let isLoaded = false; // the words

export async function prepare() {
  if (!isLoaded) addWords(await loadTexts("rules"));
  isLoaded = true;
  state.makeAck = makeAck;
}

/** Ask for the rules of each pack with an alarm, from now on; verdict.js has them in `state.rules`. */
export async function watch() {
  await prepare();
  onChange(() => {
    for (const [pack, { status }] of state.packs) {
      const alarms = status.alarms.join(), last = (asked[pack] ??= { at: -Infinity, alarms: "" });
      if (document.hidden || !alarms || (alarms === last.alarms && Date.now() - last.at < ASK_MS)) continue;
      asked[pack] = { at: Date.now(), alarms };
      ask(pack);
    }
  });
  changed();
}

async function ask(pack) {
  const { rules } = await getJson(`/api/v1/packs/${encodeURIComponent(pack)}/control`, LIMIT_MS);
  if (!rules) {
    asked[pack].at = Date.now() + ASK_AGAIN_MS - ASK_MS;
    return;
  }
  lists[pack] = rules;
  state.rules[pack] = Object.fromEntries(rules.filter((rule) => rule.state === "raised").map((rule) => [rule.since_s === null ? rule.name : `rule:${rule.name}`, detail(pack, rule)]));
  changed();
}

/** What the first view shows of a raised rule; of the balancer's alarms it has the words itself. */
function detail(pack, { name, severity, text, cells, acknowledged, since_s: sinceS }) {
  const done = acknowledged ? t("rules.acknowledged") : "", ack = acknowledged || !state.session.logged_in ? null : { pack, name };
  if (sinceS === null) return { look: "bad", done, ack };
  const isOwn = !hasWord(`rule.${name}`), title = isOwn ? t("alarm.rule", { name }) : t(`rule.${name}`);
  return { look: LOOKS[severity], title: cells.length ? `${title}: ${cellNames(cells)}` : title, note: isOwn ? ofDevice(text)[0] : t(`rule.${name}.remedy`), done, ack };
}

/** Fill a list of facts with the pack's rules and what is the matter with each; asks for newer ones when it is time. */
export function showRules(node) {
  const pack = state.selected, last = (asked[pack] ??= { at: -Infinity, alarms: "" });
  if (pack && !document.hidden && Date.now() - last.at >= ASK_MS) {
    last.at = Date.now();
    ask(pack);
  }
  if (!lists[pack]) return;
  rebuild(node, lists[pack].length ? lists[pack].map(row) : [[t("rules.none"), " "]], fact);
}

/** Name, state and what is said about it: [name, state, note, language of the note]. */
function row({ name, state: is, acknowledged, text, cells, since_s: sinceS }) {
  const isAlarm = is === "raised" && sinceS === null;
  const title = isAlarm ? t(`alarm.${name}`) : hasWord(`rule.${name}`) ? t(`rule.${name}`) : t("alarm.rule", { name });
  const word = isAlarm ? `alarm.${name}.remedy` : `rule.${name}.${is === "raised" ? "remedy" : is}`;
  const [note, lang] = is === "ok" || is === "pending" ? [] : hasWord(word) ? [t(word)] : text ? ofDevice(text) : [];
  const since = sinceS === null ? "" : ` ${t("rules.since", { span: span(sinceS * 1000) })}`;
  return [cells.length ? `${title}: ${cellNames(cells)}` : title, `${t(`rules.${acknowledged ? "acknowledged_too" : is}`)}${since}`, note && sentence(note), lang];
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.?!]$/.test(text) ? "" : ".");

/** A button that acknowledges a rule or an alarm. */
function makeAck({ pack, name }) {
  let isSending = false;
  const answer = el("span", { role: "status" }), button = el("button", { type: "button", className: "button", id: `ack-${pack}-${name}`, onclick: async () => {
    if (isSending) return;
    isSending = true;
    const result = await sendJson("POST", `/api/v1/packs/${encodeURIComponent(pack)}/acknowledge`, { rule: name });
    isSending = false;
    answer.textContent = result.ok ? "" : ` ${failure(result)}`;
    asked[pack].at = -Infinity;
    changed();
  } }, t("rules.acknowledge"));
  return el("div", {}, button, answer);
}

/** Fill a list with the events that the device keeps, newest first; asks for newer ones when it is time. */
export function showLog(node) {
  if (!document.hidden && Date.now() - log.at > KEPT_MS) askLog(node);
  const own = log.events.filter(({ pack }) => pack === state.selected);
  rebuild(node, own.length ? own : [null], (event) => event === null ? el("li", {}, el("span", {}, t("eventlog.none"))) : el("li", {},
    el("time", event.time ? { datetime: new Date(event.time * 1000).toISOString() } : {}, event.time ? dateTime(event.time * 1000) : t("self.no_clock")),
    el("span", {}, inWords(event))));
}

async function askLog(node) {
  log.at = Date.now();
  const { events } = await getJson(`/api/v1/eventlog?after=${log.events[0]?.number ?? 0}`, KEPT_MS);
  if (!events?.length) return;
  log.events = [...events.reverse(), ...log.events].slice(0, 200);
  showLog(node);
}

/** An event in words. One of the event stream has neither `from` nor `by`. */
export function inWords({ kind, name, by, from, to, result, text }) {
  if (kind === "settings") {
    const values = { name: t(`setting.${name}`), from: value(from), to: value(to), by: t(`eventlog.by.${by}`) };
    const reason = result === "refused" && text ? ` ${ofDevice(text)[0]}` : "";
    return `${t("eventlog.settings", values)} ${by === "other" ? "" : t(`eventlog.result.${result}`)}${reason}`.trim();
  }
  if (kind === "policy" && name === "preset") return from === undefined ? t("eventlog.preset.now", { to: preset(to) }) : t("eventlog.preset", { from: preset(from), to: preset(to), by: t(`eventlog.by.${by}`) });
  if (kind === "policy") return [t(to ? "eventlog.policy.on" : "eventlog.policy.off"), text && ofDevice(text.replace(/^(on|off): /, ""))[0]].filter(Boolean).join(": ");
  if (kind === "w") return t("eventlog.w", { name });
  const title = hasWord(`rule.${name}`) ? t(`rule.${name}`) : hasWord(`alarm.${name}`) ? t(`alarm.${name}`) : t("alarm.rule", { name });
  const what = text ? `${title}: ${cellNames(text.split(", "))}` : title;
  return t(to === "acknowledged" ? "eventlog.acknowledged" : to ? "eventlog.raised" : "eventlog.cleared", { what });
}

const preset = (is) => (hasWord(`policy.preset.${is}`) ? t(`policy.preset.${is}`) : value(is));
const value = (is) => (is === null ? "?" : hasWord(String(is)) ? t(String(is)) : String(is));
