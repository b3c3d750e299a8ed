// The networks in reach, of which one is chosen, or another one is typed in.

import { $, el, setText, svg } from "./dom.js";
import { getJson } from "./requests.js";
import { clearFault } from "./setup_fields.js";
import { t } from "./words.js";

const SCAN_MS = 20000;
const SHOWN = 6; // of a long list
const SIGNALS_DBM = [-60, -70, -80]; // at least that is strong, good, weak
const OTHER = ""; // in place of a network's name: it is typed in

let found = []; // by the last scan
let outcome = "searching"; // of it: found, nothing or failed
let chosen = null; // name of a network, or OTHER
let areAllShown = false;

const find = () => found.find((network) => network.ssid === chosen);

/** The name of the chosen network; "" for none. */
export const ssid = () => (chosen === OTHER ? $("ssid").value : chosen || "");

export const isChosen = () => chosen !== null;
export const isTypedIn = () => chosen === OTHER;

/** The chosen one as the device wants it. */
export const chosenNetwork = () => ({ ssid: ssid(), password: $("locked").hidden ? "" : $("passphrase").value, hidden: isTypedIn() });

export async function search() {
  outcome = "searching";
  showNetworks();
  let answer = await getJson("/api/v1/networks", SCAN_MS);
  if (answer.status === 0) answer = await getJson("/api/v1/networks", SCAN_MS); // a scan may interrupt the access point
  found = answer.networks || found;
  outcome = !answer.networks ? "failed" : found.length ? "found" : "nothing";
  if (chosen && !find()) {
    $("ssid").value = chosen;
    chosen = OTHER;
  }
  showNetworks();
}

export function showNetworks() {
  setText($("scan"), t(`network.${outcome}`));
  $("refresh").disabled = outcome === "searching";
  const hasMore = !areAllShown && found.length > SHOWN + 1;
  const rows = found.filter((network, i) => !hasMore || i < SHOWN || network.ssid === chosen).map(networkRow);
  if (hasMore) rows.push(el("button", { type: "button", className: "quiet", onclick: showAll }, t("network.more", { n: found.length })));
  rows.push(row(OTHER, el("span", {}, t("network.other"), el("small", {}, t("network.other.note")))));
  const isFocused = $("networks").contains(document.activeElement), fault = $("networks").querySelector(".fault");
  $("networks").replaceChildren(...rows, ...(fault ? [fault] : []));
  if (isFocused) $("networks").querySelector(":checked")?.focus();
  showFields();
}

function showAll() {
  areAllShown = true;
  showNetworks();
  $("networks").querySelectorAll("input")[SHOWN].focus();
}

const row = (value, ...content) => el("label", { className: "network" },
  el("input", { type: "radio", name: "network", value, checked: chosen === value, onchange: () => choose(value) }), ...content);

function networkRow({ ssid: name, rssi, secured }) {
  const strength = SIGNALS_DBM.filter((limit) => rssi >= limit).length + 1;
  const bars = [1, 2, 3, 4].map((bar) => svg("path", { d: `M${5 * bar - 2} 18V${18 - 3.5 * bar}`, class: bar <= strength ? "on" : "" }));
  const lock = svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: "M6 11h12v9H6zM9 11V7.5a3 3 0 0 1 6 0V11" }));
  return row(name, el("span", { dir: "auto" }, name),
    el("span", { className: "unseen" }, `, ${t(secured ? "network.secured" : "network.open")}, ${t(`signal.${strength}`)}`),
    secured ? lock : el("small", { "aria-hidden": "true" }, t("network.open")),
    svg("svg", { viewBox: "0 0 24 20", class: "signal", "aria-hidden": "true" }, ...bars));
}

export function choose(name) {
  chosen = name;
  clearFault("network.ssid");
  clearFault("network.password");
  showFields();
}

function showFields() {
  const network = find();
  $("by_name").hidden = $("passphrase_note").hidden = !isTypedIn();
  $("locked").hidden = !isChosen() || Boolean(network && !network.secured);
  $("unlocked").hidden = !network || network.secured;
}
