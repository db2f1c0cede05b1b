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

function byName(pairs) {
  const told = new Map();
  for (const [name, value] of pairs) told.set(name, [...(told.get(name) ?? []), value]);
  return told;
}

// What this device kept, and what has been typed since the page came: of a text that has both, both.
export function withTyped(form, kept) {
  const [served, typed, told] = [servedFields(form), readFields(form), kept].map(byName);
  const isSame = (one, other) => JSON.stringify(one ?? []) === JSON.stringify(other ?? []);
  for (const name of new Set([...served.keys(), ...typed.keys()])) {
    const [before, now, then] = [served.get(name), typed.get(name), told.get(name)];
    if (isSame(now, before) || isSame(now, then)) continue;
    const isText = form.elements[name] instanceof HTMLTextAreaElement;
    told.set(name, isText && then && !isSame(then, before) ? [`${then[0]}\n${now[0]}`] : now ?? []);
  }
  return [...told].flatMap(([name, values]) => values.map((value) => [name, value]));
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
  const told = byName(pairs);
  for (const field of form.elements) {
    if (!field.name || NOT_CONTENT.has(field.name) || field.type === "submit" || field.type === "button") continue;
    const values = told.get(field.name) ?? [];
    if (field.type === "checkbox" || field.type === "radio") field.checked = values.includes(field.value);
    else if (field.type !== "hidden") field.value = values[0] ?? "";
  }
}
