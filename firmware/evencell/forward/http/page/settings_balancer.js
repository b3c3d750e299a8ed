// The balancer's own settings: each with its range, what is recommended and why. Written by a button, and read back.

import { state } from "./data.js";
import { el, rebuild, setText } from "./dom.js";
import { getJson, sendJson } from "./requests.js";
import { ofDevice } from "./sentences.js";
import { worded } from "./settings_form.js";
import { amperes, decimal, millivolts, t } from "./words.js";

const SETTINGS = ["trigger_mv", "max_balance_ma", "cell_count", "balancing_enabled"];

const capital = (text) => text[0].toUpperCase() + text.slice(1);
const shownAs = (name, value) => (value === null ? "—" : name === "trigger_mv" ? millivolts(value) : name === "max_balance_ma" ? amperes(value) : typeof value === "boolean" ? t(String(value)) : decimal(value));

function quote(sentence) {
  const [text, lang] = ofDevice(sentence);
  return el("span", { lang }, worded(text));
}

/** The card. `problem(answer)` gives the sentence of a failed request. */
export function makeBalancer(problem) {
  const rows = el("div", { className: "settings" }), note = el("p", { className: "text" }), count = el("p", { className: "text" }), said = el("p", { className: "said", role: "status" });
  const send = el("button", { className: "button main" }, t("settings.set"));
  const form = el("form", { className: "card", id: "balancer", hidden: true, onsubmit: write }, el("h2", {}, t("settings.balancer")), note, rows, send, said, count);
  const path = (what) => `/api/v1/packs/${encodeURIComponent(state.selected)}/${what}`;

  /** Show what the balancer has; what was entered stays, unless it is `written`. */
  async function load(written) {
    const { settings, writable, ...answer } = await getJson(path("settings"), 20000);
    form.hidden = answer.status === 404;
    if (!settings) return setText(said, problem(answer));
    setText(note, t(writable ? "settings.unproven" : "settings.not_writable"));
    send.hidden = !writable;
    const before = written ? [] : entered();
    rebuild(rows, SETTINGS.map((name) => [name, settings[name], writable]), row);
    for (const { id, value, checked } of before) Object.assign(document.getElementById(id), { value, checked });
    const { writes } = await getJson(path("control"), 20000);
    setText(count, writes?.total ? t(writes.today === null ? "settings.written" : "settings.written_today", writes) : "");
  }

  /** Inputs that differ from what the balancer has. */
  const entered = () => [...rows.querySelectorAll("input")].filter(({ type, checked, value, active }) => (type === "checkbox" ? checked !== active : value !== "" && Number(value) !== active));

  function row([name, { active, min, max, recommended, reason, broken }, isWritable]) {
    const isSwitch = typeof min === "boolean", id = `b-${name}`;
    const input = el("input", { id, name, disabled: !isWritable, "aria-describedby": `${id}-tip`, ...(isSwitch ? { type: "checkbox", checked: Boolean(active) } : { type: "number", value: active ?? "", min, max }) });
    input.active = active;
    const range = isSwitch || min === max ? "" : t("settings.range", { min: decimal(min), max: decimal(max) });
    const advice = recommended === null ? t("settings.no_advice") : t("settings.advice", { value: shownAs(name, recommended) });
    return el("div", { className: `field${isSwitch ? " switch" : ""}` }, el("label", { for: id }, capital(t(`setting.${name}`))), input, el("small", { id: `${id}-tip` }, `${range} ${advice} `, quote(reason), ...(broken && broken !== reason ? [el("b", { className: "fault" }, " ", quote(broken))] : [])));
  }

  async function write(event) {
    event.preventDefault();
    const wanted = {};
    for (const { type, name, checked, value } of entered()) wanted[name] = type === "checkbox" ? checked : Number(value);
    if (!Object.keys(wanted).length) return setText(said, t("settings.same"));
    const words = Object.entries(wanted).map(([name, value]) => `${t(`setting.${name}`)}: ${shownAs(name, value)}`).join(", ");
    if (!confirm(t("settings.confirm", { words }))) return;
    setText(said, t("settings.writing"));
    const { ok, body, ...answer } = await sendJson("PATCH", path("settings"), wanted, 60000);
    const each = ([name, { active, error }]) => (error ? `${capital(t(`setting.${name}`))}: ${ofDevice(error)[0]}` : t("settings.is", { name: t(`setting.${name}`), value: shownAs(name, active) }));
    setText(said, ok ? Object.entries(body).map(each).join(" ") : problem(answer));
    rows.content_ = "";
    load(ok);
  }

  return { form, load, allow: (isIn) => (send.disabled = !isIn) };
}
