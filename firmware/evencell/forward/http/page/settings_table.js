// The forms of the device's configuration: sections, and of each field its key, its kind and what narrows it.
// A field's name and tip are words: `config.KEY` and `config.KEY.tip`. `more`: behind "More settings".

const MORE = { more: true };
const MODELS = ["jk_b2a4s", "jk_b2a24s", "jk_b1a24s"];

const PACK = [
  ["name", "text"], ["chemistry", "choice", { choices: ["lfp", "nmc", "lto", "custom"] }], ["capacity_ah", "number", { unit: "Ah" }], ["cells", "number"],
  ["model", "choice", { choices: MODELS }], ["writable", "switch"],
  ["temperature_scale", "choice", { choices: ["auto", "1", "0.1"] }], ["interval_ms", "number", { unit: "ms" }],
  ["timeout_ms", "number", { unit: "ms", ...MORE }], ["address", "number", MORE], ["uart", "number", MORE],
];

const hasW = ({ control }) => control?.w.enabled;
const hasPolicy = ({ control }) => control?.policy.preset !== "off";
const readOnly = ({ packs }) => packs.filter(({ writable }) => !writable).map(({ name }) => name);
const isByW = ({ control }) => (control?.policy.by ?? (control?.w.enabled ? "w" : "f6")) === "w";
const isReadOnly = (draft) => hasPolicy(draft) && !isByW(draft) && readOnly(draft).length > 0;
const isAsleep = (draft) => hasPolicy(draft) && draft.profile === "telemetry" && draft.power?.interval_s > 0;
const isNumber = ({ field }) => field !== "trend" && field !== "time";
const CONDITION = [
  ["field", "choice", { choices: ["highest_mv", "lowest_mv", "pack_mv", "delta_mv", "temperature_c", "trend", "time"] }],
  ["above", "number", { when: isNumber }], ["below", "number", { when: isNumber }], ["hysteresis", "number", { when: isNumber }],
  ["trend", "choice", { choices: ["resting", "charging", "discharging"], when: ({ field }) => field === "trend" }],
  ["span", "span", { when: ({ field }) => field === "time" }],
];

const RULE = [
  ["name", "text"],
  ["field", "choice", { choices: ["any_cell_mv", "highest_mv", "lowest_mv", "pack_mv", "delta_mv", "average_mv", "temperature_c", "balance_ma", "cells_detected", ...Array.from({ length: 24 }, (_, i) => `cell_${i + 1}_mv`)] }],
  ["above", "number"], ["below", "number"], ["hysteresis", "number"], ["delay_s", "number", { unit: "s" }],
  ["severity", "choice", { choices: ["danger", "warning", "info"], isSeverity: true }], ["text", "text", MORE], ["output", "switch", MORE],
];

export const SECTIONS = {
  general: [
    ["name", "text"], ["time.zone", "zone"], ["history.enabled", "switch"],
    ["time.servers", "texts", MORE], ["time.interval_s", "number", { unit: "s", ...MORE }], ["time.mqtt", "switch", MORE],
  ],
  packs: [["packs", "list", { fields: PACK, least: 1, most: 8, add: addPack }]],
  balancing: [
    ["control.policy.preset", "explained", { choices: ["off", "always", "top", "rest", "off-ride", "storage", "custom"] }],
    ["control.policy.preset", "note", { word: "policy.read_only", values: (draft) => ({ packs: readOnly(draft).join(", ") }), when: isReadOnly }],
    ["control.policy.preset", "note", { word: "policy.asleep", values: () => ({}), when: isAsleep }],
    ["control.policy.conditions", "list", { fields: CONDITION, least: 0, most: 8, add: addCondition, tidy: tidyCondition, when: ({ control }) => control?.policy.preset === "custom" }],
    ["control.policy.min_on_s", "number", { unit: "s", when: hasPolicy }], ["control.policy.min_off_s", "number", { unit: "s", when: hasPolicy }],
    ["control.policy.by", "explained", { choices: [null, "w", "f6"], when: (draft) => hasPolicy(draft) && hasW(draft) }],
    ["control.policy.at_start", "explained", { choices: ["unchanged", "on", "off"], when: hasPolicy }],
    ["control.w.enabled", "switch"], ["control.w.resistor", "explained", { choices: ["off", "on"], when: hasW }],
    ["control.w.guard_every_s", "number", { unit: "s", when: hasW }], ["control.w.guard_on_s", "number", { unit: "s", when: hasW }],
    ["control.w.measure", "switch", { when: hasW }],
    ["control.w.inverted", "choice", { choices: [null, true, false], when: hasW, ...MORE }],
  ],
  rules: [
    ["control.rules", "list", { fields: RULE, least: 0, most: 16, add: addRule }],
    ["control.limits.cell_min_mv", "number", { unit: "mV" }], ["control.limits.cell_max_mv", "number", { unit: "mV" }],
    ["control.limits.charge_min_c", "number", { unit: "°C" }], ["control.limits.charge_max_c", "number", { unit: "°C" }],
    ["control.builtin_rules", "choice", { choices: [null, true, false], none: "choice.enough_memory", ...MORE }], ["control.builtin_output", "switch", MORE],
  ],
  network: [
    ["wifi.networks", "list", { fields: [["ssid", "text"], ["password", "secret"]], least: 0, most: 8, add: () => ({ ssid: "", password: null }), scan: true }],
    ["wifi.fallback_ap", "switch"], ["wifi.ap_password", "secret"], ["wifi.hostname", "text"],
    ["wifi.static.address", "text", MORE], ["wifi.static.netmask", "text", MORE], ["wifi.static.gateway", "text", MORE], ["wifi.static.dns", "text", MORE],
    ["wifi.country", "text", MORE], ["wifi.txpower", "number", { unit: "dBm", ...MORE }],
    ["wifi.power_save", "choice", { choices: [null, "none", "min", "max"], ...MORE }],
  ],
  access: [["http.public_read", "switch"], ["http.origins", "texts", MORE]],
  mqtt: [
    ["mqtt.enabled", "switch"], ["mqtt.host", "text"], ["mqtt.port", "number"], ["mqtt.user", "text"], ["mqtt.password", "secret"],
    ["mqtt.tls", "switch"], ["mqtt.publish_s", "number", { unit: "s" }], ["mqtt.commands", "switch"], ["mqtt.discovery", "switch"],
    ["mqtt.ca", "text", MORE], ["mqtt.fingerprint", "text", MORE], ["mqtt.prefix", "text", MORE], ["mqtt.retain_state", "switch", MORE],
    ["mqtt.keepalive_s", "number", { unit: "s", ...MORE }], ["mqtt.discovery_prefix", "text", MORE], ["mqtt.birth_topic", "text", MORE],
  ],
  store: [
    ["influx.url", "text"], ["influx.token", "secret"], ["influx.user", "text"], ["influx.password", "secret"],
    ["influx.measurement", "text", MORE], ["influx.batch_s", "number", { unit: "s", ...MORE }],
    ["journal.enabled", "switch", MORE], ["journal.max_kib", "number", { unit: "KiB", ...MORE }],
  ],
  display: [
    ["display.brightness", "number", { unit: "%" }], ["display.dim_after_s", "number", { unit: "s" }], ["display.off_after_s", "number", { unit: "s" }],
    ["display.night", "span"], ["display.night_brightness", "number", { unit: "%" }], ["display.language", "choice", { choices: ["en", "de"] }],
    ["display.temperature_unit", "choice", { choices: ["C", "F"] }], ["display.dark_on_light", "switch"],
    ["display.saver_after_s", "number", { unit: "s", ...MORE }],
    ["display.driver", "choice", { choices: ["auto", "none", "picture", "ssd1306", "sh1106", "st7789", "ili9341"], ...MORE }],
    ["display.rotation", "choice", { choices: [null, 0, 90, 180, 270], ...MORE }], ["display.width", "number", { unit: "px", ...MORE }], ["display.height", "number", { unit: "px", ...MORE }],
    ["display.x_offset", "number", { unit: "px", ...MORE }], ["display.y_offset", "number", { unit: "px", ...MORE }],
    ["display.inverted", "choice", { choices: [null, true, false], ...MORE }], ["display.bgr", "choice", { choices: [null, true, false], ...MORE }],
  ],
  update: [["update.keys", "list", { fields: [["name", "text"], ["modulus", "text"]], least: 0, most: 4, add: () => ({ name: "", modulus: "" }), tidy: tidyKey }]],
  log: [["log.level", "choice", { choices: ["debug", "info", "warning", "error"] }], ["log.syslog", "text"], ["log.syslog_port", "number", MORE]],
};

/** One with a name that no other has. */
function addRule(rules) {
  const names = rules.map(({ name }) => name), n = Array.from({ length: 17 }, (_, i) => i + 1).find((i) => !names.includes(`rule${i}`));
  return { name: `rule${n}`, field: "any_cell_mv", above: null, below: null, hysteresis: 0, delay_s: 60, severity: "warning", text: null, output: false };
}

function addCondition() {
  return { field: "highest_mv", above: null, below: null, hysteresis: 0, trend: null, span: null };
}

/** What a select shows first is chosen, and what another field had is dropped. */
function tidyCondition(condition) {
  const { field } = condition;
  if (!isNumber(condition)) Object.assign(condition, { above: null, below: null, hysteresis: 0 });
  condition.trend = field === "trend" ? (condition.trend ?? "resting") : null;
  if (field !== "time") condition.span = null;
}

/** The whole line that `evencell keygen` prints is as good as the key in it. */
function tidyKey(key) {
  const of = (name) => new RegExp(`"${name}": *"([^"]*)"`).exec(key.modulus ?? "")?.[1], [name, modulus] = [of("name"), of("modulus")];
  if (modulus) Object.assign(key, { modulus, name: key.name || name });
}

/** Another pack like the last one, at the next address. */
function addPack(packs) {
  const last = packs[packs.length - 1], names = packs.map(({ name }) => name);
  let number = packs.length + 1;
  while (names.includes(`pack${number}`)) number++;
  return { ...last, name: `pack${number}`, address: Math.min(255, last.address + 1), writable: false };
}

const PINS = ["tx", "rx", "de", "sda", "scl", "button", "button_2", "led", "w_output", "mosi", "sck", "cs", "dc", "rst", "backlight"];

/** A field for each pin of the board, or of the configuration. `own`: the pins in use. */
export function pinFields(own, configured) {
  const names = PINS.filter((name) => name in own || name in configured);
  return names.map((name) => [`pins.${name}`, "number", { hint: name in configured ? null : own[name] }]);
}
