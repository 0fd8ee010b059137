/** The list of keys that `?` opens. */

import { h } from "./dom.js";
import { KEYS, POINTER, keyWords } from "./keys.js";

/** @param {import("./store.js").Store} store  whose case names the window presets */
export function help(store) {
  const groups = [...new Set(KEYS.map((k) => k.group))];
  const block = (title, rows) =>
    h(
      "div",
      { class: "th-keys" },
      h("h3", { class: "th-heading" }, title),
      h("dl", {}, ...rows.flatMap(([k, v]) => [h("dt", {}, k), h("dd", {}, v)])),
    );
  const columns = h("div", { class: "th-sheet-columns" });
  const fill = () => {
    const presets = store.scene?.volume?.presets ?? [];
    const words = ({ action, words }) => {
      if (!action.startsWith("preset_")) return words;
      const preset = presets[Number(action.slice(7)) - 1];
      return preset ? `Window: ${preset.title}` : null;
    };
    const rows = (group) =>
      KEYS.filter((k) => k.group === group && words(k) !== null).map((k) => [
        k.keys.map(keyWords).join(", "),
        words(k),
      ]);
    columns.replaceChildren(
      block("Pointer", POINTER),
      ...groups.map((group) => block(group, rows(group))),
    );
  };
  const close = h("button", { class: "th-button th-framed", type: "button" }, "Close");
  const element = h(
    "div",
    {
      class: "th-sheet",
      role: "dialog",
      "aria-modal": true,
      "aria-label": "Keys and pointer",
      hidden: true,
    },
    h(
      "div",
      { class: "th-sheet-body" },
      h("div", { class: "th-sheet-head" }, h("h2", {}, "Keys and pointer"), close),
      columns,
    ),
  );
  let before = null;
  const open = (on) => {
    if (on) {
      before = element.getRootNode().activeElement;
      fill();
    }
    element.hidden = !on;
    if (on) close.focus();
    else before?.focus?.();
  };
  close.addEventListener("click", () => open(false));
  // The button is the only thing here that takes the focus: keep it.
  element.addEventListener("keydown", (event) => event.key === "Tab" && event.preventDefault());
  return { element, open, isOpen: () => !element.hidden };
}
