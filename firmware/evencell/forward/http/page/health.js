// Which cell is weak, how fast it drifts, and what to do, with the figures of the last 30 days behind it.

import { state } from "./data.js";
import { card, el, fact, rebuild, setClass, setText } from "./dom.js";
import { load } from "./load.js";
import { past } from "./past.js";
import { decimal, signed, span, t } from "./words.js";

// The device's own rules (docs/health.md).
const OBSERVED_S = 86400;
const BOTH_PERCENT = 20;
const OFTEN_PERCENT = 50;
const DRIFT_MV = 0.5;
const REST_DAYS = 5;
const MOVED_MAH = 10; // a day

const parts = {};
let rules = null; // the file

export async function prepare() {
  rules = await load("rules");
  await rules.prepare();
}

export function mount(root) {
  parts.title = el("h2", {});
  parts.note = el("p", {});
  parts.verdict = el("section", { className: "verdict none", id: "health-verdict" }, el("div", {}, parts.title, parts.note));
  parts.steps = el("ol", { className: "steps" });
  parts.head = el("thead");
  parts.rows = el("tbody");
  parts.facts = el("dl", { className: "facts" });
  parts.todo = card(t("health.todo"), parts.steps);
  parts.figures = card(t("health.cells"), el("div", { className: "scroll", tabindex: "0", role: "region", "aria-label": t("health.cells") }, el("table", {}, parts.head, parts.rows)), el("p", { className: "small" }, t("health.cells.note")));
  parts.month = card(t("health.month"), parts.facts);
  parts.rules = el("dl", { className: "facts", id: "rules" });
  root.append(parts.verdict, el("div", { className: "columns" }, el("div", {}, parts.todo, parts.month), el("div", {}, parts.figures, card(t("rules"), parts.rules, el("p", { className: "small" }, t("rules.note"))))),
    el("p", { className: "small" }, t("health.limits")));
  parts.head.append(el("tr", {}, ...["cell", "drift", "lowest", "highest", "given"].map((name) => el("th", { scope: "col" }, t(`health.column.${name}`)))));
}

export function update() {
  rules.showRules(parts.rules);
  const { data, error } = past(state.selected, "1h", 600000), health = data?.health;
  const isThere = Boolean(health);
  for (const part of [parts.todo, parts.figures, parts.month]) part.hidden = !isThere;
  if (!isThere) {
    setClass(parts.verdict, "verdict none");
    setText(parts.title, t(error ? (error.status === 404 ? "history.none" : "history.failed") : data ? "health.nothing" : "history.loading"));
    setText(parts.note, "");
    return;
  }
  const { look, title, note, steps } = judge(health);
  setClass(parts.verdict, `verdict ${look}`);
  setText(parts.title, title);
  setText(parts.note, note);
  rebuild(parts.steps, steps, (text) => el("li", {}, text));
  rebuild(parts.rows, health.cells.map((cell, i) => [i + 1, health.weakest_cell === i + 1, cell]), makeRow);
  rebuild(parts.facts, [
    [t("health.observed"), span(health.observed_s * 1000), t("health.observed.tip")],
    [t("health.balancing"), health.observed_s ? `${decimal(100 * health.balancing_s / health.observed_s)} %` : null, t("health.balancing.tip")],
    [t("health.taken"), `${decimal(health.taken_mah)} mAh`, t("health.taken.tip", { energy: decimal(health.taken_mwh / 1000, 1) })],
    [t("health.given"), `${decimal(health.given_mah)} mAh`, t("health.given.tip")],
    [t("health.rest"), decimal(health.rest_days), health.rest_days < REST_DAYS ? t("health.rest.tip") : ""],
  ], fact);
}

/** The device's verdict in the page's language, and what to do: { look, title, note, steps }. */
function judge(health) {
  if (health.observed_s < OBSERVED_S) {
    return { look: "none", title: t("health.early"), note: t("health.early.note", { hours: Math.floor(health.observed_s / 3600) }), steps: [t("health.step.wait"), t("health.step.rest")] };
  }
  const number = health.weakest_cell, cell = health.cells[number - 1];
  if (!number) return { look: "good", title: t("health.good"), note: t("health.good.note"), steps: [t("health.step.nothing"), t("health.step.look")] };
  const { lowest_percent: lowest, highest_percent: highest } = cell;
  if (Math.min(lowest, highest) >= BOTH_PERCENT) {
    return { look: "warn", title: t("health.swings", { cell: number }), note: t("health.swings.note", { lowest, highest }), steps: ["wires", "connector", "resistance"].map((name) => t(`health.step.${name}`, { cell: number })) };
  }
  const signs = signsOf(cell, health);
  const isWeak = signs.length > 1;
  return {
    look: isWeak ? "warn" : "none",
    title: t(isWeak ? "health.weak" : "health.sign", { cell: number }),
    note: t("health.reasons", { cell: number, reasons: [signs.slice(0, -1).join(", "), signs.at(-1)].filter(Boolean).join(t("and")) }),
    steps: (isWeak ? ["trigger", "capacity", "replace"] : ["watch", "rest"]).map((name) => t(`health.step.${name}`, { cell: number })),
  };
}

function signsOf({ drift_mv_per_day: drift, drift_error_mv_per_day: error, lowest_percent: lowest, given_mah: given }, { given_mah: all, observed_s: observed }) {
  return [
    drift !== null && drift <= -DRIFT_MV && -drift > 2 * error && t("health.sign.drift", { drift: decimal(-drift, 1) }),
    lowest >= OFTEN_PERCENT && t("health.sign.lowest", { lowest }),
    all > 0 && given / all >= OFTEN_PERCENT / 100 && given * 86400 >= MOVED_MAH * observed && t("health.sign.given", { share: Math.floor(100 * given / all) }),
  ].filter(Boolean);
}

function makeRow([number, isNamed, { drift_mv_per_day: drift, drift_error_mv_per_day: error, lowest_percent: lowest, highest_percent: highest, given_mah: given }]) {
  return el("tr", { className: isNamed ? "named" : "" },
    el("th", { scope: "row" }, String(number)),
    el("td", {}, drift === null ? "—" : signed(drift, 1), drift !== null && el("small", {}, ` ±${decimal(error, 1)}`)),
    el("td", {}, `${lowest} %`), el("td", {}, `${highest} %`), el("td", {}, decimal(given)));
}
