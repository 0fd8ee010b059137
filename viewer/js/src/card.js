/** The card of one structure: what it is, where it comes from, how far to trust it. */

import { h } from "./dom.js";
import { count, ml, mm } from "./format.js";
import { icon } from "./icons.js";

const ORIGIN = {
  automatic: "Automatic, from this image",
  atlas: "Atlas, fitted to this image",
  estimated: "Estimated: not visible in this image",
  manual: "Manual, or from a file",
};

const SIDE = { left: "Left", right: "Right", midline: "Midline" };

/** @param {import("./types.js").Structure} structure @param {import("./store.js").Store} store */
export function card(structure, store, acts) {
  const facts = [
    ["Code (SNOMED CT)", structure.code || "not assigned"],
    ["Side", SIDE[structure.side] ?? "–"],
    ["Origin", ORIGIN[structure.origin] ?? structure.origin],
    ["Uncertainty (σ)", mm(structure.sigma_mm)],
    ["Volume, labels", ml(structure.volume_ml)],
    ["Volume, surface", ml(structure.surface_volume_ml)],
    ["Surface error, 95 %", mm(structure.surface_p95_mm, 2)],
    ["Triangles", count(structure.triangles)],
    ["Watertight", { true: "yes", false: "no" }[String(structure.watertight)] ?? "–"],
  ];
  const percent = h("output", { class: "th-percent" });
  const opacity = h("input", {
    type: "range",
    class: "th-range",
    min: 0,
    max: 100,
    "aria-label": `Opacity of ${structure.title}`,
    oninput: () => acts.opacity(structure.id, opacity.value / 100),
  });
  const isolate = h(
    "button",
    { class: "th-button th-framed", type: "button", onclick: () => acts.isolate(structure.id) },
    icon("isolate"),
    h("span", {}, "Isolate"),
  );
  const element = h(
    "div",
    { class: "th-card" },
    h("label", { class: "th-row" }, h("span", { class: "th-quiet" }, "Opacity"), opacity, percent),
    h("dl", { class: "th-facts" }, ...facts.flatMap(([k, v]) => [h("dt", {}, k), h("dd", {}, v)])),
    structure.note ? h("p", { class: "th-note" }, structure.note) : null,
    h(
      "div",
      { class: "th-row" },
      h(
        "button",
        { class: "th-button th-framed", type: "button", onclick: () => acts.goTo(structure) },
        icon("goto"),
        h("span", {}, "Go to"),
      ),
      isolate,
    ),
  );
  const update = () => {
    const value = Math.round(100 * (store.display.opacity[structure.id] ?? 1));
    opacity.value = String(value);
    percent.textContent = `${value} %`;
    const only = store.display.isolated === structure.id;
    isolate.setAttribute("aria-pressed", String(only));
    isolate.lastChild.textContent = only ? "Show all" : "Isolate";
  };
  return { element, update };
}
