/** Sentences over the work area: loading, notes, cautions, stops, and the lost server. */

import { h, say } from "./dom.js";

const STAY_MS = { note: 6000, caution: 12000, stop: Infinity };

export function notices() {
  const words = h("span", {});
  const fill = h("div", { class: "th-bar-fill" });
  const loading = h(
    "div",
    { class: "th-loading", role: "status", hidden: true },
    words,
    h("div", { class: "th-bar" }, fill),
  );
  const offlineWords = h("span", {});
  const offline = h("div", { class: "th-offline", role: "alert", hidden: true }, offlineWords);
  const list = h("div", { class: "th-notes", role: "log", "aria-live": "polite" });
  /** @type {Map<string, any>} */ const keyed = new Map();

  /**
   * @param {"note" | "caution" | "stop"} level
   * @param {string} sentence
   * @param {{key?: string, act?: {words: string, run: () => void}}} [options] one note a key
   */
  const tell = (level, sentence, { key, act } = {}) => {
    if (key) drop(key);
    const item = h(
      "div",
      { class: `th-say th-say-${level}` },
      h("strong", {}, { note: "Note", caution: "Caution", stop: "Stop" }[level] ?? "Note"),
      h(
        "button",
        {
          class: "th-button th-small",
          type: "button",
          "aria-label": "Dismiss",
          onclick: () => item.remove(),
        },
        "✕",
      ),
      h("span", {}, sentence),
      act
        ? h(
            "button",
            {
              class: "th-button th-framed",
              type: "button",
              onclick: () => (item.remove(), act.run()),
            },
            act.words,
          )
        : null,
    );
    list.append(item);
    while (list.children.length > 4) list.firstChild.remove();
    if (key) keyed.set(key, item);
    const stay = act ? Infinity : (STAY_MS[level] ?? 6000);
    if (Number.isFinite(stay)) setTimeout(() => item.remove(), stay);
  };
  const drop = (key) => {
    keyed.get(key)?.remove();
    keyed.delete(key);
  };

  return {
    loading,
    offline,
    list,
    tell,
    drop,
    clear: () => {
      list.replaceChildren();
      keyed.clear();
      loading.hidden = true;
    },
    /** @param {string} sentence empty: nothing is loading @param {number} share 0..1 */
    progress: (sentence, share) => {
      loading.hidden = !sentence;
      say(words, sentence);
      fill.style.width = `${Math.round(100 * share)}%`;
    },
    setOffline: (sentence) => {
      offline.hidden = !sentence;
      say(offlineWords, sentence);
    },
  };
}
