/** The side panel's plans: choose, place, read the score. */

import { h, say } from "../dom.js";

/** @param {any} theatre see theatre.js */
export function planPanel(theatre) {
  const { store } = theatre;
  const verdict = h("p", { class: "pl-verdict" });
  const rows = h("ul", { class: "th-rows" });
  const element = h("div", { class: "pl-panel" }, verdict, rows);

  const update = () => {
    const { book } = theatre;
    const plan = book.current;
    const result = book.result(plan);
    say(verdict, !plan ? "No plan yet." : result ? result.sentence : "The engine is at work.");
    rows.replaceChildren(
      ...(result?.metrics ?? []).map((metric) => h("li", { class: "th-pad" }, metric.sentence)),
    );
  };
  return { element, update };
}
