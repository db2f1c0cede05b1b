// Several of many, by typing: what fits is shown, Enter takes the first, what is chosen stays in sight.
// Without this file the same check boxes stand in a plain list.

const FEW = 6;

function plain(text) {
  return text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");
}

class Picker {
  constructor(set) {
    this.set = set;
    this.options = [...set.querySelectorAll(".option")];
    this.list = set.querySelector(".picker-list");
    this.all = false;
    this.build();
    this.update();
  }

  build() {
    const data = this.set.dataset;
    this.input = Object.assign(document.createElement("input"), {
      type: "search",
      className: "picker-find",
      autocomplete: "off",
      placeholder: data.find,
    });
    this.input.setAttribute("aria-label", `${this.set.querySelector("legend").textContent}: ${data.find}`);
    this.said = Object.assign(document.createElement("span"), { className: "visually-hidden" });
    this.said.setAttribute("role", "status");
    this.none = Object.assign(document.createElement("p"), { className: "hint", textContent: data.none, hidden: true });
    this.more = Object.assign(document.createElement("button"), {
      type: "button",
      className: "button plain small",
      textContent: data.showAll,
    });
    const tools = document.createElement("div");
    tools.className = "picker-tools";
    tools.append(this.input, this.more, this.said);
    this.list.before(tools);
    this.list.after(this.none);
    this.listen();
  }

  listen() {
    this.input.addEventListener("input", (event) => {
      event.stopPropagation(); // what is looked for is not part of the note
      this.update();
    });
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.more.addEventListener("click", () => {
      this.all = !this.all;
      this.more.textContent = this.all ? this.set.dataset.showLess : this.set.dataset.showAll;
      this.more.setAttribute("aria-expanded", String(this.all));
      this.update();
    });
    this.list.addEventListener("change", () => this.update());
    this.list.addEventListener("keydown", (event) => this.walk(event));
  }

  get wanted() {
    return plain(this.input.value.trim()).split(/\s+/).filter(Boolean);
  }

  fits(option) {
    const words = plain(option.dataset.words);
    return this.wanted.every((word) => words.includes(word));
  }

  update() {
    const looking = this.wanted.length > 0;
    let shown = 0;
    for (const option of this.options) {
      const chosen = option.querySelector("input").checked;
      const fits = looking && this.fits(option);
      option.hidden = !(chosen || fits || (this.all && !looking) || this.options.length <= FEW);
      option.classList.toggle("first", false);
      if (fits && !chosen) {
        if (!shown) option.classList.add("first");
        shown += 1;
      }
    }
    this.none.hidden = !looking || shown > 0;
    this.list.classList.toggle("nothing", this.options.every((option) => option.hidden));
  }

  key(event) {
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      const first = this.list.querySelector(".option.first input");
      if (first) this.take(first);
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      this.visible[0]?.focus();
    } else if (event.key === "Escape" && this.input.value) {
      event.stopPropagation();
      this.input.value = "";
      this.update();
    }
  }

  take(box) {
    box.checked = true;
    this.said.textContent = `${box.closest("label").textContent.trim()} ${this.set.dataset.added}`;
    this.input.value = "";
    box.dispatchEvent(new Event("input", { bubbles: true }));
    this.update();
  }

  get visible() {
    return this.options.filter((option) => !option.hidden).map((option) => option.querySelector("input"));
  }

  walk(event) {
    const boxes = this.visible;
    const at = boxes.indexOf(event.target);
    if (event.key === "ArrowDown" && at < boxes.length - 1) boxes[at + 1].focus();
    else if (event.key === "ArrowUp") (boxes[at - 1] ?? this.input).focus();
    else return;
    event.preventDefault();
  }
}

const made = new WeakMap();

export function start(root) {
  for (const set of root.querySelectorAll("[data-picker]")) {
    if (!made.has(set) && !set.closest("template")) made.set(set, new Picker(set));
  }
}

export function refresh(root) {
  for (const set of root.querySelectorAll("[data-picker]")) made.get(set)?.update();
}
