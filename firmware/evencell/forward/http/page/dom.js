// The few things that every view needs of the document.

export const $ = (id) => document.getElementById(id);

/** An object whose keys are names that an owner gives, such as "constructor": it has no others. */
export const named = () => Object.create(null);

/** An element. `properties`: className and the like; names with "-", role, for and tabindex are attributes. */
export function el(tag, properties = {}, ...content) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (/-|^(role|for|tabindex|lang|scope|datetime)$/.test(name)) node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...content.filter((part) => part !== null && part !== undefined && part !== false));
  return node;
}

/** An element of SVG, all properties as attributes. */
export function svg(tag, attributes = {}, ...content) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...content);
  return node;
}

/** Text from outside becomes text only; what did not change is left alone. */
export function setText(node, text) {
  if (node.textContent !== String(text)) node.textContent = text;
}

export function setClass(node, text) {
  if (node.className !== text) node.className = text;
}

/** Fill a node anew only where its content would differ. The keyboard's focus stays: on what has the same `id`, or in the view. */
export function rebuild(node, items, make) {
  const content = JSON.stringify(items);
  if (node.content_ === content) return;
  node.content_ = content;
  const focused = node.contains(document.activeElement) ? document.activeElement.id : null;
  node.replaceChildren(...items.map(make).filter(Boolean));
  if (focused !== null) ($(focused) ?? $("main")).focus({ preventScroll: true });
}

export function kept(key, otherwise = null) {
  try {
    return localStorage.getItem(key) ?? otherwise;
  } catch {
    return otherwise;
  }
}

export function keep(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // storage is blocked: it holds until the page is closed
  }
}

/** A card with a heading. */
export function card(title, ...content) {
  return el("section", { className: "card" }, el("h2", {}, title), ...content);
}

/** A row of facts: [name, value, tip, language of the tip where the device wrote it]. */
export function fact([name, value, tip, lang]) {
  return el("div", { className: "fact" },
    el("dt", {}, name, tip && el("small", { lang }, tip)),
    el("dd", {}, value === null || value === undefined || value === "" ? "—" : String(value)));
}

/** Buttons of which one is chosen. */
export function segments(label, options, chosen, choose) {
  const group = el("div", { className: "segments", role: "group", "aria-label": label });
  group.append(...options.map(([value, text]) => el("button", {
    type: "button", textContent: text, value, "aria-pressed": value === chosen,
    onclick: () => {
      for (const button of group.children) button.setAttribute("aria-pressed", button.value === value);
      choose(value);
    },
  })));
  return group;
}
