/** Keys of the theatre, while nobody types and nothing else on the page has the focus. */

import { actionOf } from "./keys.js";

const TYPING = "input:not([type=range]):not([type=checkbox]):not([type=radio]), select, textarea";

/**
 * @param {HTMLElement} root
 * @param {(action: string) => void} run
 * @returns {() => void} stop listening
 */
export function listen(root, run) {
  const onkey = (event) => {
    const target = event.composedPath()[0];
    const ours = event.composedPath().includes(root);
    if (event.defaultPrevented || (!ours && target !== document.body)) return;
    if (target.matches?.(TYPING) && event.key !== "Escape") return;
    if (target.matches?.("input") && event.key.startsWith("Arrow")) return;
    const action = actionOf(event);
    if (!action) return;
    event.preventDefault();
    run(action);
  };
  window.addEventListener("keydown", onkey);
  return () => window.removeEventListener("keydown", onkey);
}
