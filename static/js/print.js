// <button data-print hidden>: prints the page; without this file there is no button, and the browser's own does it.

export function start(root) {
  for (const button of root.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
}
