/** Where a plan has several electrodes: which one is looked at, how each stands, which are too near. */

import { h, say, show } from "../dom.js";
import { conflicts } from "./conflicts.js";
import { button } from "./fold.js";
import { STANDINGS, ordered, quantity, standing } from "./format.js";
import { rows } from "./rows.js";

/** What several placements of a kind are called. */
const SEVERAL = { seeg_electrode: "Electrodes", dbs_lead: "Leads", screw: "Screws" };

/** @param {any} theatre */
export function placements(theatre) {
  const { store } = theatre;
  const book = () => theatre.book;
  const words = h("span", { class: "pl-note" });
  const list = h("div", { class: "pl-chips" });
  const add = button("Add", {
    "aria-label": "Add a placement",
    onclick: () => book().addPlacement(book().current.id),
  });
  const remove = button("Remove", {
    "aria-label": "Remove this placement",
    onclick: () => book().removePlacement(book().current.id, store.view.placement),
  });
  const near = h("ul", { class: "pl-sentences pl-conflicts" });
  const row = h(
    "div",
    { class: "pl-placements", role: "group", "aria-label": "Placements" },
    words,
    list,
    add,
    remove,
  );
  const element = h("div", {}, row, near);
  const render = rows(
    list,
    () => chip(theatre),
    (one) => String(one.n),
  );
  const renderNear = rows(
    near,
    () => sentence(theatre),
    (one) => `${one.a} ${one.b} ${one.metric}`,
  );
  let of = "";
  /** How each stood last: while one is in the hand, nothing is said of the others. */
  let known = /** @type {string[]} */ ([]);

  const update = (plan, judged) => {
    const most = book().procedure(plan.procedure)?.most_placements ?? 1;
    const fixed = judged.state === "stale";
    show(element, most > 1);
    if (most < 2) return;
    const number = Math.min(store.view.placement, plan.placements.length - 1);
    const name = SEVERAL[book().device(plan.placements[0].device)?.kind] ?? "Placements";
    if (of !== plan.id) known = [];
    of = plan.id;
    known = plan.placements.map((_, n) => worst(judged, n) ?? known[n] ?? "told");
    say(words, name);
    render(known.map((stands, n) => ({ n, stands, chosen: n === number })));
    const found = conflicts(plan, judged.scores ?? []);
    renderNear(found.map((one) => ({ ...one, name })));
    show(near, found.length > 0);
    add.disabled = fixed || plan.placements.length >= most;
    remove.disabled = fixed || plan.placements.length < 2;
  };
  return { element, update };
}

/** One placement by its number, with the shape of its worst score. */
function chip(theatre) {
  let number = 0;
  const element = h("button", {
    class: "th-button th-framed pl-chip",
    type: "button",
    onclick: () => theatre.store.look({ placement: number, depth_mm: null }),
  });
  const update = ({ n, stands, chosen }) => {
    const { shape, word } = STANDINGS[stands];
    number = n;
    say(element, `${shape} ${n + 1}`);
    element.setAttribute("aria-pressed", String(chosen));
    const name = `Placement ${n + 1}: ${word}`;
    if (element.title !== name) {
      element.title = name;
      element.setAttribute("aria-label", name);
    }
    if (element.dataset.standing !== stands) element.dataset.standing = stands;
  };
  return { element, update };
}

/** "Electrodes 1 and 2 are 5.0 mm apart." It leads to the place. */
function sentence(theatre) {
  let point = null;
  const lead = h("button", {
    class: "pl-lead",
    type: "button",
    onclick: () => theatre.acts.goToPoint(point),
  });
  const update = ({ a, b, point_mm, distance_mm, name }) => {
    point = point_mm;
    say(lead, `${name} ${a + 1} and ${b + 1} are ${quantity(distance_mm, "mm")} apart.`);
  };
  return { element: h("li", {}, lead), update };
}

/** How the worst number of one placement stands; null where none is there. */
function worst(judged, n) {
  const mine = (judged.scores ?? []).filter((one) => one.placement === n);
  const [first] = ordered(mine.filter((one) => one.status !== "cannot_be_judged"));
  return first ? standing(first) : mine.length ? "untold" : null;
}
