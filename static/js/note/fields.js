// The note's form as a list of [name, value] pairs, and back.

const NOT_CONTENT = new Set(["csrf_token", "revision", "then"]);

export function readFields(form) {
  return [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !NOT_CONTENT.has(name));
}

// As the server sent them, whatever has been typed meanwhile: the script may come long after the page.
export function servedFields(form) {
  const served = form.cloneNode(true);
  served.reset();
  return readFields(served);
}

function addMissingRows(form, pairs, addRow) {
  for (const kind of ["attempts", "new_ruptures"]) {
    const there = new Set([...form.querySelectorAll(`input[type=hidden][name="${kind}"]`)].map((field) => field.value));
    for (const [name, value] of pairs) {
      if (name === kind && !there.has(value)) addRow(kind, value);
    }
  }
}

export function writeFields(form, pairs, addRow) {
  addMissingRows(form, pairs, addRow);
  const told = new Map();
  for (const [name, value] of pairs) told.set(name, [...(told.get(name) ?? []), value]);
  for (const field of form.elements) {
    if (!field.name || NOT_CONTENT.has(field.name) || field.type === "submit" || field.type === "button") continue;
    const values = told.get(field.name) ?? [];
    if (field.type === "checkbox" || field.type === "radio") field.checked = values.includes(field.value);
    else if (field.type !== "hidden") field.value = values[0] ?? "";
  }
}
