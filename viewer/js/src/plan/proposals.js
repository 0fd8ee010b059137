/** The ranked list of what a search found: look at one, take it as a plan. */

import { h, say, show } from "../dom.js";
import { worstOf } from "./compare.js";
import { button } from "./fold.js";
import { VERDICTS, delivered, hundred, percent, quantity } from "./format.js";
import { rows } from "./rows.js";
import { ranked } from "./weights.js";

/** What is told of a proposal in its line, where it was judged. */
const TOLD = [
  ["vessel_clearance", "vessels"],
  ["intracranial_length", "length"],
  ["incidence", "tilt"],
];

/** @param {any} theatre */
export function proposals(theatre) {
  const { store } = theatre;
  const list = h("ol", { class: "pl-proposals" });
  const keys = h(
    "p",
    { class: "pl-note" },
    "Arrow keys look at one as a ghost, Enter takes it as a plan.",
  );
  const element = h("div", {}, list, keys);
  /** @type {any[]} */ let found = [];
  let weights = {};
  const render = rows(
    list,
    () => line(),
    (one) => String(one.place),
  );

  function line() {
    let one = null;
    const rank = h("span", { class: "pl-rank" });
    const word = h("span", { class: "pl-plan-verdict" });
    const mine = h("strong", {});
    const engine = h("span", { class: "th-quiet" });
    const touch = h("span", { class: "pl-touch" });
    const facts = h("span", { class: "pl-facts" });
    const look = h(
      "button",
      {
        class: "pl-proposal-look",
        type: "button",
        onclick: () => preview(one),
        ondblclick: () => take(one),
        onkeydown: (event) => walk(event, one),
      },
      rank,
      word,
      touch,
      mine,
      engine,
      facts,
    );
    const takes = button("Take", { onclick: () => take(one) });
    const element = h("li", { class: "pl-proposal" }, look, takes);
    const update = (given) => {
      one = given;
      const { result, plan, total } = one;
      const { shape, word: words } = VERDICTS[result.verdict];
      say(rank, `${one.rank}`);
      say(word, `${shape} ${words}`);
      word.dataset.verdict = result.verdict;
      say(mine, hundred(total, 1));
      const moved = Object.keys(weights).length > 0;
      say(engine, moved ? `certified ${hundred(result.total, 1)}` : "certified");
      const { any } = delivered(result);
      say(touch, any ? `touch ${percent(any.share)}` : "");
      say(facts, told(result));
      const on = store.view.preview?.id === plan.id;
      look.setAttribute("aria-pressed", String(on));
      element.classList.toggle("th-chosen", on);
      takes.setAttribute("aria-label", `Take proposal ${one.rank} as a plan`);
    };
    return { element, update };
  }

  function preview(one) {
    const on = store.view.preview?.id === one.plan.id;
    store.look({ preview: on ? null : one.plan });
    if (!on) theatre.acts.goToPoint(one.plan.placements[0].target_mm);
  }

  function take(one) {
    const { procedure, placements, delivery, profile } = one.plan;
    store.look({ preview: null });
    theatre.book.create({
      procedure,
      placements,
      delivery,
      profile,
      reason: "proposed by the search",
    });
  }

  /** Arrow keys look at the next one, Enter takes it. */
  function walk(event, one) {
    const all = [...list.querySelectorAll(".pl-proposal-look")];
    const at = all.indexOf(event.currentTarget);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Enter") take(one);
    else if (next === undefined) return;
    else if (all[next]) {
      all[next].focus();
      preview(ordered()[next]);
    }
    event.preventDefault();
    event.stopPropagation();
  }

  const ordered = () => ranked(found, weights).map((one, n) => ({ ...one, rank: n + 1 }));

  function draw() {
    show(element, found.length > 0);
    render(ordered());
  }

  return {
    element,
    /** Show what a search found. */
    begin(answer, moved) {
      found = answer?.plans ?? [];
      weights = moved;
      draw();
    },
    /** Rank anew by other weights. */
    weigh(moved) {
      weights = moved;
      draw();
    },
    update: ({ what }) => what.has("preview") && draw(),
  };
}

/** "vessels 5.2 mm · length 61.0 mm · tilt 3.0°" */
function told({ metrics }) {
  const known = TOLD.map(([id, words]) => {
    const score = worstOf(metrics, id);
    if (!score || score.value === null) return null;
    return `${words} ${quantity(score.value, score.unit)}`;
  });
  return known.filter(Boolean).join(" · ");
}
