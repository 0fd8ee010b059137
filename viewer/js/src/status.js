/** The line under the views: where the crosshair is, what lies there, and the conventions in words. */

import { h, say } from "./dom.js";
import { ras } from "./format.js";
import { valueAt } from "./grid.js";
import { conventionWords, noseWords } from "./planes.js";

/** @param {import("./store.js").Store} store @param {any} acts @param {Element} loading */
export function statusBar(store, acts, loading) {
  const point = h("span", { class: "th-ras", title: "Crosshair, RAS millimetres" });
  const where = h("span", { class: "th-where" });
  const hover = h("span", { class: "th-hover th-quiet" });
  const convention = h("button", {
    class: "th-button th-worded th-convention",
    type: "button",
    title: "Switch between radiological and neurological (axial and coronal)",
    "data-action": "convention",
    onclick: () => acts.run("convention"),
  });
  const nose = h("button", {
    class: "th-button th-worded",
    type: "button",
    title: "Turn the sagittal view",
    "data-action": "nose",
    onclick: () => acts.run("nose"),
  });
  const element = h(
    "div",
    { class: "th-status" },
    point,
    where,
    loading,
    hover,
    h("span", { class: "th-spring" }),
    convention,
    nose,
  );
  const update = () => {
    const { scene, view, display } = store;
    say(convention, conventionWords(display.convention));
    convention.classList.toggle("th-unusual", display.convention !== "radiological");
    say(nose, noseWords(display.nose));
    say(point, scene ? ras(view.cursor) : "");
    say(where, scene ? acts.describe(view.cursor, view.picked) : "");
  };
  const setHover = (text) => say(hover, text ? `Pointer: ${text}` : "");
  return { element, update, setHover };
}

/**
 * "Thalamus, left · value 143", as far as image and labels are there. A picked surface names itself:
 * the voxel beside it may be of its neighbour, or of nothing.
 * @param {import("./types.js").Point} point
 * @param {any} layers
 * @param {import("./types.js").Scene} scene
 * @param {string | null} [picked]  id of the structure whose surface was picked here
 */
export function describe(point, layers, scene, picked = null) {
  const parts = [];
  const met = picked && scene.structures.find((s) => s.id === picked);
  if (met) parts.push(`${met.title} (surface)`);
  else if (layers.labels) {
    const label = valueAt(layers.labels.grid, layers.labels.array, point);
    const id = label ? scene.labels?.key[String(label)] : null;
    const structure = scene.structures.find((s) => s.id === id);
    if (label === null) parts.push("outside the image");
    else
      parts.push(
        structure ? structure.title : id ? String(id).replaceAll("_", " ") : "no structure",
      );
  }
  if (layers.volume) {
    const stored = valueAt(layers.volume.grid, layers.volume.array, point);
    if (stored !== null && scene.volume) {
      const value = stored * scene.volume.slope + scene.volume.inter;
      parts.push(`value ${Number.isInteger(value) ? value : value.toPrecision(4)}`);
    }
  }
  return parts.join(" · ");
}
