// The list of what is missing to sign, kept true by what the server says after each save.

export function makeMissing(box) {
  const head = box.querySelector("[data-missing-head]");
  const list = box.querySelector("[data-missing-list]");
  let known = [...list.querySelectorAll("a")].map((link) => ({
    anchor: decodeURIComponent(link.hash.slice(1)),
    text: link.textContent,
  }));

  function show(items) {
    if (!items) return;
    known = items;
    print(items);
  }

  function print(items) {
    const { ready, left, leftOne } = box.dataset;
    const words = items.length ? (items.length === 1 ? leftOne : left.replace("#", items.length)) : ready;
    if (head.textContent !== words) head.textContent = words;
    box.classList.toggle("done", items.length === 0);
    list.replaceChildren(
      ...items.map((item) => {
        const entry = document.createElement("li");
        entry.append(Object.assign(document.createElement("a"), { href: `#${item.anchor}`, textContent: item.text }));
        return entry;
      }),
    );
  }

  // What was refused comes first, in the place of what was missing there.
  function refused(fields) {
    const anchors = new Set(fields.map(({ anchor }) => anchor));
    const toCorrect = fields.map(({ anchor, label }) => ({ anchor, text: box.dataset.correct.replace("#", label) }));
    print([...toCorrect, ...known.filter(({ anchor }) => !anchors.has(anchor))]);
  }

  // Into the control itself, not to the fieldset around it.
  function go(anchor) {
    const place = document.getElementById(anchor) ?? document.getElementById(anchor.replace(/\.\w+$/, ""));
    if (!place) return false;
    place.closest("details")?.setAttribute("open", "");
    const control = place.matches("fieldset, div, section")
      ? (place.querySelector("input[type=search], input:checked, input:not([type=hidden]), textarea, select") ?? place)
      : place;
    control.focus();
    control.scrollIntoView({ block: "center" });
    return true;
  }

  box.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link && go(decodeURIComponent(link.hash.slice(1)))) event.preventDefault();
  });

  function next() {
    const anchors = [...list.querySelectorAll("a")].map((link) => decodeURIComponent(link.hash.slice(1)));
    const here = anchors.findIndex((anchor) => document.getElementById(anchor)?.contains(document.activeElement));
    const wanted = anchors[(here + 1) % anchors.length];
    if (!wanted) document.querySelector("[name=then][value=sign]")?.focus();
    else go(wanted);
  }

  box.classList.toggle("done", !list.children.length);
  return { show, refused, next };
}
