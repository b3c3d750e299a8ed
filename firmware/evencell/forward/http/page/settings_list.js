// A list in a form: packs, or Wi-Fi networks in the order in which they are tried. Items are added, moved and removed.

import { el } from "./dom.js";
import { getJson } from "./requests.js";
import { decimal, t } from "./words.js";

const SCAN_MS = 20000;

/** The editor of `items`, which it changes. `options`: fields of an item, the least and the most, what `add` makes, `scan`, `tidy(item)` after a change. */
export function listEditor({ path, word, options: { fields, least, most, add, scan, tidy }, items, makeField, showWanted }) {
  const rows = el("div", {}), found = el("div", { className: "found", role: "status" });
  const addButton = el("button", { type: "button", className: "button", textContent: t(`${word}.add`), onclick: () => append(add(items)) });
  let isSearching = false;
  const scanButton = scan && el("button", { type: "button", className: "button", textContent: t(`${word}.scan`), onclick: search });

  function render(focused) {
    rows.replaceChildren(...items.map((item, i) => row(item, i)));
    addButton.hidden = items.length >= most;
    if (focused !== undefined) (rows.children[Math.min(focused, items.length - 1)]?.querySelector("input") ?? addButton).focus();
  }

  function row(item, i) {
    const name = t(`${word}.item`, { n: i + 1 }), button = (key, sign, act, isOff) => el("button", {
      type: "button", className: "button", textContent: sign, disabled: isOff, "aria-label": t(`list.${key}`, { name }), title: t(`list.${key}`, { name }), onclick: act,
    });
    const simple = fields.filter(([, , options]) => !options?.more), rest = fields.filter((field) => !simple.includes(field));
    const make = (field) => makeField(field, item, `${path}[${i}].`), nodes = simple.map(make);
    const adapt = () => {
      tidy?.(item);
      showWanted(simple, nodes, item);
    };
    adapt();
    return el("fieldset", { className: "item", "data-path": `${path}[${i}]`, onchange: adapt },
      el("legend", {}, name),
      el("div", { className: "moves" }, button("up", "↑", () => move(i, i - 1), i === 0), button("down", "↓", () => move(i, i + 1), i === items.length - 1), button("remove", "✕", () => move(i), items.length <= least)),
      ...nodes, rest.length ? el("details", {}, el("summary", {}, t("config.more")), ...rest.map(make)) : "");
  }

  /** Move the item to another place, or remove it. */
  function move(from, to) {
    const [item] = items.splice(from, 1);
    if (to !== undefined) items.splice(to, 0, item);
    render(to ?? from);
  }

  function append(item) {
    items.push(item);
    render(items.length - 1);
  }

  async function search() {
    if (isSearching) return;
    isSearching = true;
    found.replaceChildren(t("scan.searching"));
    const { networks, status } = await getJson("/api/v1/networks", SCAN_MS);
    isSearching = false;
    scanButton.hidden = status === 404; // a device without a scan: its name is typed in
    const others = (networks ?? []).filter(({ ssid }) => !items.some((item) => item.ssid === ssid));
    found.replaceChildren(...(others.length ? others.map(foundNetwork) : [t(networks ? "scan.nothing" : status === 404 ? "scan.none" : "scan.failed")]));
  }

  const foundNetwork = ({ ssid, rssi, secured }) => el("button", { type: "button", className: "button", onclick: ({ currentTarget }) => {
    currentTarget.remove();
    append({ ssid, password: null });
    if (secured) rows.lastChild.querySelector(".secret").focus();
  } }, el("span", { dir: "auto" }, ssid), el("small", {}, `${decimal(rssi)} dBm${secured ? "" : `, ${t("scan.open")}`}`));

  render();
  return el("div", { className: "list", "data-path": path }, rows, el("p", { className: "tools" }, addButton, scanButton || ""), scan ? found : "");
}
