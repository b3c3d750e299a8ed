// The password, and tokens for scripts.

import { state } from "./data.js";
import { el, setText } from "./dom.js";
import { rating } from "./rating.js";
import { getJson, sendJson } from "./requests.js";
import { t } from "./words.js";

const PASSWORD_MS = 60000; // a password is verified for seconds

const answerLine = () => el("p", { className: "said", role: "status" });

function field(id, word, properties) {
  const tip = el("small", { id: `${id}-tip` });
  return el("div", { className: "field", "data-path": id }, el("label", { for: id }, t(word)), el("input", { id, name: id, required: true, "aria-describedby": `${id}-tip`, ...properties }), tip);
}

/** The form for another password. `problem(answer)` gives the sentence of a failed request; after a change `end(text)`: all sessions end. */
export function makePassword(problem, end) {
  const old = field("old", "password.old", { type: "password", autocomplete: "current-password" });
  const wanted = field("new", "password.new", { type: "password", autocomplete: "new-password", minLength: 10, maxLength: 128, oninput: rate });
  const answer = answerLine();
  const form = el("form", { id: "password", onsubmit: change }, el("h3", {}, t("password")), el("input", { type: "text", autocomplete: "username", value: "evencell", hidden: true }),
    old, wanted, el("button", { className: "button" }, t("password.change")), answer);

  function rate() {
    const { value } = wanted.querySelector("input");
    setText(wanted.querySelector("small"), value ? t(`password.${rating(value, [state.device.name, location.hostname.replace(/\.local$/, ""), state.device.network?.ssid])}`) : "");
  }

  async function change(event) {
    event.preventDefault();
    const [before, after] = [old, wanted].map((each) => each.querySelector("input"));
    setText(answer, t("login.checking"));
    const { ok, body, ...failed } = await sendJson("POST", "/api/v1/password", { old: before.value, new: after.value }, PASSWORD_MS);
    const wrong = { old: before, new: after }[body.field];
    for (const input of [before, after]) input.toggleAttribute("aria-invalid", input === wrong);
    setText(answer, ok ? "" : failed.status === 403 ? t("password.wrong") : problem(failed));
    if (!ok) return (wrong ?? before).focus();
    form.reset();
    rate();
    end(t("password.changed"));
  }

  return form;
}

/** The card of the tokens; `load()` asks for them. */
export function makeTokens(problem) {
  const list = el("ul", { className: "tokens" }), answer = answerLine(), name = field("token_name", "tokens.name", { type: "text", maxLength: 32, autocomplete: "off" });
  const form = el("form", { id: "tokens", onsubmit: create }, el("h3", {}, t("tokens")), el("p", { className: "text" }, t("tokens.note")), list, name, el("button", { className: "button" }, t("tokens.create")), answer);

  async function load() {
    const { tokens, ...failed } = await getJson("/api/v1/tokens", 20000);
    if (!tokens) return setText(answer, problem(failed));
    list.replaceChildren(...(tokens.length ? tokens.map(row) : [el("li", {}, t("tokens.none"))]));
  }

  const row = ({ name: of }) => el("li", {}, el("span", { dir: "auto" }, of), el("button", { type: "button", className: "button", textContent: t("tokens.delete"), "aria-label": `${t("tokens.delete")}: ${of}`, onclick: async () => {
    if (!confirm(t("tokens.delete.confirm", { name: of }))) return;
    const { ok, ...failed } = await sendJson("DELETE", "/api/v1/tokens", { name: of });
    setText(answer, ok ? t("tokens.deleted", { name: of }) : problem(failed));
    if (ok) name.querySelector("input").focus();
    load();
  } }));

  async function create(event) {
    event.preventDefault();
    const input = name.querySelector("input");
    const { ok, body, ...failed } = await sendJson("POST", "/api/v1/tokens", { name: input.value.trim() });
    if (!ok) {
      setText(answer, failed.status === 409 ? t("tokens.refused") : problem(failed));
      return input.focus();
    }
    input.value = "";
    answer.replaceChildren(t("tokens.once"), shown(body.token));
    load();
  }

  /** navigator.clipboard is only there with HTTPS. */
  function shown(token) {
    const text = el("input", { type: "text", readOnly: true, value: token, "aria-label": t("tokens.token") });
    const copy = el("button", { type: "button", className: "button", textContent: t("tokens.copy"), onclick: () => {
      text.select();
      copy.textContent = t(document.execCommand("copy") ? "tokens.copied" : "tokens.copy");
    } });
    return el("span", { className: "entry" }, text, copy);
  }

  return { form, load };
}
