// Time zones by the names of cities, and a field for any other rule.

import { el } from "./dom.js";
import { t } from "./words.js";

// Rule of POSIX → cities that have it. From the time zone database of 2025.
export const ZONES = {
  "HST10": "Honolulu",
  "AKST9AKDT,M3.2.0,M11.1.0": "Anchorage",
  "PST8PDT,M3.2.0,M11.1.0": "Los Angeles, Vancouver, Tijuana",
  "MST7": "Phoenix",
  "MST7MDT,M3.2.0,M11.1.0": "Denver, Edmonton",
  "CST6": "Mexico City, Costa Rica, Guatemala",
  "CST6CDT,M3.2.0,M11.1.0": "Chicago, Winnipeg",
  "<-05>5": "Bogota, Lima",
  "EST5": "Panama, Jamaica",
  "EST5EDT,M3.2.0,M11.1.0": "New York, Toronto",
  "<-04>4": "Caracas, La Paz, Manaus",
  "<-04>4<-03>,M9.1.6/24,M4.1.6/24": "Santiago",
  "AST4": "Puerto Rico",
  "AST4ADT,M3.2.0,M11.1.0": "Halifax, Bermuda",
  "NST3:30NDT,M3.2.0,M11.1.0": "St Johns",
  "<-03>3": "Buenos Aires, Sao Paulo, Montevideo",
  "<-01>1<+00>,M3.5.0/0,M10.5.0/1": "Azores",
  "GMT0": "Reykjavik, Accra, Abidjan",
  "GMT0BST,M3.5.0/1,M10.5.0": "London",
  "IST-1GMT0,M10.5.0,M3.5.0/1": "Dublin",
  "WET0WEST,M3.5.0/1,M10.5.0": "Lisbon, Canary, Faroe",
  "CET-1CEST,M3.5.0,M10.5.0/3": "Amsterdam, Berlin, Brussels, Copenhagen, Madrid, Oslo, Paris, Prague, Rome, Stockholm, Vienna, Warsaw, Zurich",
  "CET-1": "Algiers, Tunis",
  "WAT-1": "Lagos, Kinshasa",
  "EET-2EEST,M3.5.0/3,M10.5.0/4": "Athens, Bucharest, Helsinki, Kyiv, Riga, Sofia, Tallinn, Vilnius",
  "EET-2EEST,M4.5.5/0,M10.5.4/24": "Cairo",
  "IST-2IDT,M3.4.4/26,M10.5.0": "Jerusalem",
  "SAST-2": "Johannesburg",
  "CAT-2": "Maputo, Harare, Lusaka",
  "EAT-3": "Nairobi, Addis Ababa",
  "MSK-3": "Moscow",
  "<+03>-3": "Istanbul, Riyadh, Baghdad, Minsk",
  "<+0330>-3:30": "Tehran",
  "<+04>-4": "Dubai, Baku, Tbilisi",
  "<+0430>-4:30": "Kabul",
  "PKT-5": "Karachi",
  "<+05>-5": "Tashkent, Almaty, Yekaterinburg",
  "IST-5:30": "Kolkata",
  "<+0530>-5:30": "Colombo",
  "<+0545>-5:45": "Kathmandu",
  "<+06>-6": "Dhaka, Omsk",
  "<+07>-7": "Bangkok, Ho Chi Minh, Novosibirsk",
  "WIB-7": "Jakarta",
  "CST-8": "Shanghai, Taipei, Macau",
  "HKT-8": "Hong Kong",
  "PST-8": "Manila",
  "<+08>-8": "Singapore, Kuala Lumpur, Irkutsk",
  "AWST-8": "Perth",
  "JST-9": "Tokyo",
  "KST-9": "Seoul",
  "ACST-9:30": "Darwin",
  "ACST-9:30ACDT,M10.1.0,M4.1.0/3": "Adelaide",
  "AEST-10": "Brisbane",
  "AEST-10AEDT,M10.1.0,M4.1.0/3": "Sydney, Melbourne, Hobart",
  "NZST-12NZDT,M9.5.0,M4.1.0/3": "Auckland",
};
const UTC = "", OTHER = "other";

/** Hours ahead of UTC in winter, as a rule begins: its sign is the other way round. Ireland's begins with its summer. */
function offset(rule) {
  if (rule.startsWith("IST-1GMT0")) return "UTC";
  const [, sign, hours, minutes = ""] = /^(?:<[^>]+>|[A-Za-z]+)([+-]?)(\d+)(:\d+)?/.exec(rule);
  return `UTC${Number(hours) ? (sign === "-" ? "+" : "−") + hours + minutes : ""}`;
}

export function zoneEntry({ value, set }) {
  const isKnown = !value || value in ZONES;
  const rule = el("input", { type: "text", value: value ?? "", hidden: isKnown, spellcheck: false, autocomplete: "off", "aria-label": t("zone.rule"), oninput: () => set(rule.value.trim() || null) });
  const option = (name, text) => el("option", { value: name, selected: name === (isKnown ? value ?? UTC : OTHER) }, text);
  const select = el("select", { onchange: () => {
    rule.hidden = select.value !== OTHER;
    if (select.value !== OTHER) rule.value = select.value;
    set(rule.value.trim() || null);
    if (!rule.hidden) rule.focus();
  } }, option(UTC, t("zone.utc")), ...Object.entries(ZONES).map(([name, cities]) => option(name, `${offset(name)} ${cities}`)), option(OTHER, t("zone.other")));
  return el("span", { className: "entry" }, select, rule);
}
