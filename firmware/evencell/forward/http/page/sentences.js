// Sentences of the device, which writes English, in the page's language. One that is not known stays as it is.

import { changed } from "./data.js";
import { language, loadTexts, t } from "./words.js";

const SLOT = /%s%s|%[sdg]|\{\w+\}/g; // in a sentence as the firmware's source has it
let known = []; // pairs of a pattern and a text with {1}, {2} …

/** Load them, once the page is there: English needs none. */
export async function loadSentences() {
  if (language === "en") return;
  known = Object.entries(await loadTexts("sentences")).map(([english, own]) => [pattern(english), own]);
  changed();
}

function pattern(english) {
  const source = english.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(SLOT, (slot) => (slot === "%g" ? "(-?[\\d.]+)" : "(.+?)"));
  return new RegExp(`^${source}${/[: ]$/.test(english) ? "(.+)" : ""}$`, "s");
}

/** A number as other languages than English write it. */
const withComma = (text) => text.replace(/^(-?\d+)\.(\d+)(?= |$)/, "$1,$2");

function translated(text) {
  for (const [english, own] of known) {
    const found = english.exec(text);
    if (found) return own.replace(/\{(\d)\}/g, (_, n) => translated(found[n]) ?? withComma(found[n]));
  }
  return undefined;
}

const ERRORS = { 0: "no_answer", 401: "expired", 413: "too_long", 503: "busy" };

/** What went wrong with a request, in one sentence: by the status where the page has the words, else as the device says it. */
export const failure = ({ status, error }) => (ERRORS[status] ? t(`error.${ERRORS[status]}`) : error ? ofDevice(error)[0] : t("error.no_answer"));

/** A sentence of the device, and its language where that is another one. A key in front of it stays. */
export function ofDevice(text) {
  const [, key = "", rest] = /^([a-z][\w.[\]]*: )?(.*)$/s.exec(text);
  const own = key && translated(rest);
  if (own) return [key + own];
  const whole = translated(text);
  return whole ? [whole] : [text, "en"];
}
