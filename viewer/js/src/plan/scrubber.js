/** The path from entry to tip as a strip of what it goes through, with a depth that is dragged. */

import { h, say, show } from "../dom.js";
import { hint } from "../keys.js";
import { at, length } from "./path_frame.js";

/** One walk from entry to tip takes so long [ms]. */
const WALK_MS = 8000;

/** @param {any} theatre */
export function scrubber(theatre) {
  const { store, book } = theatre;
  const strip = h("div", { class: "pl-strip", "aria-hidden": "true" });
  const slider = h("input", {
    type: "range",
    class: "pl-depth",
    min: 0,
    step: 0.5,
    "aria-label": "Depth from the entry",
    oninput: (event) => go(Number(event.target.value)),
  });
  const words = h("span", { class: "pl-at", role: "status" });
  const play = h(
    "button",
    {
      class: "th-button th-worded",
      type: "button",
      title: hint("play", "Walk along the path"),
      "data-action": "play",
      onclick: () => walk(),
    },
    "Play",
  );
  const element = h(
    "div",
    { class: "pl-scrubber", hidden: true, role: "group", "aria-label": "Depth along the path" },
    play,
    h("div", { class: "pl-track" }, strip, slider),
    words,
  );
  let shown = "";
  let began = null;

  const tipOf = (placement) => Math.max(length(placement) + placement.depth_mm, 0);

  /** @param {number} depth_mm */
  function go(depth_mm) {
    const placement = book.placement();
    if (!placement) return;
    const depth = Math.min(Math.max(depth_mm, 0), tipOf(placement));
    store.look({ depth_mm: depth, cursor: at(placement, depth), picked: null });
    theatre.reveal(store.view.cursor);
  }

  function walk() {
    if (began) return stop();
    const placement = book.placement();
    if (!placement) return;
    const tip = tipOf(placement);
    const from = (store.view.depth_mm ?? tip) >= tip - 0.25 ? 0 : store.view.depth_mm;
    began = { at: performance.now(), from };
    say(play, "Pause");
    const step = () => {
      if (!began || !book.placement()) return stop();
      const depth = began.from + ((performance.now() - began.at) / WALK_MS) * tip;
      go(depth);
      if (depth >= tip) return stop();
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  function stop() {
    began = null;
    say(play, "Play");
  }

  /** Ask for the walk of a plan that is certified and has none yet. */
  function wanted(plan) {
    const key = book.keyOf(plan);
    if (!book.result(plan)?.metrics || book.run?.key === key || book.runAsked === key) return;
    book.runAsked = key;
    const { look, ...wire } = plan;
    book.ask({ type: "plan_run", key, plan: wire });
  }

  const update = () => {
    const plan = book.current;
    const placement = book.placement();
    show(element, Boolean(placement) && store.view.tab === "plan");
    if (!placement) return stop();
    const tip = tipOf(placement);
    const depth = Math.min(store.view.depth_mm ?? tip, tip);
    slider.max = String(Math.ceil(tip * 2) / 2);
    slider.value = String(depth);
    paint(book.result(plan)?.strip?.[store.view.placement] ?? [], tip);
    if (!book.dragging) wanted(plan);
    const passage =
      book.run?.key === book.keyOf(plan) && book.run.run.passages[store.view.placement];
    say(words, sentence(depth, tip, passage || null));
    slider.setAttribute("aria-valuetext", words.textContent);
  };

  function paint(stretches, tip) {
    const key = JSON.stringify([stretches, tip]);
    if (key === shown) return;
    shown = key;
    strip.replaceChildren(
      ...stretches.map(({ from_mm, to_mm, title, colour }) =>
        h("span", {
          style: {
            left: `${(100 * from_mm) / tip}%`,
            width: `${(100 * (to_mm - from_mm)) / tip}%`,
            background: `rgb(${colour.join(" ")})`,
          },
          title: `${title}: ${(to_mm - from_mm).toFixed(1)} mm`,
        }),
      ),
    );
  }
  return { element, update, walk };
}

/** "34.5 of 62.3 mm · White matter, left · vessels 5.2 mm" from the engine's own rows. */
function sentence(depth, tip, passage) {
  const parts = [`${depth.toFixed(1)} of ${tip.toFixed(1)} mm`];
  const rows = passage?.depths ?? [];
  if (rows.length) {
    const row = rows.reduce((best, one) =>
      Math.abs(one.depth_mm - depth) < Math.abs(best.depth_mm - depth) ? one : best,
    );
    parts.push(row.title);
    for (const [word, mm] of Object.entries(row.distances_mm)) {
      parts.push(`${word.replaceAll("_", " ")} ${mm < 0 ? "inside" : `${mm.toFixed(1)} mm`}`);
    }
  }
  return parts.join(" · ");
}
