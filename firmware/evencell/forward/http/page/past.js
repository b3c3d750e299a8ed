// The device's history, fetched once for each pack and span, and kept while it is new enough.

import { changed } from "./data.js";
import { getJson } from "./requests.js";

const LIMIT_MS = 300000; // the device may take so long to read it all
const RETRY_MS = 2000;
const CLOCKS_AGREE_MS = 120000; // of device and browser; else the device's times are moved
const FRESH_MS = { "1h": 60000, "24h": 300000, "30d": 1800000 };

export const SPANS = { "1h": 3600, "24h": 86400, "30d": 2592000 };

const answers = new Map(); // "pack span" → { loadedAt, isLoading, data, error }
let queue = Promise.resolve(); // the device makes one at a time

/** What is known of this span; fetches it where it is missing or old. `maxAgeMs`: what counts as old. */
export function past(pack, span, maxAgeMs = FRESH_MS[span]) {
  const key = `${pack} ${span}`;
  const entry = answers.get(key) || { loadedAt: 0, isLoading: false, data: null, error: null };
  answers.set(key, entry);
  if (pack && !entry.isLoading && Date.now() - entry.loadedAt > maxAgeMs) {
    entry.isLoading = true;
    queue = queue.then(() => fetchPast(entry, pack, span));
  }
  return entry;
}

async function fetchPast(entry, pack, span) {
  const sentAt = Date.now();
  const answer = await getJson(`/api/v1/history?${new URLSearchParams({ pack, span })}`, LIMIT_MS);
  entry.isLoading = false;
  entry.loadedAt = Date.now();
  if (answer.time) {
    entry.data = prepared(answer, sentAt);
    entry.error = null;
  } else {
    entry.error = answer;
    if (answer.status !== 404) entry.loadedAt += RETRY_MS - FRESH_MS[span]; // again soon
  }
  changed();
}

/** Times in ms of this browser; per step the pack's sum, its delta and the average, of the means. */
function prepared({ time, cells, health, step_s: stepS, now, time_base: base }, sentAt) {
  const skewMs = sentAt - now * 1000;
  const offsetMs = base === "unix" && Math.abs(skewMs) < CLOCKS_AGREE_MS ? 0 : skewMs;
  const times = time.map((s) => s * 1000 + offsetMs);
  const sums = time.map((_, i) => {
    const values = cells.map(({ mean_mv: means }) => means[i]).filter((mv) => mv);
    if (!values.length) return { pack: null, delta: null, average: null };
    const pack = values.reduce((sum, mv) => sum + mv, 0);
    return { pack, delta: Math.max(...values) - Math.min(...values), average: pack / values.length };
  });
  return {
    times, cells, health, base,
    stepMs: stepS * 1000,
    nowMs: now * 1000 + offsetMs,
    delta: sums.map(({ delta }) => delta),
    pack: sums.map(({ pack }) => pack),
    average: sums.map(({ average }) => average),
  };
}
