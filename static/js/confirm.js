// Asks before a form with data-confirm is sent. Words come from the form's data attributes:
// data-confirm (the question), data-confirm-detail, data-confirm-yes, data-confirm-no.

function part(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}

function build(form) {
  const dialog = document.createElement("dialog");
  const heading = part("h2", "", form.dataset.confirm);
  heading.id = `confirm-${document.querySelectorAll("dialog").length}`;
  dialog.setAttribute("aria-labelledby", heading.id);
  const actions = part("form", "actions", "");
  actions.method = "dialog";
  const yes = part("button", "button", form.dataset.confirmYes || "OK");
  yes.value = "yes";
  const no = part("button", "button quiet", form.dataset.confirmNo || "Back");
  no.value = "no";
  no.autofocus = true;
  actions.append(yes, no);
  dialog.append(heading);
  if (form.dataset.confirmDetail) dialog.append(part("p", "soft", form.dataset.confirmDetail));
  dialog.append(actions);
  return dialog;
}

function ask(form, submitter) {
  const dialog = build(form);
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    const agreed = dialog.returnValue === "yes";
    dialog.remove();
    if (!agreed) return;
    form.dataset.confirmed = "yes";
    form.requestSubmit(submitter);
  });
  dialog.showModal();
}

export function start(root) {
  for (const form of root.querySelectorAll("form[data-confirm]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.confirmed) return;
      event.preventDefault();
      ask(form, event.submitter);
    });
  }
}
