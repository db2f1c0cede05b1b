// Leaves this page at once: by the button, or by Escape twice within a second.
// An empty page takes this one's place, so "back" does not return here.
// It cannot remove the pages visited before from the browser's history; the help text says so.

const TWICE_WITHIN_MS = 1000;

function leave() {
  document.documentElement.hidden = true;
  document.title = "";
  try {
    sessionStorage.clear();
  } catch {
    // Storage may be switched off; then there is nothing to clear.
  }
  window.location.replace("about:blank");
}

export function start(root) {
  let last = -Infinity; // not 0: one Escape in the first second of a page would be two
  for (const button of root.querySelectorAll("[data-quick-exit]")) {
    button.addEventListener("click", (event) => {
      event.preventDefault();
      leave();
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.repeat || document.querySelector("dialog[open]")) return;
    if (event.timeStamp - last < TWICE_WITHIN_MS) leave();
    last = event.timeStamp;
  });
}
