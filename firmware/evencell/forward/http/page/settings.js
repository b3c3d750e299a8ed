// Login, the balancer's settings, the device's configuration by sections, backup and restart. Changes are sent only when a button says so.

import { loadSession, state } from "./data.js";
import { el, setText } from "./dom.js";
import { load } from "./load.js";
import { getJson, sendJson } from "./requests.js";
import { failure } from "./sentences.js";
import { makePassword, makeTokens } from "./settings_access.js";
import { makeBackup } from "./settings_backup.js";
import { makeBalancer } from "./settings_balancer.js";
import { makeForm, showFault, worded } from "./settings_form.js";
import { pinFields, SECTIONS } from "./settings_table.js";
import { addWords, loadTexts, t } from "./words.js";

const COLUMNS = [["general", "packs", "balancing", "rules", "network"], ["access", "mqtt", "store", "display", "log", "update", "pins"]];
const SLOW_MS = 60000; // the device checks and writes for seconds

const parts = {};
const forms = {}; // by section, once the configuration was loaded
let config = null;
let balancerFor = ""; // pack and login that were loaded
let policy = null; // its file
let rules = null; // the same
let isLoaded = false; // the configuration, since the login
let isLeaving = false; // by a button
let returnTo = null; // what had the focus when the session ended

export async function prepare() {
  policy = await load("policy");
  rules = await load("rules");
  await Promise.all([policy.prepare(), rules.prepare()]);
  addWords(await loadTexts("settings"));
}

export function mount(root) {
  parts.login = el("form", { className: "card", id: "login", onsubmit: logIn },
    el("h2", {}, t("login")), el("p", { className: "text" }, t("login.note")),
    el("input", { type: "text", autocomplete: "username", value: "evencell", hidden: true }), // for password managers
    el("div", { className: "field" }, el("label", { for: "login-password" }, t("login.password")), (parts.password = el("input", { id: "login-password", type: "password", autocomplete: "current-password", maxLength: 128, required: true }))),
    el("button", { className: "button main" }, t("login.send")), (parts.loginSaid = said()), el("p", { className: "small" }, t("login.lan")));
  parts.balancer = makeBalancer(problem);
  parts.tokens = makeTokens(problem);
  parts.configSaid = said();
  parts.config = COLUMNS.map((names) => el("div", { className: "config" }, ...names.map(section)));
  parts.sections.balancing.before((parts.policy = el("div", { id: "policy-now" })));
  parts.sections.rules.before((parts.rules = el("dl", { className: "facts", id: "rules-now" })));
  parts.sections.access.append(el("hr"), makePassword(problem, sessionEnded), el("hr"), parts.tokens.form);
  const { card, said: backupSaid } = makeBackup(problem, loadConfig,
    el("p", { className: "tools" }, restartButton(), el("button", { type: "button", className: "button", onclick: logOut }, t("login.out"))));
  Object.assign(parts, { backup: card, backupSaid });
  parts.columns = el("div", { className: "columns" }, el("div", {}, parts.balancer.form, parts.config[0]), el("div", {}, parts.config[1], parts.backup));
  root.append(parts.login, parts.configSaid, parts.columns);
}

const said = () => el("div", { className: "said", role: "status" });
const restartButton = () => el("button", { type: "button", className: "button", onclick: restart }, t("settings.restart"));

function section(name) {
  const content = el("div", {});
  (parts.sections ??= {})[name] = content;
  const about = (parts.about ??= {})[name] = el("small", {});
  return el("details", { className: "card", id: `section-${name}` }, el("summary", {}, el("h2", {}, t(`section.${name}`)), about), el("p", { className: "text" }, t(`section.${name}.note`)), content);
}

export function update() {
  const isIn = Boolean(state.session.logged_in), focused = document.activeElement;
  const isOver = isLoaded && !isIn, isLoggingIn = parts.login.contains(focused);
  if (isOver && !isLeaving && !parts.loginSaid.textContent) setText(parts.loginSaid, t("login.over"));
  parts.login.hidden = isIn;
  for (const part of [...parts.config, parts.backup]) part.hidden = !isIn;
  if (isOver) leave(focused);
  if (isIn && !isLoaded && isLoggingIn) comeBack();
  parts.balancer.allow(isIn);
  const key = `${state.selected} ${isIn}`;
  if (balancerFor !== key && state.selected) parts.balancer.load();
  balancerFor = key;
  if (isIn && !isLoaded) {
    parts.tokens.load();
    loadConfig();
  }
  isLoaded = isIn;
  if (isOpen(parts.policy)) policy.showState(parts.policy, config?.control?.policy.preset);
  if (isOpen(parts.rules)) rules.showRules(parts.rules);
}

/** The forms are hidden until the next login, with all that was entered. */
function leave(focused) {
  const isHere = parts.columns.contains(focused) || focused === document.body;
  returnTo = isLeaving || !parts.columns.contains(focused) ? null : focused;
  for (const said of parts.columns.querySelectorAll(".said")) said.replaceChildren(); // of the session that is over
  if (isHere) parts.password.focus();
  isLeaving = false;
}

/** After a login, to where the last session ended, or to the top of the view. */
function comeBack() {
  if (returnTo?.isConnected) returnTo.focus();
  else document.getElementById("main").focus({ preventScroll: true });
  returnTo = null;
}

const isOpen = (node) => isLoaded && node.closest("details").open;

/** What went wrong, in one sentence; after the end of a session the login says it. */
function problem({ status, error }) {
  const text = worded(failure({ status, error }));
  if (status === 401) sessionEnded(state.session.logged_in ? text : "");
  return text;
}

/** Say it where it can be seen: the other forms are hidden until the next login. */
function sessionEnded(text) {
  setText(parts.loginSaid, text);
  loadSession();
}

// ---- login ----

async function logIn(event) {
  event.preventDefault();
  setText(parts.loginSaid, t("login.checking"));
  const answer = await sendJson("POST", "/api/v1/login", { password: parts.password.value }, SLOW_MS);
  parts.password.value = "";
  const key = { 401: "wrong", 409: "none" }[answer.status];
  setText(parts.loginSaid, answer.ok ? "" : key ? t(`login.${key}`) : problem(answer));
  await loadSession();
}

async function logOut() {
  isLeaving = true;
  setText(parts.loginSaid, "");
  await sendJson("POST", "/api/v1/logout", {});
  await loadSession();
}

// ---- the configuration ----

/** Load what the device has, and make the forms of it; those with changes that were not sent stay. */
async function loadConfig() {
  const answer = await getJson("/api/v1/config", 20000);
  setText(parts.configSaid, answer.config ? "" : problem(answer));
  if (!answer.config) return;
  config = answer.config;
  for (const [name, content] of Object.entries(parts.sections)) {
    const fields = SECTIONS[name] ?? pinFields(answer.pins ?? {}, config.pins);
    content.parentNode.hidden = !fields.length;
    if (!forms[name]) {
      forms[name] = makeForm(name, fields, () => config, send, restartButton);
      content.prepend(forms[name].form);
    } else if (!forms[name].isChanged()) forms[name].build();
    setText(parts.about[name], about(name));
  }
  for (const fault of answer.faults) parts.config.some((column) => showFault(column, fault));
}

/** What a section is set to, in a few words. */
function about(name) {
  const { packs, control, wifi, mqtt, influx, display, log, update: { keys = [] } = {}, pins } = config, host = (url) => url.split("/")[2];
  const texts = {
    general: config.name, packs: packs.map((pack) => pack.name).join(", "), network: wifi.networks.map(({ ssid }) => ssid).join(", "),
    rules: control?.rules.map((rule) => rule.name).join(", "),
    balancing: control && t(`policy.preset.${control.policy.preset}`),
    mqtt: mqtt.enabled ? mqtt.host : t("off"), store: influx.url ? host(influx.url) : t("off"), display: display.driver === "none" ? t("off") : `${display.brightness} %`,
    log: t(`choice.${log.level}`), update: keys.map((key) => key.name).join(", "), pins: Object.keys(pins).length ? t("pins.moved") : "",
  };
  return texts[name] ?? "";
}

async function send(patch) {
  const answer = await sendJson("PATCH", "/api/v1/config", patch, SLOW_MS);
  if (answer.ok) {
    policy.refresh();
    await loadConfig(); // before another change is compared with it
    loadSession(); // with the status: both may be others now
  } else answer.said = problem(answer);
  return answer;
}

async function restart({ target }) {
  if (!confirm(t("settings.restart.confirm"))) return;
  const answer = await sendJson("POST", "/api/v1/restart", {});
  isLeaving = answer.ok;
  setText(target.closest(".said") ?? parts.backupSaid, answer.ok ? t("settings.restarting") : problem(answer));
}
