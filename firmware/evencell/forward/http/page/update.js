// Updates over the air: an image is chosen, sent, and followed through the restart.

import { loadSession, onChange, state } from "./data.js";
import { el, fact, rebuild, setText } from "./dom.js";
import { getJson } from "./requests.js";
import { failure, ofDevice } from "./sentences.js";
import { addWords, bytes, loadTexts, t } from "./words.js";

const POLL_MS = 2000;
const HEADER_BYTES = 512; // the first line of an image, with its end
const UPLOAD_MS = 960000; // the device gives an image 15 minutes
const UNSETTLED = ["receiving", "confirming"];
const TOLD = ["confirming", "confirmed", "rolled_back"]; // states with a sentence of the page

const parts = {};
let latest = {}; // what the device says of the latest update
let image = null; // header of the chosen file, {} where it is no image
let isSending = false;
let loaded = 0; // bytes that the browser has handed on, which may be buffered
let sentAt = 0; // when the device took an image, until it has restarted
let hasRestarted = false; // so that this page is that of the version before
let wasIn = false;
let timer = null;

/** Fill the card; `root` is its frame. */
export async function mountUpdate(root) {
  addWords(await loadTexts("update"));
  const button = (key, properties = {}) => el("button", { className: "button", ...properties }, t(key));
  const field = (key, input) => el("label", { className: input.type === "checkbox" ? "field switch" : "field" }, el("span", {}, t(key)), input);
  parts.facts = el("dl", { className: "facts" });
  parts.reason = el("p", { className: "text" });
  parts.login = el("p", { className: "text" }, t("update.login"), " ", el("a", { href: "#settings" }, t("view.settings")));
  parts.none = el("p", { className: "text" }, t("update.nothing"));
  parts.file = el("input", { type: "file", accept: ".evencell", onchange: choose });
  parts.older = el("input", { type: "checkbox", onchange: render });
  parts.chosen = el("p", { className: "text", id: "image" });
  parts.bar = el("progress", { hidden: true, max: 1, "aria-label": t("update.progress") });
  parts.send = button("update.send", { className: "button main" });
  parts.said = el("p", { className: "said", role: "status", tabindex: "-1" });
  parts.reload = el("p", { hidden: true }, button("update.reload", { type: "button", onclick: () => location.reload() }));
  parts.form = el("form", { onsubmit: send },
    el("p", { className: "text" }, t("update.note")), field("update.file", parts.file), field("update.older.allowed", parts.older),
    parts.chosen, el("p", {}, parts.send), parts.bar);
  root.append(parts.facts, parts.reason, parts.login, parts.none, parts.form, parts.said, parts.reload);
  onChange(render);
  addEventListener("hashchange", () => location.hash === "#device" && load()); // a key may have been added
  load();
}

/** Ask the device, and again while the outcome is open. */
async function load() {
  clearTimeout(timer);
  if (sentAt) await followRestart();
  const answer = await getJson("/api/v1/update", 20000);
  if (answer.state || answer.status === 401) latest = answer;
  render();
  if (sentAt || isSending || UNSETTLED.includes(latest.state)) timer = setTimeout(load, POLL_MS);
}

/** The device says nothing that counts before it has started anew. */
async function followRestart() {
  const { device } = await getJson("/api/v1/status");
  if (!device || device.uptime_s * 1000 > Date.now() - sentAt) return;
  sentAt = 0;
  hasRestarted = true;
  state.device = device;
  setText(parts.said, "");
  await loadSession(); // the restart has ended it
}

function render() {
  const isIn = Boolean(state.session.logged_in), { state: now = "unknown", keys = [] } = latest;
  if (isIn && !wasIn) load();
  wasIn = isIn;
  rebuild(parts.facts, [
    [t("update.installed"), state.device.firmware],
    [t("update.latest"), sentAt ? t("update.is.restarting") : t(`update.is.${now}`), TOLD.includes(now) && !sentAt ? t(`update.state.${now}`, latest) : ""],
    [t("update.keys"), keys.join(", ") || t("none"), t("update.keys.note")],
  ], fact);
  say(parts.reason, (!sentAt && latest.reason) || "");
  parts.reason.hidden = !parts.reason.textContent;
  parts.login.hidden = isIn || latest.kind === null;
  parts.none.hidden = latest.kind !== null;
  parts.form.hidden = !isIn || Boolean(sentAt) || latest.kind === null;
  parts.reload.hidden = !hasRestarted || now !== "confirmed";
  const [fault, values] = image ? faultOf(image) : [""];
  setText(parts.chosen, fault ? t(`update.fault.${fault}`, values) : image ? t("update.image", { ...image, before: state.device.firmware, size: bytes(image.size) }) : "");
  parts.send.disabled = isSending || !image || Boolean(fault);
  parts.file.disabled = parts.older.disabled = isSending;
  if (isSending) showProgress();
}

/** A sentence of the device, in the page's language where that is known. */
function say(node, text) {
  const [own, lang = ""] = ofDevice(text);
  node.lang = lang;
  setText(node, own);
}

// ---- the image ----

async function choose() {
  const [file] = parts.file.files;
  image = file ? objectIn(await file.slice(0, HEADER_BYTES).text()) : null;
  setText(parts.said, "");
  render();
}

/** The JSON object in the first line of a text, an empty one where there is none. */
function objectIn(text) {
  try {
    return Object(JSON.parse(text.split("\n", 1)[0]));
  } catch {
    return {};
  }
}

/** Why the device would refuse an image: a key of the words, and what is inserted there. */
function faultOf({ evencell, board, kind, version = "" }) {
  const { board: own, firmware = "" } = state.device;
  if (evencell !== 1) return ["no_image"];
  if (board !== own) return ["board", { board: readable(board), own: readable(own) }];
  if (latest.kind && kind !== latest.kind) return ["kind"];
  if (isOlder(version, firmware) && !parts.older.checked) return ["older", { version, firmware }];
  return [""];
}

const readable = (board) => String(board).replace(/_/g, " ");

function isOlder(version, than) {
  const [a, b] = [version, than].map((text) => text.split("-")[0].split(".").map(Number));
  const at = a.findIndex((part, i) => part !== b[i]);
  return at >= 0 && a[at] < b[at];
}

// ---- sending ----

function send(event) {
  event.preventDefault();
  const request = new XMLHttpRequest();
  request.open("POST", `/api/v1/update?downgrade=${Number(parts.older.checked)}`);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.timeout = UPLOAD_MS;
  request.upload.onprogress = (event) => {
    loaded = event.loaded;
    render();
  };
  request.onloadend = () => ended(request);
  isSending = true;
  parts.said.focus(); // the button is switched off now
  loaded = 0;
  latest.state = "idle"; // what it says of the update before counts no more
  request.send(parts.file.files[0]);
  load();
}

/** What the device has of the image, or as long as it does not say so what the browser has sent. */
function showProgress() {
  const { size } = parts.file.files[0], done = latest.state === "receiving" ? Math.min(latest.bytes, loaded) : loaded;
  parts.bar.hidden = false;
  parts.bar.value = done / size;
  setText(parts.said, t(done < size ? "update.sending" : "update.verifying", { done: bytes(done), size: bytes(size) }));
}

/** `status` is 0 where no answer came. */
function ended({ status, responseText }) {
  isSending = false;
  parts.bar.hidden = true;
  const { error = "" } = objectIn(responseText);
  if (status === 200) {
    sentAt = Date.now();
    image = null;
    parts.file.value = "";
  }
  if (status === 401) loadSession();
  setText(parts.said, status === 200 ? t("update.sent") : error ? failure({ status, error }) : t("update.lost"));
  load();
}
