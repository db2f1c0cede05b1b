// The writing screen: saving by itself, the keyboard, the copy on this device.

import { makeDeviceCopy } from "./device_copy.js";
import { withTyped, writeFields } from "./fields.js";
import { startKeys } from "./keys.js";
import { makeMarks } from "./marks.js";
import { makeMissing } from "./missing.js";
import { refresh, start as startPickers } from "./picker.js";
import { makeRows } from "./rows.js";
import { Saving } from "./saving.js";

// Says how the note stands; the age is seen each second and spoken only when the state changes.
function makeShow(form) {
  const state = form.querySelector("[data-save-state]");
  const spoken = form.querySelector("[data-spoken]");
  let savedAt = 0;
  state.removeAttribute("role");

  function age() {
    const seconds = Math.round((Date.now() - savedAt) / 1000);
    if (seconds < 2) return state.dataset.savedNow;
    const [words, amount] = seconds < 90
      ? [state.dataset.seconds, seconds]
      : [state.dataset.minutes, Math.round(seconds / 60)];
    return state.dataset.savedAgo.replace("#", words.replace("#", amount));
  }

  function sentence(kind, more) {
    if (kind === "saved") return age();
    const key = kind.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
    const text = state.dataset[key] ?? "";
    return text.includes("#") ? text.replace("#", more) : text + more;
  }

  setInterval(() => {
    if (state.dataset.kind === "saved" && savedAt) state.textContent = age();
  }, 1000);

  return (kind, more = "") => {
    if (kind === "saved") savedAt = Date.now();
    const changed = state.dataset.kind !== kind;
    state.dataset.kind = kind;
    state.textContent = sentence(kind, more);
    if (changed && !["typing", "saving"].includes(kind)) spoken.textContent = state.textContent;
  };
}

function makeBanner(form) {
  const slot = form.querySelector("[data-banner]");
  const text = slot.querySelector("[data-banner-text]");
  const link = slot.querySelector("[data-banner-link]");
  link.addEventListener("click", (event) => {
    if (slot.dataset.kind !== "merge") return;
    event.preventDefault();
    form.requestSubmit();
  });
  return (kind = "") => {
    if (slot.dataset.kind === kind) return;
    slot.dataset.kind = kind;
    slot.hidden = !kind;
    text.textContent = kind === "expired"
      ? text.dataset.expired
      : (form.querySelector("[data-save-state]").textContent ?? "");
    link.textContent = kind === "expired" ? link.dataset.signInText : link.dataset.mergeText;
    link.href = kind === "expired" ? form.dataset.signIn : "#";
    link.target = kind === "expired" ? "_blank" : "";
  };
}

async function restore(form, copy, saving, addRow) {
  const kept = await copy?.read();
  if (!kept) return;
  if (new URLSearchParams(location.search).has("together")) {
    await copy.forget(); // it was one of the two texts that have just been put together
    return;
  }
  // On top of the revision it was written on: if the note has gone on since, both texts are kept.
  saving.revision = kept.revision;
  form.elements.revision.value = kept.revision;
  writeFields(form, withTyped(form, kept.pairs), addRow);
  refresh(form);
  saving.unanswered = kept.unanswered ?? null;
  if (!saving.isUnsaved) {
    await copy.forget();
    return;
  }
  await saving.flush();
  const state = form.querySelector("[data-save-state]");
  if (state.dataset.kind === "saved") form.querySelector("[data-spoken]").textContent = state.dataset.restored;
}

function countLetters(form) {
  for (const field of form.querySelectorAll("[data-count]")) {
    const left = Object.assign(document.createElement("span"), { className: "hint letters" });
    const update = () => {
      left.textContent = `${field.value.length.toLocaleString()} / ${field.maxLength.toLocaleString()}`;
    };
    field.after(left);
    field.addEventListener("input", update);
    update();
  }
}

async function begin(form) {
  const show = makeShow(form);
  const banner = makeBanner(form);
  const missing = makeMissing(form.querySelector("[data-missing]"));
  const marks = makeMarks(form);
  startPickers(form);
  let copy = null;
  try {
    copy = await makeDeviceCopy(form.dataset.noteId, form.dataset.secret);
  } catch {
    // Storage may be switched off: then an unsaved text lives on this page only, and the state says so.
  }
  const saving = new Saving(form, { copy, show, banner, missing, marks });
  const addRow = makeRows(form, () => saving.typed());
  countLetters(form);
  startKeys(form, { saving, missing, addRow });
  form.addEventListener("input", () => saving.typed());
  form.addEventListener("change", () => saving.typed());
  form.addEventListener("submit", async (event) => {
    if (saving.stopped || !saving.isUnsaved) return;
    event.preventDefault();
    if (await saving.flush()) form.requestSubmit(event.submitter);
    else if (saving.isRefused) marks.goToFirst();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden" || saving.waiting) saving.save();
  });
  window.addEventListener("online", () => saving.save());
  window.addEventListener("beforeunload", (event) => {
    if (saving.isUnsaved && !saving.stopped) event.preventDefault();
  });
  await restore(form, copy, saving, addRow);
  saving.typed(); // what was written before this file was there
  form.dataset.ready = "yes";
}

export function start(root) {
  return Promise.all([...root.querySelectorAll("form[data-note]")].map(begin));
}
