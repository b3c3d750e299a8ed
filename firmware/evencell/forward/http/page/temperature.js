// The temperature, and while its scale is not known the question that settles it.

import { loadSession, state } from "./data.js";
import { el, rebuild, setText } from "./dom.js";
import { getJson, sendJson } from "./requests.js";
import { failure } from "./sentences.js";
import { decimal, t } from "./words.js";

const SLOW_MS = 60000; // the device checks and writes for seconds

const isPlausible = (celsius) => celsius >= -40 && celsius <= 125;
const degrees = (celsius, digits) => `${decimal(celsius, digits)}\u00a0°C`;
const isUndecided = ({ temperature_c: celsius = null, temperature_raw: raw = null, temperature_scale: scale }) => celsius === null && raw !== null && scale === "unknown" && isPlausible(raw);

/** The value, and why it is not more. */
export function temperature(status) {
  const { temperature_c: celsius = null, temperature_raw: raw = null, temperature_scale: scale } = status;
  if (celsius !== null) return [degrees(celsius, 1), ""];
  if (raw === null) return ["—", ""];
  if (scale !== "unknown" || !isPlausible(raw / 10)) return ["—", t("now.no_probe")];
  return ["?", isUndecided(status) ? t("now.scale_unknown") : degrees(raw / 10, 1)];
}

export function makeQuestion() {
  const said = el("p", { role: "status" });
  const question = el("div", { className: "question", hidden: true }, el("p", {}), el("p", {}), said);
  question.said = said;
  return question;
}

/** Ask while both scales are possible; the answer needs a login. */
export function askScale(question, status) {
  question.hidden = !isUndecided(status);
  if (question.hidden) return setText(question.said, "");
  const { temperature_raw: raw } = status, [text, answers] = question.children;
  const one = degrees(raw, 0), other = degrees(raw / 10, 1);
  setText(text, t("scale.question", { one, other }));
  rebuild(answers, state.session.logged_in ? [["1", one], ["0.1", other]] : [["", t("scale.log_in")]], ([scale, name]) => (scale
    ? el("button", { type: "button", className: "button", id: `scale-${scale}`, onclick: () => settle(scale, question.said) }, name)
    : el("a", { href: "#settings", id: "scale-login" }, name)));
}

async function settle(scale, said) {
  setText(said, t("scale.saving"));
  const { config, ...failed } = await getJson("/api/v1/config", 20000);
  const packs = config?.packs.map((pack) => (pack.name === state.selected ? { ...pack, temperature_scale: scale } : pack));
  const answer = packs ? await sendJson("PATCH", "/api/v1/config", { packs }, SLOW_MS) : failed;
  setText(said, answer.ok ? t("scale.settled") : failure(answer));
  if (answer.status === 401) loadSession();
}
