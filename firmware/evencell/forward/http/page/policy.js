// What the balance policy does and why: a line of the first view, and the top of its settings. Loaded where it is needed.

import { onChange, state } from "./data.js";
import { el, named, rebuild, setText } from "./dom.js";
import { makeNotice } from "./now.js";
import { getJson, sendJson } from "./requests.js";
import { failure, ofDevice } from "./sentences.js";
import { addWords, language, loadTexts, span, t } from "./words.js";

const ASK_MS = 20000;
const ASK_AGAIN_MS = 2000; // after a request that failed
const LIMIT_MS = 20000;

const answers = named(); // by pack: { at, policy, w }, with the time of the question
let isLoaded = false; // the words

export async function prepare() {
  if (!isLoaded) addWords(await loadTexts("policy"));
  isLoaded = true;
}

/** Ask anew: a change was saved. What is shown stays until the answer is there. */
export function refresh() {
  for (const known of Object.values(answers)) Object.assign(known, { at: -Infinity, policy: null });
}

/** Show the line in a list of notices, from now on. */
export async function showLine(node) {
  await prepare();
  node.setAttribute("aria-label", t("policy"));
  onChange(() => {
    const policy = node.offsetParent || !node.children.length ? policyOf(state.selected) : null;
    if (policy) rebuild(node, policy.preset === "off" ? [] : [sentence(policy)], makeNotice);
  });
}

/** Fill the top of the settings: what policy and W switch do now, since when, and what holds if the device fails. `saved`: the preset in the form. */
export function showState(node, saved) {
  const policy = policyOf(state.selected);
  if (!policy) return;
  const facts = [policy.preset !== "off" && policy.trend && t("policy.trend", { trend: t(`policy.${policy.trend}`) }), policy.since_s && t("policy.since", { span: span(policy.since_s * 1000) })];
  const texts = [differs(policy, saved), facts.filter(Boolean).join(" "), policy.when_dead].filter(Boolean), own = texts.filter((text) => text !== policy.when_dead);
  const { w } = answers[state.selected];
  rebuild(node, [sentence(policy), ...texts, ...(w ? [{ w, pack: state.selected }] : [])], (item) => {
    if (item.w) return makeW(item);
    if (typeof item !== "string") return el("ul", { className: "notices" }, makeNotice(item));
    const [text, lang] = ofDevice(item);
    return el("p", { className: "text", lang: own.includes(item) ? undefined : lang }, text);
  });
}

/** Why another preset runs than the form has, or an empty text. */
function differs({ preset, configured, problem }, saved) {
  const name = (of) => t(`policy.preset.${of}`);
  if (preset !== configured) return t("policy.chosen", { preset: name(preset), configured: name(configured) });
  return saved && saved !== configured && !problem ? t("policy.later", { preset: name(saved) }) : "";
}

/** The W switch: its level, why, and whether it saves anything; with a button where the balancer is off. */
function makeW({ w: { level, reason, next_reading_s: nextS, saves }, pack }) {
  const [why, lang] = said(reason.replace(/^(on|off): /, ""));
  const facts = [t(`policy.w.${level ?? "released"}`), nextS && t("policy.w.next", { span: span(nextS * 1000) }), t(`policy.w.${saves}`)];
  const text = el("p", { className: "text" }, `${facts[0]} `, el("span", { lang }, ending(why)), ` ${facts.slice(1).filter(Boolean).join(" ")}`);
  if (level === "on" || !state.session.logged_in) return text;
  const answer = el("p", { className: "said", role: "status" });
  const read = async () => {
    if (!confirm(t("policy.w.confirm"))) return;
    const result = await sendJson("POST", `/api/v1/packs/${encodeURIComponent(pack)}/w`, { read: true });
    setText(answer, result.ok ? t("policy.w.asked") : failure(result));
  };
  return el("div", {}, text, el("button", { type: "button", className: "button", id: "w-read", onclick: read }, t("policy.w.read")), answer);
}

/** The last answer about a pack's policy; asks for a newer one when it is time. */
function policyOf(pack) {
  const known = (answers[pack] ??= { at: -Infinity, policy: null });
  if (pack && !document.hidden && Date.now() - known.at > ASK_MS) ask(pack, known);
  return known.policy;
}

async function ask(pack, known) {
  known.at = Date.now();
  const { policy, w } = await getJson(`/api/v1/packs/${encodeURIComponent(pack)}/control`, LIMIT_MS);
  if (policy) Object.assign(known, { policy, w });
  else known.at = Date.now() + ASK_AGAIN_MS - ASK_MS;
}

/** A notice: { look, title, note, foreign }. */
function sentence({ preset, state: is, reason, problem }) {
  const [why, lang] = said(reason.replace(/^(on|off|unchanged|no policy is set): /, ""));
  const [trouble = "", other] = problem ? said(problem) : [];
  const title = preset === "off" ? t("policy.none") : t(`policy.${is ?? "waiting"}`, { preset: t(`policy.preset.${preset}`) });
  return { look: problem ? "warn" : "none", title, note: `${ending(why)} ${ending(trouble)}`.trim(), foreign: lang ?? other };
}

/** In the page's language, whether the device's words for it end in a full stop or not. */
function said(text) {
  const found = ofDevice(text), dotted = ofDevice(`${text}.`);
  return found[1] && !dotted[1] ? dotted : found;
}

/** As a sentence, with numbers as the page's language writes them. */
function ending(text) {
  const own = language === "de" ? text.replace(/(\d)\.(\d)/g, "$1,$2") : text;
  return own && own.charAt(0).toUpperCase() + own.slice(1) + (/[.?!]$/.test(own) ? "" : ".");
}
