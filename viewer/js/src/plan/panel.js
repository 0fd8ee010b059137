/** The side panel's plans: begin one, read its score, see what causes it, compare, take it away. */

import { h, show } from "../dom.js";
import { away } from "./away.js";
import { begin } from "./begin.js";
import { conflicts } from "./conflicts.js";
import { bring, button } from "./fold.js";
import { judge } from "./judgement.js";
import { metrics } from "./metrics.js";
import { pickers } from "./pickers.js";
import { plans } from "./plans.js";
import { robust } from "./robust.js";
import { steps } from "./run.js";
import { search } from "./search.js";
import { typed } from "./typed.js";
import { verdict } from "./why.js";

/** Changes that the panel shows; all else passes it by. */
// prettier-ignore
const SHOWN = new Set([
  "scene", "tab", "plans", "current", "results", "found", "run", "forms", "placed", "exported",
  "placement", "arming", "ghost", "preview", "tube", "compare", "landmarks",
]);

/** What changes while a path is in the hand; all else rests until it is let go. */
const MOVING = ["verdict", "metrics", "robust", "typed"];

/** @param {any} theatre see theatre.js */
export function planPanel(theatre) {
  const { store } = theatre;
  const table = metrics(theatre);
  const parts = {
    begin: begin(theatre),
    pickers: pickers(theatre),
    search: search(theatre),
    verdict: verdict(theatre, (metric) => table.reveal(metric)),
    metrics: table,
    robust: robust(theatre),
    plans: plans(theatre),
    run: steps(theatre),
    typed: typed(theatre),
    away: away(theatre),
  };
  const fresh = button("New by clicks (E, T)", {
    title: "Begin another plan: click its entry, then its target",
    onclick: () => {
      theatre.book.begun({});
      if (theatre.book.draft) theatre.acts.run("arm_entry");
    },
  });
  const seek = button("Search …", {
    title: "Let the engine look at every path",
    onclick: () => {
      parts.search.open(true);
      parts.search.chosen = true;
      bring(parts.search.element, { top: true });
      parts.search.element.querySelector("select")?.focus();
    },
  });
  const bar = h(
    "div",
    { class: "pl-bar-top", role: "group", "aria-label": "New plan" },
    fresh,
    seek,
  );
  const element = h(
    "div",
    { class: "pl-panel" },
    parts.begin.element,
    parts.pickers.element,
    bar,
    ...Object.entries(parts)
      .filter(([name]) => !["begin", "pickers"].includes(name))
      .map(([, part]) => part.element),
  );
  for (const name of ["run", "typed", "away"]) parts[name].open(false);
  /** The plan that was shown last. */ let of = null;
  /** What changed while the panel was not to be seen. */ let missed = new Set(SHOWN);
  /** What changed for the parts that rest while a path is in the hand. */ let rested = new Set();

  const update = (what) => {
    for (const key of what) if (SHOWN.has(key)) missed.add(key);
    if (!missed.size || store.view.tab !== "plan" || !store.scene?.planning) return;
    const { book } = theatre;
    const plan = book.draft ? null : book.current;
    const state = { plan, judged: judge(book, plan), what: missed };
    for (const key of missed) rested.add(key);
    missed = new Set();
    if (book.dragging && plan) {
      for (const name of MOVING) parts[name].update(state);
      return nameConflicts(plan, state.judged);
    }
    state.what = rested;
    rested = new Set();
    show(bar, Boolean(book.choice.procedure));
    show(fresh, !book.draft);
    // While there is nothing to read, what is chosen stands open; then it makes room.
    parts.pickers.suggest(!plan);
    parts.search.suggest(!plan);
    for (const part of Object.values(parts)) part.update(state);
    if (plan && plan.id !== of) bring(parts.verdict.element, { top: true });
    of = plan?.id ?? null;
    nameConflicts(plan, state.judged);
  };

  /** Electrodes that come too near each other, for those who draw: by the engine's own point. */
  function nameConflicts(plan, judged) {
    const found = plan ? conflicts(plan, judged.scores ?? []) : [];
    if (JSON.stringify(found) !== JSON.stringify(store.view.conflicts)) {
      store.look({ conflicts: found });
    }
  }
  return { element, update };
}
