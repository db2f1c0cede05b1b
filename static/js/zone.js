// Puts the reader's own time zone in place when they have not chosen one.
// <select data-zone-select data-chosen="no"> inside a GET form: chosen and sent once.
// <input type="hidden" data-zone-input>: filled in.

function ownZone() {
  try {
    return Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  } catch {
    return "";
  }
}

function fillInputs(root, zone) {
  for (const input of root.querySelectorAll("[data-zone-input]")) {
    if (!input.value) input.value = zone;
  }
}

function offer(select, zone) {
  if (select.dataset.chosen === "yes" || select.value === zone) return;
  if (![...select.options].some((option) => option.value === zone)) {
    select.append(new Option(zone.replaceAll("_", " "), zone));
  }
  select.value = zone;
  const note = document.querySelector("[data-zone-offer]");
  if (!note) return;
  note.querySelector("[data-zone-name]").textContent = zone.split("/").pop().replaceAll("_", " ");
  note.hidden = false;
  note.querySelector("button")?.addEventListener("click", () => select.form.requestSubmit());
}

export function start(root) {
  const zone = ownZone();
  if (!zone) return;
  fillInputs(root, zone);
  for (const select of root.querySelectorAll("[data-zone-select]")) offer(select, zone);
}
