/** Where the parts of the work area stand. */

import plan from "../../static/plan.css";
import css from "../../static/theatre.css";
import { h } from "./dom.js";

const EMPTY =
  "Choose a case from the list, or import a head MRI. It is drawn here as soon as its first surface is there.";

/**
 * @param {HTMLElement} el  filled with the work area
 * @param {{tools: Element, panes: Record<string, {element: Element}>, tabs: {element: Element},
 *   scrubber: Element, status: Element, help: Element, notices: any}} parts
 */
export function layout(el, { tools, panes, tabs, scrubber, status, help, notices }) {
  const { axial, sagittal, coronal, space, along, probe } = panes;
  const views = h(
    "div",
    { class: "th-views" },
    axial.element,
    space.element,
    along.element,
    coronal.element,
    sagittal.element,
    probe.element,
  );
  const empty = h(
    "div",
    { class: "th-empty", hidden: true },
    h("h2", {}, "No case is open"),
    h("p", {}, EMPTY),
  );
  const side = h("aside", { class: "th-side", "aria-label": "Structures and plans" }, tabs.element);
  const root = h(
    "div",
    { class: "th-root", tabindex: "-1" },
    tools,
    notices.offline,
    h("div", { class: "th-middle" }, h("div", { class: "th-work" }, views, empty), side),
    scrubber,
    status,
    notices.list,
    help,
  );
  const style = document.createElement("style");
  style.textContent = css + plan;
  el.replaceChildren(style, root);
  return { root, views, empty, side };
}
