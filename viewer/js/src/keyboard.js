/** Keys of the theatre, from anywhere on the page, while nobody types and no dialog is open. */

import { actionOf } from "./keys.js";

const BUTTON_LIKE = ["range", "checkbox", "radio", "button", "submit", "file", "color"];
const DIALOG = "dialog[open], [role=dialog], [role=alertdialog], [aria-modal=true]";
/** Widgets elsewhere on the page that walk through their items with these keys. */
const WALKED = "[role=menu], [role=listbox], [role=tablist], [role=slider], [role=radiogroup]";
/** What Space and Enter press. */
const PRESSED =
  "a, button, summary, select, [role=button], [role=tab], [role=option], input[type=checkbox]";
const WALKING = /^(Arrow|Page|Home|End)/;

/**
 * @param {HTMLElement} root
 * @param {(action: string) => void} run
 * @returns {() => void} stop listening
 */
export function listen(root, run) {
  const onkey = (event) => {
    // The target itself is hidden behind the shadow roots that Panel draws in.
    const path = event.composedPath().filter((it) => it instanceof Element);
    const target = path[0];
    if (event.defaultPrevented || !target) return;
    const ours = path.includes(root);
    if (typing(target) && !(ours && event.key === "Escape")) return;
    if (!ours && (path.some((it) => it.matches(DIALOG)) || dialogOpen(root))) return;
    if ([" ", "Enter"].includes(event.key) && target.matches(PRESSED)) return;
    const walked = ours ? target.matches("input") : path.some((it) => it.matches(WALKED));
    if (walked && WALKING.test(event.key)) return;
    const action = actionOf(event);
    if (!action) return;
    event.preventDefault();
    run(action);
  };
  window.addEventListener("keydown", onkey);
  return () => window.removeEventListener("keydown", onkey);
}

function typing(target) {
  if (target.matches("input")) return !BUTTON_LIKE.includes(target.type);
  return target.matches("select, textarea") || target.isContentEditable;
}

/** Is a dialog of somebody else open, whatever has the focus? */
function dialogOpen(root) {
  return [...document.querySelectorAll(DIALOG)].some(
    (it) => !root.contains(it) && it.checkVisibility(),
  );
}
