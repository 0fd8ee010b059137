/** The side panel: structures and measures, or the plans. */

import { h } from "./dom.js";
import { hint } from "./keys.js";

/** @param {import("./store.js").Store} store @param {Record<string, {element: HTMLElement}>} parts */
export function tabs(store, { list, measures, plan }) {
  const pages = {
    structures: h("div", { class: "th-page", role: "tabpanel", id: "th-structures-page" }),
    plan: h("div", { class: "th-page", role: "tabpanel", id: "th-plan-page" }),
  };
  pages.structures.append(list.element, measures.element);
  pages.plan.append(plan.element);
  const tab = (name, words, title) =>
    h(
      "button",
      {
        class: "th-tab",
        type: "button",
        role: "tab",
        title,
        "aria-controls": `th-${name}-page`,
        "data-tab": name,
        onclick: () => store.look({ tab: name }),
        onkeydown: (event) => event.key.startsWith("Arrow") && other(event),
      },
      words,
    );
  const heads = {
    structures: tab("structures", "Structures", "Structures and measures"),
    plan: tab("plan", "Plan", hint("tab_plan", "Plans")),
  };
  function other(event) {
    event.preventDefault();
    event.stopPropagation();
    const name = store.view.tab === "plan" ? "structures" : "plan";
    store.look({ tab: name });
    heads[name].focus();
  }
  const row = h("div", { class: "th-tabs", role: "tablist", "aria-label": "Side panel" });
  row.append(...Object.values(heads));
  const element = h("div", { class: "th-tabbed" }, row, ...Object.values(pages));

  const update = (what) => {
    if (!what.has("tab") && !what.has("scene")) return;
    const wanted = store.scene?.planning ? store.view.tab : "structures";
    row.hidden = !store.scene?.planning;
    for (const [name, head] of Object.entries(heads)) {
      head.setAttribute("aria-selected", String(name === wanted));
      head.tabIndex = name === wanted ? 0 : -1;
      pages[name].hidden = name !== wanted;
    }
    element.closest(".th-root")?.classList.toggle("th-planning", wanted === "plan");
  };
  return { element, update };
}
