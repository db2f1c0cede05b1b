// The note by keyboard alone. Single letters act only while nothing is being written in, and can be switched off.

const LETTERS = "note-letters";
const PARTS = "[data-key]";

function isWriting(element) {
  return element.matches("textarea, select, input:not([type=radio], [type=checkbox])") || element.isContentEditable;
}

function allowed() {
  try {
    return localStorage.getItem(LETTERS) !== "off";
  } catch {
    return true;
  }
}

function remember(on) {
  try {
    localStorage.setItem(LETTERS, on ? "on" : "off");
  } catch {
    // Storage may be switched off; then the letters stay on.
  }
}

function jump(part) {
  part.scrollIntoView({ block: "start" });
  const first = part.querySelector("input:checked, textarea, input:not([type=hidden]), button");
  (first ?? part).focus({ preventScroll: true });
}

function choose(event) {
  const group = event.target.closest("[data-digits]");
  if (!group || !/^[1-9]$/.test(event.key)) return false;
  const wanted = group.querySelectorAll("input[type=radio]")[Number(event.key) - 1];
  if (!wanted) return false;
  wanted.focus();
  wanted.click();
  return true;
}

function nextRating(field) {
  const all = [...field.form.querySelectorAll("[data-num]")];
  const next = all[all.indexOf(field) + 1];
  if (next) next.focus();
  else field.blur();
}

export function startKeys(form, { saving, missing, addRow }) {
  const dialog = document.querySelector("[data-keys]");
  const switch_ = dialog.querySelector("[data-keys-letters]");
  switch_.checked = allowed();
  switch_.addEventListener("change", () => remember(switch_.checked));
  document.querySelector("[data-keys-help]")?.addEventListener("click", () => dialog.showModal());

  function withControl(event) {
    if (event.key === "Enter") form.querySelector("[name=then][value=sign]:not([hidden])").click();
    else if (event.key === ".") missing.next();
    else if (event.key.toLowerCase() === "s") saving.save();
    else return false;
    return true;
  }

  function letter(event) {
    if (event.key === "?") return dialog.showModal() ?? true;
    if (!allowed()) return false;
    const key = event.key.toLowerCase();
    if (key === "n") {
      addRow("new_ruptures").querySelector("input:not([type=hidden])").focus();
      return true;
    }
    if (key === "t") {
      const rows = form.querySelectorAll('[data-rows="attempts"] [data-row]');
      const row = rows.length ? rows[rows.length - 1] : addRow("attempts");
      row.querySelector("input:not([type=hidden])").focus();
      return true;
    }
    const part = [...form.querySelectorAll(PARTS)].find((one) => one.dataset.key === key);
    if (part) jump(part);
    return Boolean(part);
  }

  function handle(event) {
    if (dialog.open || event.isComposing || event.altKey) return false;
    if (event.ctrlKey || event.metaKey) return withControl(event);
    const target = event.target;
    if (event.key === "Escape" && isWriting(target)) {
      target.blur();
      return true;
    }
    if (target.matches("[data-num]") && event.key === "Enter") {
      nextRating(target);
      return true;
    }
    if (isWriting(target)) return false;
    return choose(event) || letter(event);
  }

  document.addEventListener("keydown", (event) => {
    if (!event.defaultPrevented && handle(event)) event.preventDefault();
  });
}
