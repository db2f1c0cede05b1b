// Saves the note while it is written: at most three seconds after a key, and says so.
// Without a connection, or signed out, a sealed copy stays on this device until the server has it.

import { readFields, servedFields } from "./fields.js";

const COPY_AFTER_MS = 250;
const AFTER_KEY_MS = 900;
const AT_MOST_MS = 2500;
const WAIT_MS = 10000;
const TRY_AGAIN_MS = 3000;
const KEEPALIVE_MOST = 60000;

export class Saving {
  constructor(form, { copy, show, banner, missing, marks }) {
    Object.assign(this, { form, copy, show, banner, missing, marks });
    this.revision = Number(form.elements.revision.value);
    this.token = form.elements.csrf_token.value;
    this.sent = JSON.stringify(servedFields(form));
    this.unanswered = null; // sent, and nobody knows whether it arrived
    this.refused = null; // sent, and refused as it is: only another text is sent again
    this.busy = false;
    this.stopped = false;
    this.firstUnsaved = 0;
  }

  get isUnsaved() {
    return this.unanswered !== null || JSON.stringify(readFields(this.form)) !== this.sent;
  }

  get isRefused() {
    return JSON.stringify(readFields(this.form)) === this.refused;
  }

  typed() {
    if (this.isRefused) return; // nothing new: what was said of it stays, and no button moves away
    if (this.stopped || !(this.isUnsaved || this.firstUnsaved || this.refused)) return;
    clearTimeout(this.copyTimer);
    this.copyTimer = setTimeout(() => this.keep(readFields(this.form)), COPY_AFTER_MS);
    if (this.waiting) return; // it is tried again anyway, and the state goes on saying why
    this.show("typing");
    this.firstUnsaved ||= Date.now();
    const left = Math.max(0, this.firstUnsaved + AT_MOST_MS - Date.now());
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), Math.min(AFTER_KEY_MS, left));
  }

  // Before the page is left by a form: saved, or false and the page stays.
  async flush() {
    while (this.busy) await new Promise((resolve) => { setTimeout(resolve, 50); });
    if (this.unanswered) await this.save();
    await this.save();
    return !this.isUnsaved;
  }

  async save() {
    clearTimeout(this.timer);
    clearTimeout(this.copyTimer);
    if (this.busy || this.stopped) return;
    if (!this.isUnsaved) return this.nothingLeft();
    this.busy = true;
    this.firstUnsaved = 0;
    this.show("saving");
    const pairs = readFields(this.form);
    // What may have arrived goes first, unchanged: the server takes the same text twice for once, but
    // another one on the same revision for somebody else's.
    this.unanswered ??= pairs;
    await this.keep(pairs);
    try {
      await this.send(this.unanswered);
    } catch {
      this.wait(this.kept ? "offline-kept" : "offline-lost");
    } finally {
      this.busy = false;
    }
    if (!this.stopped && !this.waiting && this.isUnsaved && !this.isRefused) this.typed();
  }

  // What was typed has been taken back before it was sent.
  async nothingLeft() {
    if (!this.firstUnsaved && !this.waiting) return;
    this.firstUnsaved = 0;
    this.waiting = false;
    this.takeBackRefusal();
    this.show("saved");
    await this.copy?.forget();
  }

  takeBackRefusal() {
    this.refused = null;
    this.marks.clear();
    this.missing.refused([]);
  }

  async keep(pairs) {
    try {
      await this.copy?.keep({ revision: this.revision, pairs, unanswered: this.unanswered, at: Date.now() });
      this.kept = Boolean(this.copy);
    } catch {
      this.kept = false;
    }
  }

  async send(pairs) {
    const body = new URLSearchParams([...pairs, ["revision", String(this.revision)]]);
    const answer = await fetch(this.form.dataset.autosave, {
      method: "POST",
      body,
      keepalive: String(body).length < KEEPALIVE_MOST, // the browser finishes it when the tab is closed
      headers: { Accept: "application/json", "X-CSRFToken": this.token },
      signal: AbortSignal.timeout(WAIT_MS),
      redirect: "error",
    });
    if (answer.status >= 500) throw new Error(String(answer.status));
    const answered = answer.ok || answer.status === 409 ? await answer.json() : null;
    this.unanswered = null;
    if (answer.ok) return this.saved(answered, pairs);
    if (answer.status === 409) return this.elsewhere(answered);
    if (answer.status === 400 || answer.status === 401) return this.renew();
    const said = await answer.json();
    return this.sayRefused(said, pairs);
  }

  // At its fields, where the answer names them. What was typed meanwhile is another text.
  sayRefused(said, pairs) {
    const isAsSent = JSON.stringify(readFields(this.form)) === JSON.stringify(pairs);
    const fields = this.marks.show(said.errors);
    this.refused = JSON.stringify(isAsSent ? readFields(this.form) : pairs);
    this.waiting = false;
    this.missing.refused(fields);
    const told = fields.map(({ label, text }) => (label ? `${label}: ${text}` : text)).join(" ");
    return this.show("refused", told || said.detail || said.title || "");
  }

  async saved(said, pairs) {
    this.revision = said.revision;
    this.form.elements.revision.value = said.revision;
    this.sent = JSON.stringify(pairs);
    this.waiting = false;
    this.banner();
    this.takeBackRefusal();
    this.missing.show(said.missing);
    if (this.isUnsaved) return; // of a text before the last key: it is not said to be saved
    this.show("saved");
    await this.copy?.forget();
  }

  elsewhere(said) {
    if (said.code !== "changed-elsewhere") {
      this.stopped = true;
      return this.show("refused", said.detail || "");
    }
    this.stopped = true;
    this.show("elsewhere", said.by);
    return this.banner("merge");
  }

  // The page's token is old, or nobody is signed in any more: ask which of the two.
  async renew() {
    const answer = await fetch(this.form.dataset.state, {
      headers: { Accept: "application/json", "X-Background": "1" },
      signal: AbortSignal.timeout(WAIT_MS),
    });
    if (!answer.ok) {
      this.banner("expired");
      return this.wait(this.kept ? "offline-kept" : "offline-lost");
    }
    const said = await answer.json();
    this.token = said.csrf_token;
    this.form.elements.csrf_token.value = said.csrf_token;
    this.banner();
    return this.wait("saving", 1000);
  }

  wait(kind, after = TRY_AGAIN_MS) {
    this.show(kind);
    this.waiting = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), after);
  }
}
