/** How a plan begins: three steps to learn it by, and what is still missing of one that is begun. */

import { h, say, show } from "../dom.js";
import { ras } from "../format.js";
import { keyWords, KEYS } from "../keys.js";
import { button, fill, field } from "./fold.js";

const ENDS = /** @type {const} */ (["entry", "target"]);
const WHERE = { entry: "the scalp", target: "the target" };

const keyOf = (action) => keyWords(KEYS.find((key) => key.action === action)?.keys[0] ?? "");

/** @param {any} theatre */
export function begin(theatre) {
  const { store } = theatre;
  const book = () => theatre.book;
  const lesson = h(
    "ol",
    { class: "pl-steps" },
    h("li", {}, h("strong", {}, "Choose a procedure"), " and its device below."),
    h(
      "li",
      {},
      h("strong", {}, "Place the path: "),
      ...keyed("arm_entry", "click the scalp for the entry"),
      "; ",
      ...keyed("arm_target", "click the target"),
      ". Or let the search propose paths.",
    ),
    h(
      "li",
      {},
      h("strong", {}, "Read the score."),
      " Each number leads to the place in the anatomy that causes it.",
    ),
  );
  const title = h("h3", { class: "pl-begin-title" });
  const ends = ENDS.map((end) => endRow(theatre, end));
  const centre = h("select", { class: "th-select", onchange: () => atCentre() });
  const cancel = button("Leave this new plan", { onclick: () => book().forsake() });
  const draft = h(
    "div",
    { class: "pl-draft" },
    ...ends.map((row) => row.element),
    field("Target at the centre of", centre),
    cancel,
  );
  const element = h("div", { class: "pl-begin" }, title, lesson, draft);

  function atCentre() {
    const structure = store.scene.structures.find((one) => one.id === centre.value);
    centre.value = "";
    if (!structure) return;
    const middle = theatre.centre(structure);
    if (!middle) {
      theatre.notices.tell("note", `${structure.title} has no voxels to aim at.`, { key: "plan" });
      return;
    }
    book().begun({ target_mm: middle });
    theatre.acts.goToPoint(middle);
  }

  const update = ({ plan }) => {
    const { draft: begun, choice } = book();
    show(element, Boolean(begun) || !plan);
    if (!begun && plan) return;
    const procedure = book().procedure(choice.procedure);
    say(title, begun ? `New plan: ${procedure?.title}` : "Plan a path in three steps");
    show(lesson, !begun);
    show(draft, Boolean(begun));
    for (const row of ends) row.update(begun);
    const aims = (procedure?.targets ?? []).map(({ id, title: words }) => ({ value: id, words }));
    fill(centre, [{ value: "", words: "choose a structure" }, ...aims]);
    show(centre.parentElement, aims.length > 0 && !begun?.target_mm);
  };
  return { element, update };
}

/** "press E and click …" with the key as a key. */
function keyed(action, words) {
  return ["press ", h("kbd", {}, keyOf(action)), ` and ${words}`];
}

/** One end of a plan that is begun: where it lies, or how to place it. */
function endRow(theatre, end) {
  const { store } = theatre;
  const words = h("span", { class: "pl-end-words" });
  const arm = button(`Place (${keyOf(`arm_${end}`)})`, {
    onclick: () => theatre.acts.run(`arm_${end}`),
  });
  const here = button("At crosshair", {
    title: `Put the ${end} where the crosshair stands`,
    onclick: () => theatre.acts.placed(store.view.cursor, end),
  });
  const shape = h("span", { class: "pl-shape", "aria-hidden": "true" });
  const element = h(
    "div",
    { class: "pl-end", role: "group", "aria-label": end === "entry" ? "Entry" : "Target" },
    shape,
    words,
    h("div", { class: "pl-buttons" }, arm, here),
  );
  const update = (draft) => {
    const point = draft?.[`${end}_mm`];
    const armed = store.view.arming === end;
    const name = end === "entry" ? "Entry" : "Target";
    say(shape, point ? "●" : "○");
    say(
      words,
      point
        ? `${name} ${ras(point)}`
        : armed
          ? `${name}: click ${WHERE[end]}`
          : `${name}: not placed`,
    );
    arm.setAttribute("aria-pressed", String(armed));
  };
  return { element, update };
}
