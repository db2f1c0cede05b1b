// Opens and closes a list behind a button: <button data-menu="id" aria-expanded="false" aria-controls="id">

function set(button, list, open) {
  button.setAttribute("aria-expanded", String(open));
  list.hidden = !open;
}

export function start(root) {
  for (const button of root.querySelectorAll("[data-menu]")) {
    const list = document.getElementById(button.dataset.menu);
    if (!list) continue;
    set(button, list, false);
    button.addEventListener("click", () => set(button, list, list.hidden));
    list.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      set(button, list, false);
      button.focus();
    });
  }
}
