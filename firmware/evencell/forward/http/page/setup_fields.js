// Faults at the fields of the setup form, each in the language of the moment.

import { $, el, setText } from "./dom.js";

const faults = new Map(); // field → function that gives the words

const idOf = (field) => `fault_${field.replace(".", "_")}`;

/** Where a field is: the name of a network has two places, of which the later one may be hidden. */
export const place = (field) => [...document.querySelectorAll(`[data-field="${field}"]`)].filter((node) => !node.hidden).pop();

/** Mark a field; `say` gives the words. */
export function setFault(field, say) {
  clearFault(field);
  faults.set(field, say);
  place(field).append(el("p", { className: "fault", id: idOf(field) }, say()));
  for (const input of inputs(field)) {
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", `${idOf(field)} ${input.getAttribute("aria-describedby") || ""}`);
  }
}

export function clearFault(field) {
  if (!faults.delete(field)) return;
  $(idOf(field)).remove();
  for (const input of document.querySelectorAll(`[aria-describedby~="${idOf(field)}"]`)) {
    input.removeAttribute("aria-invalid");
    input.setAttribute("aria-describedby", input.getAttribute("aria-describedby").replace(idOf(field), "").trim());
  }
}

export const clearFaults = () => [...faults.keys()].forEach(clearFault);

export const rewordFaults = () => faults.forEach((say, field) => setText($(idOf(field)), say()));

const inputs = (field) => [...place(field).querySelectorAll("input:not(.unseen), select")];

export function focusField(field) {
  const all = inputs(field);
  (all.find((input) => input.checked) || all[0]).focus();
}
