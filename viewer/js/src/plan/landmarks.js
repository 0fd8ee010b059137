/** AC, PC and the midline as a person sets them; without them the server estimates. */

import { h, say, show } from "../dom.js";
import { button } from "./fold.js";

const MARKS = { ac_mm: "AC", pc_mm: "PC", mid_mm: "Midline" };

/** @param {any} theatre */
export function landmarks(theatre) {
  const { store } = theatre;
  /** What was set so far; all three together are kept. */ let set = {};
  const buttons = Object.entries(MARKS).map(([key, name]) =>
    button(`${name} here`, {
      title: `${name} lies where the crosshair stands`,
      onclick: () => {
        set = { ...set, [key]: [...store.view.cursor] };
        if (missing().length) return store.tell("forms");
        store.change("landmarks", { landmarks: { ...set } });
        set = {};
      },
    }),
  );
  const leave = button("Use the estimate", {
    onclick: () => store.change("landmarks", { landmarks: null }),
  });
  const words = h("p", { class: "pl-note" });
  const element = h("div", {}, h("div", { class: "pl-buttons" }, ...buttons, leave), words);
  const missing = () => Object.keys(MARKS).filter((key) => !set[key]);

  const update = (on) => {
    show(element, on);
    const left = missing();
    const begun = left.length < Object.keys(MARKS).length;
    const kept = store.display.landmarks;
    show(leave, Boolean(kept));
    say(
      words,
      begun
        ? `Still to set: ${left.map((key) => MARKS[key]).join(", ")}.`
        : kept
          ? "AC, PC and the midline are as you set them."
          : "To set them yourself, put the crosshair on each and press its button.",
    );
  };
  return { element, update };
}
