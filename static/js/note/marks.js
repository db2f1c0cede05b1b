// Marks what the server refused at its fields, as the page itself does where no script saves it.

// As clinic/foundation/texts/characters.py, but for lone surrogates: a browser sends none.
// eslint-disable-next-line no-control-regex -- control characters are what is refused
const REFUSED_CHARACTERS = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g;

function labelOf(control) {
  const label = control.labels?.[0];
  return (label?.firstChild?.textContent || label?.textContent || "").trim();
}

function showReplaced(control) {
  const shown = control.value.replace(REFUSED_CHARACTERS, "\ufffd");
  if (shown === control.value) return;
  const { selectionStart, selectionEnd } = control;
  control.value = shown;
  control.setSelectionRange(selectionStart, selectionEnd);
}

function describe(control, id, isDescribed) {
  const others = (control.getAttribute("aria-describedby") ?? "").split(" ").filter((one) => one && one !== id);
  const all = isDescribed ? [...others, id] : others;
  if (all.length) control.setAttribute("aria-describedby", all.join(" "));
  else control.removeAttribute("aria-describedby");
}

export function makeMarks(form) {
  const template = form.querySelector("[data-error-template]");

  function clear() {
    for (const control of form.querySelectorAll("[aria-invalid]")) {
      control.removeAttribute("aria-invalid");
      describe(control, `${control.id}-error`, false);
      document.getElementById(`${control.id}-error`)?.remove();
    }
  }

  function mark(control, sentences) {
    const box = Object.assign(document.createElement("div"), { id: `${control.id}-error` });
    for (const text of sentences) {
      box.append(template.content.cloneNode(true));
      box.lastElementChild.querySelector("span").textContent = text;
    }
    control.before(box);
    control.setAttribute("aria-invalid", "true");
    describe(control, box.id, true);
    showReplaced(control);
  }

  // Returns the fields that are on the page: [{ anchor, label, text }].
  function show(errors) {
    clear();
    const told = [];
    for (const [name, sentences] of Object.entries(errors ?? {})) {
      const control = document.getElementById(name);
      if (!control?.matches("textarea, input[type=text]")) continue;
      mark(control, sentences);
      told.push({ anchor: name, label: labelOf(control), text: sentences.join(" ") });
    }
    return told;
  }

  function goToFirst() {
    const control = form.querySelector("[aria-invalid]") ?? form.querySelector("[data-save-state]");
    control.closest("details")?.setAttribute("open", "");
    control.focus();
    control.scrollIntoView({ block: "center" });
  }

  return { clear, show, goToFirst };
}
