// Shows a page's [data-fragment-root] inside another: <div data-fragment-src="address">.
// [data-fragment-links] in it lead to the same; on any trouble they are all there is.

import { start as startTurning } from "./slots.js";

const WAIT_MS = 8000;

async function include(element) {
  const answer = await fetch(element.dataset.fragmentSrc, {
    headers: { Accept: "text/html" },
    signal: AbortSignal.timeout(WAIT_MS),
  });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const root = page.querySelector("[data-fragment-root]");
  if (!root) return;
  for (const link of element.querySelectorAll("[data-fragment-links]")) link.hidden = true;
  element.append(root);
  startTurning(element);
}

export function start(page) {
  const elements = [...page.querySelectorAll("[data-fragment-src]")];
  return Promise.all(elements.map((element) => include(element).catch(() => {})));
}
