// Loads what a page asks for by its data attributes. Every page works without this file.

const PARTS = [
  ["[data-quick-exit]", "./quick_exit.js"],
  ["[data-expires-at]", "./countdown.js"],
  ["[data-zone-select], [data-zone-input]", "./zone.js"],
  ["[data-fragment-root]", "./slots.js"],
  ["[data-fragment-src]", "./included.js"],
  ["form[data-confirm]", "./confirm.js"],
  ["[data-menu]", "./menu.js"],
  ["form[data-note]", "./note/start.js"],
  ["[data-print]", "./print.js"],
  ["form:not([data-note]) [data-picker]", "./note/picker.js"],
];

async function load() {
  const started = [];
  for (const [selector, path] of PARTS) {
    if (document.querySelector(selector)) {
      started.push((await import(path)).start(document));
    }
  }
  await Promise.all(started); // the note's keys and a page shown inside another come a little later
  document.documentElement.dataset.ready = "yes";
}

// A person who sees a list of errors should hear it first.
function focusSummary() {
  document.querySelector("[data-focus]")?.focus();
}

// A form sent twice is a slow network, not a wish: the second press is ignored.
function guardDoubleSubmit() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
  });
  // A page shown again from the back-forward cache may be sent again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
    for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  });
}

function watchConnection() {
  const notice = document.querySelector("[data-offline]");
  if (!notice) return;
  const show = () => { notice.hidden = navigator.onLine; };
  window.addEventListener("online", show);
  window.addEventListener("offline", show);
  show();
}

focusSummary();
guardDoubleSubmit();
watchConnection();
load();
