/** Take a plan away as a file, and bring one in. */

import { h, say, show } from "../dom.js";
import { button, fold } from "./fold.js";

/** Largest plan file that is read. */
const MOST_BYTES = 1 << 20;
const GROUPS = {
  Report: [
    ["html", "HTML", "Every number and picture, for the browser"],
    ["pdf", "PDF", "Every number and picture, for print"],
  ],
  "3D Slicer": [
    ["mrk", "Lines", "Markups, .mrk.json, LPS"],
    ["seg", "Segmentation", "Labels with the device, .seg.nrrd"],
  ],
  Surfaces: [
    ["stl", "STL", "Triangles, mm, RAS"],
    ["ply", "PLY", "Triangles with colours, mm, RAS"],
    ["obj", "OBJ", "Triangles by name, mm, RAS"],
    ["glb", "GLB", "Coloured scene, for viewers"],
  ],
  Plan: [["json", "Plan file", "The plan itself as JSON: it can be brought in again"]],
};

/** @param {any} theatre */
export function away(theatre) {
  const book = () => theatre.book;
  const told = h("p", { class: "pl-note", role: "status" });
  const buttons = /** @type {any[]} */ ([]);
  const groups = Object.entries(GROUPS).map(([name, files]) => {
    const mine = files.map(([kind, words, title]) =>
      button(words, {
        title,
        "data-kind": kind,
        "aria-label": `${name}: ${words}`,
        onclick: () => take(kind, `${name}, ${words}`),
      }),
    );
    buttons.push(...mine);
    return h(
      "div",
      { class: "pl-group" },
      h("span", {}, name),
      h("div", { class: "pl-buttons" }, ...mine),
    );
  });
  const file = h("input", {
    type: "file",
    class: "pl-hidden",
    accept: ".json,application/json",
    "aria-label": "Plan file to bring in",
    tabindex: "-1",
    onchange: () => bring(),
  });
  const bringIn = button("Bring in a plan file …", { onclick: () => file.click() });
  const kinds = h("div", {}, ...groups);
  const section = fold(
    "away",
    "Take away, bring in",
    kinds,
    h("div", { class: "pl-buttons" }, bringIn, file),
    told,
  );
  /** @type {string | null} the kind that is being made */ let making = null;

  function take(kind, words) {
    making = kind;
    say(told, `${words} is being made …`);
    lock();
    book().ask({ type: "plan_export", id: book().current.id, kind });
  }

  function lock() {
    for (const one of buttons) one.disabled = making !== null;
  }

  async function bring() {
    const [one] = file.files;
    file.value = "";
    if (!one) return;
    if (one.size > MOST_BYTES)
      return say(told, `${one.name} is larger than 1 MB, and no plan file.`);
    const { procedure, device, delivery } = book().choice;
    say(told, `${one.name} is being read …`);
    book().ask({
      type: "plan_import",
      name: one.name,
      text: await one.text(),
      procedure,
      device,
      delivery,
    });
  }

  const update = ({ plan, what }) => {
    section.show(Boolean(book().catalogue));
    show(kinds, Boolean(plan));
    if (!what.has("exported") || !book().exported) return;
    const { url, name, refused } = book().exported;
    book().exported = null;
    making = null;
    lock();
    say(told, refused ?? `${name} was made.`);
    if (refused) return;
    const link = h("a", { href: url, download: name });
    section.body.append(link);
    link.click();
    link.remove();
  };
  return { ...section, update };
}
