/** The list of structures: search, groups, rows, and the card of the selected one. */

import { card } from "./card.js";
import { h, say } from "./dom.js";
import { ml } from "./format.js";
import { icon } from "./icons.js";
import { grouped, matches } from "./scene.js";

/**
 * @param {import("./store.js").Store} store
 * @param {any} acts
 * @param {() => void} leave  give the focus back to the work area
 */
export function structureList(store, acts, leave) {
  const search = h("input", {
    class: "th-search",
    type: "search",
    placeholder: "Search structures ( / )",
    "aria-label": "Search structures",
    oninput: () => filter(),
    onkeydown: (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      if (!search.value) return leave();
      search.value = "";
      filter();
    },
  });
  const list = h("div", { class: "th-list" });
  const none = h("p", { class: "th-quiet th-pad", hidden: true }, "No structure answers to that.");
  const banner = h(
    "div",
    { class: "th-isolated", hidden: true },
    h("span", {}),
    h(
      "button",
      { class: "th-button th-framed", type: "button", onclick: () => acts.isolate(null) },
      "Show all",
    ),
  );
  const element = h("div", { class: "th-structures" }, search, banner, list, none);
  /** @type {Map<string, any>} */ let rows = new Map();
  /** @type {any[]} */ let groups = [];

  const build = () => {
    rows = new Map();
    groups = [...grouped(store.scene?.structures ?? [])].map(([name, members]) =>
      group(name, members),
    );
    list.replaceChildren(...groups.map((g) => g.element));
    search.value = "";
    filter();
  };

  const group = (name, members) => {
    const eye = h("button", { class: "th-button th-small", type: "button" }, icon("eye"));
    eye.addEventListener("click", () => {
      const on = !members.every((s) => store.visible(s.id));
      store.change(`show ${name}`, {
        isolated: null,
        shown: { ...store.display.shown, ...Object.fromEntries(members.map((s) => [s.id, on])) },
      });
    });
    const fold = h(
      "button",
      {
        class: "th-fold",
        type: "button",
        "aria-expanded": true,
        onclick: () => {
          const open = fold.getAttribute("aria-expanded") !== "true";
          fold.setAttribute("aria-expanded", String(open));
          body.hidden = !open;
        },
      },
      icon("chevron"),
      h("span", { class: "th-group-name" }, name),
      h("span", { class: "th-quiet" }, String(members.length)),
    );
    const body = h("ul", { class: "th-rows" }, ...members.map((s) => row(s).element));
    const element = h(
      "div",
      { class: "th-group-block" },
      h("div", { class: "th-group-head" }, eye, fold),
      body,
    );
    return { name, members, element, eye, body, fold };
  };

  const row = (structure) => {
    const eye = h(
      "button",
      {
        class: "th-button th-small",
        type: "button",
        "data-eye": structure.id,
        onclick: () => acts.toggle(structure.id),
      },
      icon("eye"),
    );
    const swatch = h("span", {
      class: "th-swatch",
      style: { "background-color": `rgb(${structure.colour.join(" ")})` },
    });
    const [name, side] = titleAndSide(structure.title);
    const mark = MARKS[structure.origin];
    const open = h(
      "button",
      {
        class: "th-open",
        type: "button",
        title: structure.title,
        "aria-expanded": false,
        "data-structure": structure.id,
        onclick: () => acts.select(store.view.selected === structure.id ? null : structure.id),
        onkeydown: (event) => arrows(event, structure),
      },
      swatch,
      h("span", { class: "th-title" }, name),
      side ? h("span", { class: "th-of-side" }, side === "left" ? "L" : "R") : null,
      mark ? h("span", { class: "th-mark" }, mark) : null,
      h("span", { class: "th-volume" }, ml(structure.volume_ml)),
    );
    const failure = h("div", { class: "th-failure", hidden: true });
    const element = h(
      "li",
      { class: "th-row-block" },
      h("div", { class: "th-row-line" }, eye, open),
      failure,
    );
    const it = { element, eye, open, failure, structure, card: null };
    rows.set(structure.id, it);
    return it;
  };

  /** Arrow keys walk the rows; Space shows and hides. */
  const arrows = (event, structure) => {
    const shown = [...rows.values()].filter((r) => r.element.offsetParent !== null);
    const at = shown.findIndex((r) => r.structure === structure);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: shown.length - 1 }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      event.stopPropagation();
      shown[next]?.open.focus();
    } else if (event.key === " ") {
      event.preventDefault();
      acts.toggle(structure.id);
    }
  };

  const filter = () => {
    const wanted = search.value.trim();
    let any = false;
    for (const g of groups) {
      let some = false;
      for (const structure of g.members) {
        const on = !wanted || matches(structure, wanted);
        rows.get(structure.id).element.hidden = !on;
        some ||= on;
      }
      g.element.hidden = !some;
      any ||= some;
      if (wanted) {
        g.fold.setAttribute("aria-expanded", "true");
        g.body.hidden = false;
      }
    }
    none.hidden = any || !groups.length;
  };

  const eyes = () => {
    for (const { eye, element, structure } of rows.values()) {
      const on = store.visible(structure.id);
      if (eye.getAttribute("aria-pressed") !== String(on)) {
        eye.replaceChildren(icon(on ? "eye" : "eye_off"));
        eye.setAttribute("aria-pressed", String(on));
        eye.setAttribute("aria-label", `${on ? "Hide" : "Show"} ${structure.title}`);
        eye.title = `${on ? "Hide" : "Show"} ${structure.title}`;
      }
      element.classList.toggle("th-dim", !on);
    }
    for (const { eye, members, name } of groups) {
      const on = members.some((s) => store.visible(s.id));
      eye.replaceChildren(icon(on ? "eye" : "eye_off"));
      eye.setAttribute("aria-label", `Show or hide all: ${name}`);
      eye.title = `Show or hide all: ${name}`;
    }
    const { isolated } = store.display;
    banner.hidden = !isolated;
    if (isolated) say(banner.firstChild, `Only ${rows.get(isolated)?.structure.title ?? isolated}`);
  };

  const cards = () => {
    for (const row of rows.values()) {
      const chosen = row.structure.id === store.view.selected;
      row.open.setAttribute("aria-expanded", String(chosen));
      row.element.classList.toggle("th-chosen", chosen);
      if (chosen && !row.card) {
        row.card = card(row.structure, store, acts);
        row.element.append(row.card.element);
      } else if (!chosen && row.card) {
        row.card.element.remove();
        row.card = null;
      }
      row.card?.update();
    }
  };

  const update = (what) => {
    if (what.has("scene")) build();
    if (["scene", "shown", "isolated"].some((k) => what.has(k))) eyes();
    if (["scene", "selected", "shown", "isolated", "opacity"].some((k) => what.has(k))) cards();
  };

  /** Say at a structure that its file failed, with a way to try again; null clears. */
  const fail = (id, sentence, retry) => {
    const place = rows.get(id)?.failure;
    if (!place) return;
    place.hidden = !sentence;
    place.replaceChildren();
    if (!sentence) return;
    place.append(
      h("span", {}, sentence),
      h("button", { class: "th-button th-framed", type: "button", onclick: retry }, "Try again"),
    );
  };

  const reveal = (id) => rows.get(id)?.element.scrollIntoView({ block: "nearest" });
  return { element, update, fail, reveal, focusSearch: () => search.focus() };
}

/** Origins that are marked in the list; what was segmented from the image itself is not. */
const MARKS = { estimated: "estimated", atlas: "atlas" };

/** A long name may be cut short on screen, its side never: "Thalamus, left" → Thalamus · L. */
function titleAndSide(title) {
  const found = /^(.*), (left|right)$/.exec(title);
  return found ? [found[1], found[2]] : [title, ""];
}
