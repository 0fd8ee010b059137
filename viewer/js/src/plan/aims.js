/** What a search aims at: a structure of the procedure's, or the point where the crosshair stands. */

import { h, say, show } from "../dom.js";
import { ras } from "../format.js";
import { button, field, fill } from "./fold.js";
import { rows } from "./rows.js";

const CROSS = "at the crosshair";

/** @param {any} theatre */
export function aims(theatre) {
  const { store } = theatre;
  const select = h("select", { class: "th-select pl-wide" });
  const add = button("Add", { onclick: () => more() });
  const list = h("ul", { class: "pl-aims", "aria-label": "Targets of the search" });
  const hint = h("p", { class: "pl-note" });
  const element = h(
    "div",
    {},
    h("div", { class: "pl-line" }, field("Target", select, { class: "pl-field pl-grow" }), add),
    list,
    hint,
  );
  /** @type {{key: string, words: string, target: any}[]} */ let several = [];
  let most = 1;
  let of = "";
  const render = rows(
    list,
    (one) => ({
      element: h(
        "li",
        {},
        h("span", {}, one.words),
        h(
          "button",
          {
            class: "th-button th-small",
            type: "button",
            "aria-label": `Leave out ${one.words}`,
            onclick: () => {
              several = several.filter((other) => other.key !== one.key);
              theatre.store.tell("found");
            },
          },
          "✕",
        ),
      ),
      update: () => {},
    }),
    (one) => one.key,
  );

  /** What the select says now. */
  function chosen() {
    if (select.value !== CROSS) {
      const words = select.selectedOptions[0]?.textContent ?? "";
      return { key: select.value, words, target: select.value };
    }
    const point = store.view.cursor.map((x) => Math.round(x * 100) / 100);
    return { key: point.join(" "), words: ras(point), target: point };
  }

  function more() {
    const one = chosen();
    if (!several.some((other) => other.key === one.key)) several = [...several, one];
    store.tell("found");
  }

  const update = (procedure) => {
    const aimed = procedure?.targets ?? [];
    if (of !== procedure?.id) several = [];
    of = procedure?.id ?? "";
    most = procedure?.most_placements ?? 1;
    fill(select, [
      ...aimed.map(({ id, title }) => ({ value: id, words: title })),
      { value: CROSS, words: "The point at the crosshair" },
    ]);
    show(add, most > 1);
    add.disabled = several.length >= most;
    show(list, most > 1 && several.length > 0);
    render(several);
    show(hint, most > 1);
    const what = most === 2 ? "both sides" : `up to ${most} targets`;
    say(
      hint,
      several.length
        ? `${several.length} of at most ${most}; they are chosen together, so that none is in another's way.`
        : `Add several for ${what} at once.`,
    );
  };
  return {
    element,
    update,
    targets: () =>
      several.length ? several.map((one) => one.target) : select.value ? [chosen().target] : [],
  };
}
