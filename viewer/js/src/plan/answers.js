/** What the engine and the library answer, and what the book of plans makes of it. */

import { LOOKS, contentOf, keyOf } from "./plan.js";

/** Answers of the engine that are remembered, the oldest forgotten first. */
const KEPT = 400;
const LIVES = 40;

/** @type {Record<string, (book: import("./book.js").Book, message: any) => void>} */
export const answers = {
  plans: listed,
  plan_saved: kept,
  plan_lived: lived,
  plan_scored: scored,
  plan_progress: progress,
  plan_found: came,
  plan_mapped: mapped,
  plan_ran: (book, message) => told(book, "run", message),
  plan_formed: (book, message) => told(book, "forms", message),
  plan_placed: (book, message) => told(book, "placed", message),
  plan_exported: (book, message) => told(book, "exported", message),
  plan_refused: refused,
};

function told(book, what, message) {
  book[what] = message;
  book.store.tell(what);
}

function listed(book, { plans, trash, landmarks }) {
  const mine = plans.map(({ plan, look }, n) => ({
    ...plan,
    look: { ...LOOKS[n % LOOKS.length], hidden: false, name: plan.id, ...look },
  }));
  book.trash = trash ?? [];
  for (const { plan, saved_s, stale, history } of plans) {
    book.records.set(plan.id, { saved_s, stale, history });
  }
  if (landmarks !== undefined) book.store.amend({ landmarks });
  // What this page has edited and not yet kept stands; all else is as the library has it.
  const ours = book.plans.filter(({ id }) => book.unsaved.has(id));
  const taken = mine.filter(({ id }) => !ours.some((own) => own.id === id));
  for (const plan of taken) book.saved.set(plan.id, contentOf(plan));
  const all = [...taken, ...ours];
  const { current } = book.store.display;
  const there = all.some((plan) => plan.id === current);
  book.store.amend({ plans: all, current: there ? current : (all.at(-1)?.id ?? null) });
  for (const plan of taken) book.certify(plan);
}

function kept(book, { id, rev, saved_s, history }) {
  book.unsaved.delete(id);
  book.records.set(id, { ...book.records.get(id), saved_s, history });
  book.store.amend({
    plans: book.plans.map((plan) => (plan.id === id ? { ...plan, rev } : plan)),
  });
}

function lived(book, { key, live }) {
  book.lives.set(key, live);
  forget(book.lives, LIVES);
  book.lastLive = live;
  book.fly();
  book.store.tell("results");
}

function scored(book, { key, status, sentence, result }) {
  book.asked.delete(key);
  book.results.set(key, { status, sentence, ...result });
  forget(book.results, KEPT);
  book.store.tell("results");
}

function progress(book, { job, share, sentence }) {
  if (book.job?.id !== job) return;
  Object.assign(book.job, { share, sentence });
  book.store.tell("found");
}

function came(book, message) {
  if (book.job?.id !== message.job) return;
  book.job = null;
  book.found = message.stopped ? null : { plans: [], front: [], ...message };
  for (const { plan, result } of message.plans ?? []) {
    book.results.set(keyOf(plan), { status: "ok", ...result });
  }
  book.store.tell("found");
}

function mapped(book, message) {
  if (message.entries) book.entries = floats(message.entries);
  book.map = { ...message, entries: book.entries, levels: bytes(message.levels) };
  book.store.tell("map");
}

/** What could not be answered, by what was asked. */
function refused(book, { of, key, job, id, sentence, current }) {
  const { notices, store } = book.theatre;
  if (of === "plan_live") {
    if (book.flying?.key !== key) return;
    book.lastLive = { refused: sentence };
    book.fly();
  } else if (of === "plan_score") {
    book.asked.delete(key);
    book.results.set(key, { status: "refused", sentence });
  } else if (of === "plan_run") {
    book.runRefused = { key, sentence };
    store.tell("run");
  } else if (of === "plan_forms") {
    book.formsRefused = sentence;
    store.tell("forms");
  } else if (of === "plan_place") {
    told(book, "placed", { refused: sentence });
  } else if (of === "plan_export") {
    told(book, "exported", { id, refused: sentence });
  } else {
    if (job && book.job?.id === job) book.job = null;
    const act = current && { words: "Show that one", run: () => take(book, current) };
    notices.tell("caution", sentence, { key: "plan", act });
  }
  store.tell("results", "found");
}

/** A plan as another page has saved it, in the place of this page's. */
function take(book, { plan, look, saved_s, history }) {
  const kept = { ...plan, look: { ...LOOKS[0], hidden: false, name: plan.id, ...look } };
  const plans = book.plans.map((one) => (one.id === plan.id ? kept : one));
  book.saved.set(plan.id, contentOf(kept));
  book.unsaved.delete(plan.id);
  book.records.set(plan.id, { saved_s, stale: book.stale(kept), history });
  book.store.change(`taken ${plan.id}`, { plans });
  book.certify(kept);
}

/** Forget the oldest entries of a map beyond a number. */
function forget(map, most) {
  for (const key of [...map.keys()].slice(0, Math.max(0, map.size - most))) map.delete(key);
}

const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const floats = (text) => new Float32Array(bytes(text).buffer);
