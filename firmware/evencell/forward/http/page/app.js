// The frame around the views: navigation, packs, theme and language, and what is shown while.

import { connect, connection, isFresh, onChange, selectedPack, selectPack, state } from "./data.js";
import { $, el, keep, kept, rebuild, segments, setClass, setText, svg } from "./dom.js";
import { load } from "./load.js";
import { now } from "./now.js";
import { loadSentences } from "./sentences.js";
import { language, millivolts, t, useWords, volts } from "./words.js";

const VIEWS = ["now", "history", "health", "settings", "device"];
const SHAPES = {
  now: "M4 18a8 8 0 1 1 16 0M12 18l4-6",
  history: "M4 5v14h16M7 15l4-5 3 3 5-7",
  health: "M3 12h4l2-6 4 12 2-6h6",
  settings: "M4 7h9m5 0h2M4 17h2m5 0h9M15.5 4.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 1 1 0-5M8.5 14.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 1 1 0-5",
  device: "M7 4h10v16H7zM10 17h4",
};

const views = { now }; // loaded modules
const sections = {};
let shown = null;

/** A view's module; all but the first are loaded when they are first opened. */
async function loadView(name) {
  views[name] ??= await load(name);
  if (!sections[name]) {
    await views[name].prepare?.();
    if (sections[name]) return views[name]; // it was opened twice meanwhile
    const section = el("div", { className: "view", id: `view-${name}`, hidden: true }, el("h2", { className: "unseen" }, t(`view.${name}`)));
    sections[name] = section;
    $("main").append(section);
    views[name].mount(section);
  }
  return views[name];
}

function wanted() {
  const name = location.hash.slice(1);
  return VIEWS.includes(name) ? name : "now";
}

async function openView() {
  const name = wanted();
  try {
    await loadView(name);
  } catch (error) {
    console.error(error);
    setText($("announcer"), t("view.not_loaded"));
    delete views[name];
    setTimeout(openView, 3000);
    return;
  }
  if (name !== wanted()) return; // another one was chosen meanwhile
  shown = name;
  for (const [other, section] of Object.entries(sections)) section.hidden = other !== name;
  for (const link of $("views").children) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  views[name].redraw?.();
  scrollTo(0, 0);
  render();
}

function render() {
  const pack = selectedPack(), link = connection();
  setText($("name"), state.device.name || "evencell");
  $("simulated").hidden = !state.session.simulated;
  setClass($("link"), `link ${link}`);
  setText($("link"), t(`connection.${link}`));
  document.querySelector('#views [href="#settings"]').hidden = !("logged_in" in state.session); // a version without a login
  const packs = [...state.packs.keys()];
  $("packs").hidden = packs.length < 2;
  rebuild($("packs"), packs, (name) => el("button", { type: "button", id: `pack-${name}`, value: name, onclick: () => selectPack(name) }));
  [...$("packs").children].forEach((button) => {
    const { status } = state.packs.get(button.value);
    setText(button, button.value + (status.alarms.length ? " ⚠" : status.link === "online" || !status.link ? "" : ` – ${t(`link.${status.link}`)}`));
    button.setAttribute("aria-pressed", button.value === state.selected);
  });
  if (shown) views[shown].update();
  const title = isFresh(pack) ? `${pack.status.alarms.length ? "⚠ " : ""}${volts(pack.status.pack_mv)} · Δ ${millivolts(pack.status.delta_mv)}` : t("title.old");
  document.title = `${title} – ${$("name").textContent}`;
}

function frame() {
  document.querySelector(".skip").textContent = t("skip");
  setText($("simulated"), t("simulated"));
  $("simulated").title = t("simulated.tip");
  setText($("disclaimer"), t("disclaimer"));
  $("views").setAttribute("aria-label", t("views"));
  $("views").append(...VIEWS.map((name) => el("a", { href: `#${name}` }, svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: SHAPES[name] })), el("span", {}, t(`view.${name}`)))));
  $("main").prepend(el("nav", { id: "packs", className: "segments packs", hidden: true, "aria-label": t("packs") }));
  $("choices").append(
    segments(t("theme"), ["auto", "light", "dark"].map((name) => [name, t(`theme.${name}`)]), kept("theme", "auto"), chooseTheme),
    segments(t("language"), [["en", "English"], ["de", "Deutsch"]], language, (chosen) => {
      keep("language", chosen);
      location.reload();
    }));
}

const prefersDark = matchMedia("(prefers-color-scheme: dark)");

function chooseTheme(theme) {
  keep("theme", theme);
  applyTheme();
}

function applyTheme() {
  const theme = kept("theme", "auto");
  document.documentElement.dataset.theme = theme === "dark" || (theme === "auto" && prefersDark.matches) ? "dark" : "light";
  document.querySelector("meta[name=theme-color]").content = getComputedStyle(document.documentElement).getPropertyValue("--page").trim();
  if (shown) views[shown].redraw?.();
  render();
}

async function start() {
  useWords(await window.loadingWords.catch(() => ({})));
  frame();
  prefersDark.addEventListener("change", applyTheme);
  addEventListener("hashchange", openView);
  onChange(render);
  await openView();
  applyTheme();
  connect();
  loadSentences().catch(() => {}); // without them they are English
}

start();
