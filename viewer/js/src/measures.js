/** The list of measures. */

import { h } from "./dom.js";
import { icon } from "./icons.js";

/** @param {import("./store.js").Store} store @param {any} acts */
export function measureList(store, acts) {
  const rows = h("ul", { class: "th-rows" });
  const element = h(
    "div",
    { class: "th-measures" },
    h("h3", { class: "th-heading" }, "Measures"),
    rows,
  );
  const update = (what) => {
    if (!what.has("measures") && !what.has("scene")) return;
    const { measures } = store.display;
    element.hidden = !measures.length;
    rows.replaceChildren(
      ...measures.map((measure) =>
        h(
          "li",
          { class: "th-row-line" },
          h(
            "button",
            {
              class: "th-open",
              type: "button",
              title: "Go to this measure",
              onclick: () => acts.goToPoint(measure.points_mm[measure.kind === "angle" ? 1 : 0]),
            },
            icon(measure.kind),
            h("span", { class: "th-title" }, measure.kind === "angle" ? "Angle" : "Distance"),
            h("span", { class: "th-volume" }, measure.text),
          ),
          h(
            "button",
            {
              class: "th-button th-small",
              type: "button",
              title: "Delete this measure",
              "aria-label": `Delete the ${measure.kind} ${measure.text}`,
              onclick: () => acts.removeMeasure(measure.id),
            },
            icon("remove"),
          ),
        ),
      ),
    );
  };
  return { element, update };
}
