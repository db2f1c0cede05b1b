// Turns the week without loading the page: links with data-fragment inside [data-fragment-root].
// The same address is fetched and the same root taken out of the answer; on any trouble the link is followed.

const WAIT_MS = 8000;

async function fetchRoot(address, id) {
  const answer = await fetch(address, {
    headers: { Accept: "text/html", "X-Fragment": id },
    signal: AbortSignal.timeout(WAIT_MS),
  });
  if (!answer.ok) throw new Error(String(answer.status));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const root = page.getElementById(id);
  if (!root) throw new Error("no fragment");
  return root;
}

const newest = new WeakMap(); // what was asked last, of each root: a slow answer to an earlier wish is let go

async function turn(root, address, push) {
  const wish = {};
  newest.set(root, wish);
  root.setAttribute("aria-busy", "true");
  try {
    const fresh = await fetchRoot(address, root.id);
    if (newest.get(root) !== wish) return;
    root.replaceChildren(...fresh.childNodes);
    (await import("./zone.js")).start(root);
    if (push) history.pushState({ fragment: root.id }, "", address);
    root.querySelector("[data-fragment-heading]")?.focus({ preventScroll: true });
  } catch {
    if (newest.get(root) === wish) window.location.assign(address);
  } finally {
    if (newest.get(root) === wish) root.removeAttribute("aria-busy");
  }
}

export function start(page) {
  for (const root of page.querySelectorAll("[data-fragment-root]")) {
    root.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-fragment]");
      if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
      event.preventDefault();
      turn(root, link.href, true);
    });
    window.addEventListener("popstate", () => turn(root, window.location.href, false));
  }
}
