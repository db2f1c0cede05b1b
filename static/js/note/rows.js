// Rows that repeat (repair attempts, new ruptures): added from a template, taken out again.

import { start as startPickers } from "./picker.js";

function freeKey(form, kind) {
  const used = [...form.querySelectorAll(`input[type=hidden][name="${kind}"]`)].map((field) => Number(field.value));
  return String(Math.max(-1, ...used) + 1);
}

function filled(template, key) {
  const copy = template.content.cloneNode(true);
  for (const element of copy.querySelectorAll("*")) {
    for (const { name, value } of [...element.attributes]) {
      if (value.includes("KEY")) element.setAttribute(name, value.replaceAll("KEY", key));
    }
  }
  return copy;
}

export function makeRows(form, changed) {
  function add(kind, key = freeKey(form, kind)) {
    const template = form.querySelector(`[data-template="${kind}"]`);
    const list = form.querySelector(`[data-rows="${kind}"]`);
    list.append(filled(template, key));
    startPickers(list);
    return list.lastElementChild;
  }

  form.addEventListener("click", (event) => {
    const adder = event.target.closest("[data-add]");
    if (adder) {
      event.preventDefault();
      const row = add(adder.dataset.add);
      row.querySelector("input:not([type=hidden])")?.focus();
    }
    const remover = event.target.closest("[data-remove]");
    if (remover) {
      const row = remover.closest("[data-row]");
      const next = row.parentElement.parentElement.querySelector("[data-add]");
      row.remove();
      next?.focus();
      changed();
    }
  });
  return add;
}
