// Login, the balancer's settings, the device's configuration, backup and restart. Changes are sent only when a button says so.

import { changed, loadSession, state } from "./data.js";
import { card, el, rebuild, setText } from "./dom.js";
import { getJson, sendJson } from "./requests.js";
import { amperes, decimal, millivolts, t } from "./words.js";

const SETTINGS = ["trigger_mv", "max_balance_ma", "cell_count", "balancing_enabled"];
// What the form has: [key, kind, choices or limits]. Of packs the one that is selected.
const FIELDS = [
  ["device", [["name", "text"], ["http.public_read", "switch"]]],
  ["pack", [["packs[].model", "choice", ["jk_b2a4s", "jk_b2a24s", "jk_b1a24s"]], ["packs[].chemistry", "choice", ["lfp", "nmc", "lto"]], ["packs[].capacity_ah", "number"], ["packs[].writable", "switch"]]],
  ["mqtt", [["mqtt.enabled", "switch"], ["mqtt.host", "text"], ["mqtt.port", "number"], ["mqtt.user", "text"], ["mqtt.password", "secret"], ["mqtt.tls", "switch"], ["mqtt.commands", "switch"]]],
  ["store", [["influx.url", "text"], ["influx.token", "secret"]]],
  ["display", [["display.language", "choice", ["en", "de"]], ["display.brightness", "number"], ["display.off_after_s", "number"]]],
];
const ERRORS = { 0: "no_answer", 401: "expired", 413: "too_long", 429: "pause", 503: "busy" };

const parts = {};
let loadedFor = "";
let config = null;

export function mount(root) {
  parts.login = el("form", { className: "card", id: "login", onsubmit: logIn },
    el("h2", {}, t("login")), el("p", { className: "text" }, t("login.note")),
    el("input", { type: "text", autocomplete: "username", value: "evencell", hidden: true }), // for password managers
    (parts.password = input("password", t("login.password"), { autocomplete: "current-password", required: true })),
    el("button", { className: "button" }, t("login.send")), (parts.loginSaid = said()), el("p", { className: "small" }, t("login.lan")));
  parts.rows = el("div", { className: "settings" });
  parts.balancerSaid = said();
  parts.balancer = el("form", { className: "card", id: "balancer", onsubmit: setBalancer },
    el("h2", {}, t("settings.balancer")), (parts.balancerNote = el("p", { className: "text" })), parts.rows,
    (parts.set = el("button", { className: "button" }, t("settings.set"))), parts.balancerSaid);
  parts.fields = el("div", { className: "settings" });
  parts.configSaid = said();
  parts.config = el("form", { className: "card", id: "config", onsubmit: saveConfig },
    el("h2", {}, t("settings.device")), parts.fields, el("button", { className: "button" }, t("settings.save")), parts.configSaid);
  parts.backupSaid = said();
  parts.file = el("input", { type: "file", accept: ".json,application/json", onchange: restore });
  parts.backup = card(t("settings.backup"),
    el("p", { className: "text" }, t("settings.backup.note")),
    el("p", {}, el("a", { className: "button", href: "/api/v1/backup", download: "" }, t("settings.backup.load"))),
    el("label", { className: "field" }, el("span", {}, t("settings.restore")), parts.file),
    el("p", {}, el("button", { type: "button", className: "button", onclick: restart }, t("settings.restart")), " ",
      el("button", { type: "button", className: "button", onclick: logOut }, t("login.out"))), parts.backupSaid);
  root.append(parts.login, el("div", { className: "columns" }, el("div", {}, parts.balancer, parts.backup), el("div", {}, parts.config)));
}

const said = () => el("p", { className: "said", role: "status" });

function input(type, label, properties = {}) {
  return el("label", { className: "field" }, el("span", {}, label), el("input", { type, ...properties }));
}

export function update() {
  const isIn = Boolean(state.session.logged_in);
  parts.login.hidden = isIn;
  parts.config.hidden = parts.backup.hidden = !isIn;
  parts.set.disabled = !isIn;
  const key = `${state.selected} ${isIn}`;
  if (loadedFor === key || !state.selected) return;
  loadedFor = key;
  loadBalancer();
  if (isIn) loadConfig();
}

/** What went wrong, in one sentence: by the status where the page has the words, else as the device says it. */
function problem({ status, error }) {
  const text = ERRORS[status] ? t(`error.${ERRORS[status]}`) : error || t("error.no_answer");
  if (status === 401) {
    setText(parts.loginSaid, state.session.logged_in ? text : ""); // the other forms are hidden until the next login
    loadSession();
  }
  return text;
}

// ---- login ----

async function logIn(event) {
  event.preventDefault();
  setText(parts.loginSaid, t("login.checking"));
  const answer = await sendJson("POST", "/api/v1/login", { password: parts.password.control.value }, 60000);
  parts.password.control.value = "";
  const key = { 401: "wrong", 409: "none" }[answer.status];
  setText(parts.loginSaid, answer.ok ? "" : key ? t(`login.${key}`) : problem(answer));
  await loadSession();
}

async function logOut() {
  await sendJson("POST", "/api/v1/logout", {});
  await loadSession();
}

// ---- the balancer ----

const capital = (text) => text[0].toUpperCase() + text.slice(1);

const shownAs = (name, value) => (value === null ? "—" : name === "trigger_mv" ? millivolts(value) : name === "max_balance_ma" ? amperes(value) : typeof value === "boolean" ? t(String(value)) : decimal(value));

async function loadBalancer() {
  const { settings, writable, ...answer } = await getJson(`/api/v1/packs/${encodeURIComponent(state.selected)}/settings`, 20000);
  parts.balancer.hidden = answer.status === 404;
  if (!settings) return setText(parts.balancerSaid, problem(answer));
  setText(parts.balancerNote, t(writable ? "settings.unproven" : "settings.not_writable"));
  parts.set.hidden = !writable;
  rebuild(parts.rows, SETTINGS.map((name) => [name, settings[name], writable]), ([name, { active, min, max, recommended, reason }, isWritable]) => {
    const isSwitch = typeof min === "boolean";
    const field = input(isSwitch ? "checkbox" : "number", capital(t(`setting.${name}`)), { name, disabled: !isWritable, ...(isSwitch ? { checked: Boolean(active) } : { value: active ?? "", min, max }) });
    field.control.active = active;
    const range = isSwitch ? "" : t("settings.range", { min: decimal(min), max: decimal(max) });
    const advice = recommended === null ? t("settings.no_advice") : t("settings.advice", { value: shownAs(name, recommended) });
    return el("div", {}, field, el("small", {}, `${range} ${advice} `, el("span", { lang: "en" }, reason)));
  });
}

async function setBalancer(event) {
  event.preventDefault();
  const wanted = {};
  for (const { type, name, checked, value, active } of parts.rows.querySelectorAll("input")) {
    const now = type === "checkbox" ? checked : Number(value);
    if (now !== active && (type === "checkbox" || value !== "")) wanted[name] = now;
  }
  if (!Object.keys(wanted).length) return setText(parts.balancerSaid, t("settings.same"));
  const words = Object.entries(wanted).map(([name, value]) => `${t(`setting.${name}`)}: ${shownAs(name, value)}`).join(", ");
  if (!confirm(t("settings.confirm", { words }))) return;
  setText(parts.balancerSaid, t("settings.writing"));
  const { ok, body, ...answer } = await sendJson("PATCH", `/api/v1/packs/${encodeURIComponent(state.selected)}/settings`, wanted, 60000);
  setText(parts.balancerSaid, ok ? Object.entries(body).map(([name, { active, error }]) => (error ? `${t(`setting.${name}`)}: ${error}` : t("settings.is", { name: t(`setting.${name}`), value: shownAs(name, active) }))).join(" ") : problem(answer));
  parts.rows.content_ = "";
  loadBalancer();
}

// ---- the device ----

const read = (key) => {
  const [section, name] = key.split(".");
  if (section === "packs[]") return config.packs.find((pack) => pack.name === state.selected)?.[name];
  return name === undefined ? config[section] : config[section]?.[name];
};

async function loadConfig() {
  const answer = await getJson("/api/v1/config", 20000);
  if (!answer.config) return setText(parts.configSaid, problem(answer));
  config = answer.config;
  parts.fields.replaceChildren(...FIELDS.map(([group, fields]) => el("fieldset", {}, el("legend", {}, t(`config.${group}`)), ...fields.map(makeField))));
}

function makeField([key, kind, choices]) {
  const value = read(key), label = t(`config.${key.replace("[]", "")}`);
  if (kind === "choice") {
    const select = el("select", { name: key }, ...choices.map((choice) => el("option", { value: choice, selected: choice === value }, t(`choice.${choice}`))));
    return el("label", { className: "field" }, el("span", {}, label), select);
  }
  const properties = { switch: { type: "checkbox", checked: Boolean(value) }, number: { type: "number", value: value ?? "", step: "any" }, text: { value: value ?? "" }, secret: { className: "secret", autocomplete: "off", spellcheck: false, placeholder: value ? t("config.kept") : t("config.unset") } }[kind];
  return input(properties.type || "text", label, { name: key, ...properties });
}

/** Only what differs; an empty secret stays as it was. */
function differences() {
  const patch = {};
  for (const [key, kind] of FIELDS.flatMap(([, fields]) => fields)) {
    const { checked, value } = parts.fields.querySelector(`[name="${key}"]`), before = read(key);
    const now = kind === "switch" ? checked : kind === "number" ? (value === "" ? null : Number(value)) : value === "" ? (kind === "secret" ? before : before === "" ? "" : null) : value;
    if (now === (before ?? null) || now === before) continue;
    const [section, name] = key.split(".");
    if (section === "packs[]") {
      patch.packs ??= config.packs.map((pack) => ({ ...pack }));
      patch.packs.find((pack) => pack.name === state.selected)[name] = now;
    } else if (name === undefined) patch[section] = now;
    else (patch[section] ??= {})[name] = now;
  }
  return patch;
}

async function saveConfig(event) {
  event.preventDefault();
  const patch = differences();
  if (!Object.keys(patch).length) return setText(parts.configSaid, t("settings.same"));
  await change(parts.configSaid, "PATCH", "/api/v1/config", patch);
  changed();
}

async function change(place, method, path, body) {
  setText(place, t("settings.saving"));
  const { ok, body: result, ...answer } = await sendJson(method, path, body, 60000);
  if (!ok) return setText(place, problem(answer));
  await loadConfig(); // before another change is compared with it
  setText(place, t(result.restart.length ? "settings.restart_needed" : "settings.saved"));
}

async function restore() {
  const [file] = parts.file.files;
  try {
    await change(parts.backupSaid, "POST", "/api/v1/restore", JSON.parse(await file.text()));
  } catch {
    setText(parts.backupSaid, t("settings.no_backup"));
  }
  parts.file.value = "";
}

async function restart() {
  if (!confirm(t("settings.restart.confirm"))) return;
  const answer = await sendJson("POST", "/api/v1/restart", {});
  setText(parts.backupSaid, answer.ok ? t("settings.restarting") : problem(answer));
}
