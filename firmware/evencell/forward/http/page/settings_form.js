// A form made of a table of fields (settings_table.js). It edits a draft of the configuration, of which the changes are sent.

import { el, setText } from "./dom.js";
import { makeNotice } from "./now.js";
import { ofDevice } from "./sentences.js";
import { listEditor } from "./settings_list.js";
import { zoneEntry } from "./settings_zones.js";
import { hasWord, language, t } from "./words.js";

const at = (object, path) => path.split(".").reduce((value, key) => value?.[key], object);

function put(object, path, value) {
  const keys = path.split("."), last = keys.pop();
  keys.reduce((inner, key) => (inner[key] ??= {}), object)[last] = value;
}

const isSame = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
const plain = (value) => (value === "" ? null : value ?? null); // an empty field has its default

// ---- entries: what makes an element of { value, set, options, id }; the first one found in it gets the label ----

const text = ({ value, set }, properties = {}) => el("input", { type: "text", value: value ?? "", autocomplete: "off", spellcheck: false, oninput: ({ target }) => set(target.value || null), ...properties });

/** What is no number goes to the device as it is: its sentence says what it wants. */
function asNumber(entered) {
  const trimmed = entered.trim(), number = Number(trimmed.replace(",", "."));
  return trimmed === "" ? null : Number.isNaN(number) ? trimmed : number;
}

/** `true` is a secret that is set: it stays as it is until another one is entered. */
function secret({ value, set }) {
  let before = value === true ? true : null;
  const input = text({ value: before ? "" : value, set: (entered) => set(entered ?? before) }, { className: "secret" });
  const hint = (key) => (input.placeholder = t(key));
  hint(before ? "config.kept" : "config.unset");
  const remove = el("button", { type: "button", className: "button", textContent: t("config.remove"), hidden: !before, onclick: () => {
    before = null;
    input.value = "";
    remove.hidden = true;
    set(null);
    hint("config.unset");
    input.focus();
  } });
  return el("span", { className: "entry" }, input, remove);
}

function choice({ value, set, options: { choices, none, isSeverity } }) {
  const label = (name) => (none && name === null ? t(none) : /^cell_\d/.test(name) ? t("choice.cell_number", { n: name.split("_")[1] }) : isSeverity ? t(`severity.${name}`) : t(`choice.${name}`));
  const options = choices.map((name, i) => el("option", { value: i, selected: name === (value ?? null) }, label(name)));
  return el("select", { onchange: ({ target }) => set(choices[target.value]) }, ...options);
}

function spanOfDay({ value, set }, label) {
  const times = [0, 1].map((i) => el("input", { type: "time", value: value?.[i] ?? "", "aria-label": `${label}, ${t(i ? "config.until" : "config.from")}`, oninput: () => {
    const both = times.map((input) => input.value);
    set(both.some(Boolean) ? both : null);
  } }));
  return el("span", { className: "entry" }, ...times);
}

const ENTRIES = {
  text,
  number: (field) => text({ ...field, set: (entered) => field.set(asNumber(entered ?? "")) }, { inputMode: "decimal", placeholder: field.options.hint ?? "" }),
  texts: ({ value, set }) => text({ value: value?.join(", "), set: (entered) => set(entered && entered.split(",").map((item) => item.trim()).filter(Boolean)) }),
  switch: ({ value, set }) => el("input", { type: "checkbox", checked: Boolean(value), onchange: ({ target }) => set(target.checked) }),
  secret, choice, span: spanOfDay, zone: zoneEntry,
};

/** A choice of which each has a name and a sentence: words of the policy (policy.js). */
function explained({ path, word, value, set, options: { choices } }) {
  const family = path.slice(path.lastIndexOf(".") + 1);
  return el("fieldset", { className: "explained", "data-path": path }, el("legend", {}, t(word)), ...choices.map((name) => {
    const own = `policy.${family}.${name}`, id = `f-${own.replace(/\W+/g, "-")}`;
    const input = el("input", { type: "radio", id, name: path, value: name, checked: name === (value ?? null), onchange: () => set(name) });
    const tip = hasWord(`${own}.tip`) && el("small", { id: `${id}-tip` }, t(`${own}.tip`));
    if (tip) input.setAttribute("aria-describedby", `${id}-tip`);
    return el("div", { className: "option" }, input, el("label", { for: id }, t(own)), tip);
  }));
}

/** Hide the fields that are of no use with what is entered: their `when` does not hold. */
export function showWanted(fields, nodes, draft) {
  fields.forEach((field, i) => (nodes[i].hidden = !isWanted(field, draft)));
  for (const more of new Set(nodes.map((node) => node.closest("details.more")))) {
    if (more) more.hidden = nodes.every((node) => node.hidden || node.parentNode !== more);
  }
}

const isWanted = ([, , options], draft) => !options?.when || options.when(draft);

// ---- fields ----

/** A field with name, unit, tip and room for a fault. `place`: of the item of a list, such as "packs[0]."; `draft` is that item. */
export function makeField([key, kind, options = {}], draft, place = "") {
  const path = place + key, id = `f-${path.replace(/\W+/g, "-")}`, word = `config.${path.replace(/\[\d+\]/g, "")}`;
  const set = (value) => put(draft, key, value);
  if (kind === "list") return listEditor({ path, word, options, items: at(draft, key), makeField, showWanted });
  if (kind === "note") return el("ul", { className: "notices" }, makeNotice({ look: "warn", title: t(options.word), note: t(`${options.word}.note`, options.values(draft)) }));
  if (kind === "explained") return explained({ path, word, value: at(draft, key), set, options });
  const label = t(word), entry = ENTRIES[kind]({ value: at(draft, key), set, options }, label);
  const control = entry.matches("input, select") ? entry : entry.querySelector("input, select");
  const tip = hasWord(`${word}.tip`) && el("small", { id: `${id}-tip` }, t(`${word}.tip`));
  Object.assign(control, { id, name: path });
  if (tip) control.setAttribute("aria-describedby", `${id}-tip`);
  const unit = options.unit && el("span", { className: "unit" }, options.unit);
  return el("div", { className: `field${kind === "switch" ? " switch" : ""}`, "data-path": path }, el("label", { for: id }, label), unit ? el("span", { className: "entry" }, entry, unit) : entry, tip);
}

// ---- the form ----

/** A form with the fields of a section. `getConfig()`: what the device has; `send(patch)`: answers { ok, body, said }; `button()` restarts. */
export function makeForm(name, fields, getConfig, send, button) {
  let draft = structuredClone(getConfig());
  const place = el("div", { className: "settings" }), said = el("div", { className: "said", role: "status" });
  const saveButton = el("button", { className: "button main" }, t("settings.save")), discard = el("button", { type: "button", className: "button", hidden: true, onclick: () => {
    clearFaults(form);
    setText(said, "");
    build();
    saveButton.focus();
  } }, t("settings.discard"));
  const form = el("form", { id: `config-${name}`, noValidate: true, onsubmit: save, oninput: offer, onclick: offer }, place, saveButton, discard, said);
  const has = ([path]) => at(getConfig(), path) !== undefined; // a version without the key has no field for it

  function build() {
    draft = structuredClone(getConfig());
    const known = fields.filter((field) => has(field) || field[0].startsWith("pins."));
    const nodes = known.map((field) => makeField(field, draft)), isRest = (_, i) => Boolean(known[i][2]?.more);
    const rest = nodes.filter(isRest), opened = [...place.querySelectorAll("details")].map(({ open }) => open), focused = stops().indexOf(document.activeElement);
    place.replaceChildren(...nodes.filter((node, i) => !isRest(node, i)), rest.length ? el("details", { className: "more" }, el("summary", {}, t("config.more")), ...rest) : "");
    place.querySelectorAll("details").forEach((details, i) => (details.open = opened[i] ?? false));
    if (focused >= 0) stops()[focused]?.focus();
    form.onchange = () => {
      showWanted(known, nodes, draft);
      offer();
    };
    form.onchange();
  }

  /** To discard the changes, while there are any. */
  function offer() {
    discard.hidden = !isChanged();
  }

  const stops = () => [...place.querySelectorAll("input, select, button, summary")];

  const isChanged = () => Object.keys(changes()).length > 0;

  function changes() {
    const patch = {};
    for (const field of fields) {
      const [path, kind] = field;
      if (kind === "note" || !isWanted(field, draft)) continue; // what is hidden stays as it is
      const now = plain(at(draft, path));
      if (!isSame(now, plain(at(getConfig(), path)))) put(patch, path, now);
    }
    return patch;
  }

  async function save(event) {
    event.preventDefault();
    const patch = changes();
    clearFaults(form);
    if (!Object.keys(patch).length) return setText(said, t("settings.same"));
    setText(said, t("settings.saving"));
    const { ok, body, ...answer } = await send(patch);
    if (ok) build();
    said.replaceChildren(...(ok ? outcome(body, button) : [refused(body, answer)]));
  }

  /** Faults of the device, each at its field; the sentence for below the form. */
  function refused({ faults = [] }, { said: sentence }) {
    const places = causes(faults).map((fault) => showFault(form, fault, CONSEQUENCE)).filter(Boolean);
    if (!places.length) return sentence;
    places[0].closest("details:not([open])")?.setAttribute("open", "");
    places[0].querySelector("input, select")?.focus();
    return t("settings.refused");
  }

  build();
  return { form, build, isChanged };
}

/** What became of a change. */
function outcome({ restart, warnings }, button) {
  const said = el("p", {}, t(restart.length ? "settings.restart_needed" : "settings.saved"));
  return [said, restart.length ? button() : "", ...warnings.map((warning) => quoted(warning, "p"))];
}

// ---- faults ----

export function clearFaults(form) {
  for (const fault of form.querySelectorAll(".fault")) fault.remove();
  for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
}

/** Show "path: sentence" at its field, or at the first one of its section; the field, or null where there is none. `without`: what of it is not shown. */
export function showFault(form, fault, without) {
  const [, path, text] = /^([\w.[\]…]+): (.*)$/s.exec(fault) || [];
  const field = path && [...form.querySelectorAll("[data-path]")].find(({ dataset }) => dataset.path === path || dataset.path.startsWith(`${path}.`) || dataset.path.startsWith(`${path}[`));
  if (!field) return null;
  const control = field.querySelector("input, select"), id = `${path.replace(/\W+/g, "-")}-fault`;
  field.append(el("p", { className: "fault", id }, quoted(text, "span", without)));
  control?.setAttribute("aria-invalid", "true");
  control?.setAttribute("aria-describedby", `${id} ${field.querySelector("small")?.id ?? ""}`.trim());
  return field;
}

// What the device does with a file that has the fault; a form that was refused changed nothing.
const CONSEQUENCE = /(?:; [^;]*(?:not used|stays off|stays awake|no beacons|comes from DHCP|nicht verwendet|bleibt aus|bleibt wach|gilt nicht|keine Beacons|der Router vergibt sie)| Der W-Schalter wird nicht benutzt)\.?$/;

/** The faults of a refused form that say what to do: one for each field, and none that only follows from another. */
function causes(faults) {
  const split = (fault) => /^([^:]*): (.*)$/s.exec(fault) ?? ["", "", fault];
  return faults.filter((fault) => {
    const [, path, text] = split(fault), others = faults.filter((other) => other !== fault);
    if (/^not used: (with|without) /.test(text)) return !others.some((other) => other.startsWith(`${path}.`));
    return !text.startsWith("a text of 0 characters ") || !others.some((other) => split(other)[1] === path);
  });
}

/** A sentence of the device, in the page's language where that is known, its keys as this page names them. */
export function quoted(text, tag = "span", without = "") {
  const [all, lang] = ofDevice(text.replace(/, (without|in) quotes$/, "")); // these are of the file
  const words = all.replace(' ("" is an open network)', "").replace(" is not allowed; ", " is not allowed. Allowed: ").replace(without, "");
  return el(tag, { lang }, lang && language !== "en" ? t("settings.not_allowed") : "", worded(words));
}

export function worded(text) {
  const named = text.replace(/\b[a-z]+(?:\[\d+\])?(?:\.[a-z_]+)+\b/g, (key) => {
    const word = `config.${key.replace(/\[\d+\]/, "")}`;
    return hasWord(word) ? t("config.quote", { name: t(word) }) : key;
  });
  return named.charAt(0).toUpperCase() + named.slice(1) + (/[.?!]$/.test(named) ? "" : ".");
}
