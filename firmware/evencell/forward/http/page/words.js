// Texts in the chosen language, and numbers, times and spans as it writes them.

let words = {};

export const language = document.documentElement.lang;

// How numbers and times are written: as the reader's own region does, if it has this language.
const region = navigator.languages.find((name) => name.startsWith(language)) || language;

export function useWords(loaded) {
  words = loaded;
}

/** More texts in the page's language, from a file of their own. */
export async function loadTexts(name) {
  const answer = await fetch(`/page/${name}.${language}.json${document.documentElement.dataset.version || ""}`);
  return answer.json();
}

export function addWords(more) {
  words = { ...words, ...more };
}

export const hasWord = (key) => key in words;

/** The text of a key, `{name}` replaced. A missing key is shown as words, never raw. */
export function t(key, values = {}) {
  const text = words[key] ?? key.slice(key.lastIndexOf(".") + 1).replace(/_/g, " ");
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "—");
}

/** One or many: the keys end in `.one` and `.many`. */
export const count = (key, number, values = {}) => t(`${key}.${number === 1 ? "one" : "many"}`, { n: decimal(number), ...values });

export function decimal(value, digits = 0) {
  return value.toLocaleString(region, { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: Math.abs(value) >= 10000 }).replace("-", "−");
}

const unit = (value, digits, name) => (value === null || value === undefined ? "—" : `${decimal(value, digits)}\u00a0${name}`);

export const millivolts = (mv, digits = 0) => unit(mv, digits, "mV");
export const volts = (mv, digits = 2) => unit(mv === null || mv === undefined ? mv : mv / 1000, digits, "V");
export const amperes = (ma) => unit(ma === null || ma === undefined ? ma : ma / 1000, 2, "A");
export const signed = (value, digits = 0) => (value > 0 ? "+" : "") + decimal(value, digits);

export const clock = (ms, seconds = true) =>
  new Date(ms).toLocaleTimeString(region, { hour: "2-digit", minute: "2-digit", second: seconds ? "2-digit" : undefined });
export const dateTime = (ms) =>
  new Date(ms).toLocaleString(region, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

export const day = (ms) => new Date(ms).toLocaleDateString(region, { day: "numeric", month: "short" });

/** A span of time in its two largest units. */
export function span(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${s}\u00a0s`;
  if (s < 3600) return `${Math.floor(s / 60)}\u00a0min`;
  if (s < 86400) return `${Math.floor(s / 3600)}\u00a0h ${Math.floor(s / 60) % 60}\u00a0min`;
  return `${count("days", Math.floor(s / 86400))} ${Math.floor(s / 3600) % 24}\u00a0h`;
}

export function bytes(value) {
  if (value === null || value === undefined) return "—";
  return value < 10240 ? unit(value, 0, "B") : unit(value / 1024, 0, "KB");
}

/** A name with its cells: "cells 1, 3". */
export const cellNames = (cells) => (cells.length ? count("cells", cells.length, { cells: cells.join(", ") }) : "");

