/** A section of the panel that folds: a heading, what it comes to while it is closed, a body. */

import { h, say } from "../dom.js";
import { icon } from "../icons.js";

/**
 * @param {string} name  its id within the panel
 * @param {string} title
 * @param {...any} children
 */
export function fold(name, title, ...children) {
  const id = `pl-${name}-body`;
  const brief = h("span", { class: "pl-brief" });
  const button = h(
    "button",
    {
      class: "th-fold",
      type: "button",
      "aria-expanded": true,
      "aria-controls": id,
      onclick: () => {
        it.chosen = true;
        it.open(!it.isOpen);
      },
    },
    icon("chevron"),
    h("span", { class: "pl-title" }, title),
    brief,
  );
  const body = h("div", { class: "pl-body", id }, ...children);
  const element = h(
    "section",
    { class: "pl-section", "data-section": name, "aria-label": title },
    h("h3", { class: "pl-head" }, button),
    body,
  );
  const it = {
    element,
    body,
    isOpen: true,
    /** A person has folded or unfolded it: the panel leaves it so. */
    chosen: false,
    /** @param {boolean} on */
    open(on) {
      it.isOpen = on;
      button.setAttribute("aria-expanded", String(on));
      body.hidden = !on;
      brief.hidden = on && !it.always;
      it.onopen?.(on);
    },
    /** Fold or unfold, unless a person has said otherwise. */
    suggest(on) {
      if (!it.chosen && on !== it.isOpen) it.open(on);
    },
    /** The brief is shown while it is open, too. */ always: false,
    /** @type {((on: boolean) => void) | null} */ onopen: null,
    /** @param {string} text */
    brief: (text) => say(brief, text),
    /** @param {boolean} on */
    show(on) {
      if (element.hidden === on) element.hidden = !on;
    },
  };
  brief.hidden = true;
  return it;
}

/** A button with words. @param {string} words @param {Record<string, any>} props */
export const button = (words, props) =>
  h("button", { class: "th-button th-framed", type: "button", ...props }, words);

/** Scroll the panel so that something in it stands at its top, or is seen at all; nothing else. */
export function bring(element, { top = false } = {}) {
  const panel = element.closest(".pl-panel");
  if (!panel) return;
  const [outer, inner] = [panel.getBoundingClientRect(), element.getBoundingClientRect()];
  const [above, below] = [inner.top - outer.top, inner.bottom - outer.bottom];
  if (top || above < 0) panel.scrollTop += above;
  else if (below > 0) panel.scrollTop += Math.min(below, above);
}

let serial = 0;

/** A labelled field: the words above or beside what is typed or chosen. */
export function field(words, control, more = {}) {
  control.id ||= `pl-field-${(serial += 1)}`;
  return h("div", { class: "pl-field", ...more }, h("label", { for: control.id }, words), control);
}

/** Fill a select only when its choices differ. @param {any} select @param {any[]} choices */
export function fill(select, choices) {
  const key = JSON.stringify(choices);
  if (select.dataset.key !== key) {
    select.dataset.key = key;
    select.replaceChildren(
      ...choices.map(({ value, words, disabled }) =>
        h("option", { value, disabled: Boolean(disabled) }, words),
      ),
    );
  }
}
