// First contact: asks for network, name, password and pack, then follows what the device makes of it.
// Captive browsers keep no storage and open no window, and load this page anew when the access point changes its channel:
// so what is going on is asked of the device, and all that the page needs is in one document.

import { $, el, keep, kept, segments, setText } from "./dom.js";
import { rating } from "./rating.js";
import { getJson, sendJson } from "./requests.js";
import { clearFault, clearFaults, focusField, place, rewordFaults, setFault } from "./setup_fields.js";
import { choose, chosenNetwork, isChosen, isTypedIn, search, showNetworks, ssid } from "./setup_networks.js";
import { WORDS } from "./setup_words.js";
import { t, useWords } from "./words.js";

const POLL_MS = 2000;
const IDLE_POLL_MS = 10000; // while the form is filled in
const ANSWER_MS = 4000;
const SEND_MS = 15000;
const SILENT_MS = 12000; // more than one poll without an answer
// What the device's refusals are about, in the page's own words: it finds fewer passwords weak than the page does.
const REFUSALS = { "network.ssid": "problem.network.ssid", "network.password": "problem.network.password", password: "rating.weak" };

const root = document.documentElement;
let device = { hostname: "evencell", device: {}, password_min: 10 }; // its last answer
let lastContact = Date.now();
let phase = ""; // what is shown: open, trying or done
let phaseAt = 0;
let isBegun = false; // the form is filled
let isSending = false;
let isUnsure = false; // sent, and no answer has shown yet that it arrived
let isFinished = false;
let problem = null; // [function that gives the words, the device's own sentence]
let timer = 0;

const isWired = () => Boolean(device.device.wired);
const values = () => ({ ap: device.hostname, ssid: device.ssid || ssid(), page: location.host, n: device.password_min });
const seconds = (sinceMs) => Math.round((Date.now() - sinceMs) / 1000);

// ---- texts ----

function useLanguage(wanted) {
  root.lang = wanted;
  useWords(WORDS[wanted]);
  for (const node of document.querySelectorAll("[data-t]")) setText(node, t(node.dataset.t, values()));
  document.title = `evencell – ${t("title")}`;
  showNetworks();
  showRating();
  rewordFaults();
  showProblem();
  render();
}

function showRating() {
  const { length } = $("password").value, missing = device.password_min - length;
  const word = !length ? "empty" : missing > 0 ? "short" : rating($("password").value, [$("name").value, ssid(), device.hostname]);
  $("rating").className = `rating ${word}`;
  setText($("rating"), t(`rating.${word}`, { n: missing }));
}

function setProblem(say, error) {
  problem = say ? [say, error] : null;
  showProblem();
  if (say) $("problem").focus();
}

/** The device's own sentence is in English: in another language it stands below ours. */
function showProblem() {
  $("problem").hidden = !problem;
  if (!problem) return;
  const [say, error] = problem;
  $("problem").replaceChildren(say(), error && root.lang !== "en" ? el("small", { lang: "en" }, error) : "");
}

// ---- the form ----

const isHex = (text) => /^[0-9a-f]{64}$/i.test(text);
const byteLength = (text) => new TextEncoder().encode(text).length;
const capacity = () => Number($("capacity").value.replace(",", "."));
const chemistry = () => $("open").querySelector("[name=chemistry]:checked")?.value;

/** Fields that can't be right, and why, in the order of the page. */
function check() {
  const name = byteLength(ssid()), passphrase = $("passphrase").value, length = byteLength(passphrase);
  const isOpen = $("locked").hidden || (isTypedIn() && !passphrase);
  return [
    !isWired() && !isChosen() && ["network.ssid", "fault.network"],
    isTypedIn() && (!name || name > 32) && ["network.ssid", "fault.network.ssid"],
    !isOpen && !isHex(passphrase) && (length < 8 || length > 63) && ["network.password", "fault.network.password"],
    !$("name").value.trim() && ["name", "fault.name"],
    $("password").value.length < device.password_min && ["password", "fault.password"],
    !chemistry() && ["pack.chemistry", "fault.pack.chemistry"],
    !(capacity() > 0 && capacity() <= 10000) && ["pack.capacity_ah", "fault.pack.capacity_ah"],
  ].filter(Boolean);
}

const content = () => ({
  language: root.lang,
  name: $("name").value.trim(),
  network: isWired() ? null : chosenNetwork(),
  password: $("password").value,
  pack: { chemistry: chemistry(), capacity_ah: capacity(), cells: Number($("cells").value) },
});

async function send(event) {
  event.preventDefault();
  setProblem();
  clearFaults();
  const found = check();
  for (const [field, key] of found) setFault(field, () => t(key, values()));
  if (found.length) return focusField(found[0][0]);
  isSending = $("send").disabled = true;
  setText($("send"), t("sending"));
  const { status, body, error } = await sendJson("POST", "/api/v1/setup", content(), SEND_MS);
  isSending = $("send").disabled = false;
  setText($("send"), t("send"));
  if (status === 202 || status === 409) {
    device.ssid = ssid();
    show("trying");
  } else if (status) refuse(body.field, error);
  else isUnsure = true;
  poll();
}

/** Say why the device refuses: where it names a field, there; in its own sentence, where that is in the page's language. */
function refuse(field, error) {
  const say = () => (root.lang === "en" && error ? `${sentence(error)} ${t("problem.kept")}` : t(REFUSALS[field] || "problem.other", values()));
  if (!field || !place(field)) return setProblem(say, error);
  setFault(field, say);
  focusField(field);
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1).replace(/\.$/, "")}.`;

// ---- what the device does meanwhile ----

async function poll() {
  clearTimeout(timer);
  const answer = await getJson("/api/v1/setup", ANSWER_MS);
  if (!isSending) {
    if (answer.state) accept(answer);
    else if (answer.status === 404) location.replace("/"); // it is set up, and its own page answers
  }
  render();
  clearTimeout(timer);
  timer = setTimeout(poll, phase === "open" && !isUnsure ? IDLE_POLL_MS : POLL_MS);
}

function accept(answer) {
  const hadFailed = device.state === "failed", isAwaited = isUnsure || phase === "trying";
  device = answer;
  lastContact = Date.now();
  isUnsure = false;
  if (answer.state === "trying" || answer.state === "done") return show(answer.state);
  show("open");
  if (!isBegun) begin(answer);
  if (answer.state === "failed" && (isAwaited || !hadFailed)) refuse(answer.field, answer.problem);
  else if (isAwaited) setProblem(() => t("problem.unsent"));
}

/** Fill the form; `given`: what was sent before, passwords apart. */
function begin({ given, ssid: before }) {
  isBegun = true;
  const { name = "evencell", pack = {} } = given || {};
  $("name").value = name;
  if (pack.chemistry) $("open").querySelector(`[value="${pack.chemistry}"]`).checked = true;
  $("capacity").value = pack.capacity_ah ?? "";
  $("cells").value = pack.cells ?? 4;
  $("network").hidden = isWired();
  if (before) choose(before);
  showRating();
  if (!isWired()) search();
}

function show(wanted) {
  if (phase === wanted) return;
  phase = wanted;
  phaseAt = Date.now();
  for (const name of ["open", "trying", "done"]) $(name).hidden = name !== wanted;
  render();
  scrollTo(0, 0);
  if (wanted !== "open") $(wanted).querySelector("h2").focus();
}

/** What changes with time and answers. */
function render() {
  const silentMs = Date.now() - lastContact, isSilent = silentMs > SILENT_MS;
  const words = { ...values(), min: Math.max(1, Math.ceil(device.seconds_left / 60)) };
  const say = (node, key, more) => setText(node, t(key, { ...words, ...more }));
  $("simulated").hidden = !device.device.simulated;
  $("silent").hidden = !isSilent || phase !== "open";
  say($("silent"), "silent");
  say($("closes"), "closes");
  say($("unencrypted"), "unencrypted");
  say($("trying_title"), isWired() ? "trying.cable" : "trying");
  if (silentMs > 2 * POLL_MS) say($("elapsed"), "trying.lost", { s: seconds(lastContact) });
  else say($("elapsed"), "trying.elapsed", { s: seconds(phaseAt) });
  $("radio").hidden = $("join").hidden = isWired();
  say($("radio"), "trying.note");
  say($("rejoin"), "trying.rejoin");
  say($("done_title"), isWired() ? "done.cable" : "done");
  say($("join"), "done.join");
  link($("by_address"), device.address);
  link($("by_host"), `${device.hostname}.local`);
  $("finish").hidden = isFinished || isSilent;
  say($("stays"), isFinished ? "done.restarts" : isSilent ? "done.gone" : "done.stays");
}

function link(node, host) {
  node.href = `http://${host}/`;
  setText(node, node.href);
}

async function finish() {
  isFinished = true;
  render();
  const { ok, status } = await sendJson("POST", "/api/v1/setup/finish", {});
  isFinished = ok || status === 0; // without an answer it may have arrived
  render();
}

// ---- start ----

/** The network's password is a text with dots: browsers would offer to keep it, and take two passwords for a change of one. */
function toggle({ target }) {
  const input = $(target.dataset.shows), isShown = target.getAttribute("aria-pressed") !== "true";
  if (input.id === "passphrase") input.classList.toggle("dots", !isShown);
  else input.type = isShown ? "text" : "password";
  target.setAttribute("aria-pressed", isShown);
}

function edited({ target }) {
  const field = target.closest("[data-field]").dataset.field;
  clearFault(field);
  showRating();
}

function start() {
  const isDark = matchMedia("(prefers-color-scheme: dark)");
  const applyTheme = () => (root.dataset.theme = isDark.matches ? "dark" : "light");
  applyTheme();
  isDark.addEventListener("change", applyTheme);
  useLanguage(kept("language") || (navigator.language.startsWith("de") ? "de" : "en"));
  $("bar").append(segments("Language, Sprache", [["en", "English"], ["de", "Deutsch"]], root.lang, (wanted) => {
    keep("language", wanted);
    useLanguage(wanted);
  }));
  $("cells").append(...Array.from({ length: 23 }, (_, i) => el("option", {}, i + 2)));
  for (const button of document.querySelectorAll("[data-shows]")) button.onclick = toggle;
  $("open").onsubmit = send;
  $("open").oninput = edited;
  $("refresh").onclick = search;
  $("finish").onclick = finish;
  setInterval(render, 1000);
  poll();
}

start();
