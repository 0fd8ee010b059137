/** Rows that stay: a thing keeps its element over all updates, so that focus and hover stay too. */

/**
 * @template T
 * @param {HTMLElement | SVGElement} parent
 * @param {(item: T) => {element: any, update: (item: T) => void}} make
 * @param {(item: T) => string} keyOf
 * @returns {(items: T[]) => void} show exactly these, in this order
 */
export function rows(parent, make, keyOf) {
  /** @type {Map<string, {element: any, update: (item: T) => void}>} */
  const kept = new Map();
  return (items) => {
    const keys = new Set(items.map(keyOf));
    for (const [key, row] of kept) {
      if (keys.has(key)) continue;
      row.element.remove();
      kept.delete(key);
    }
    const focused = focusIn(parent);
    items.forEach((item, place) => {
      const key = keyOf(item);
      let row = kept.get(key);
      if (!row) kept.set(key, (row = make(item)));
      row.update(item);
      const there = parent.children[place];
      if (there !== row.element) parent.insertBefore(row.element, there ?? null);
    });
    if (focused && focused !== focusIn(parent) && parent.contains(focused)) focused.focus();
  };
}

/** What has the focus within an element, also where that stands in a shadow root. */
function focusIn(parent) {
  const { activeElement } = /** @type {Document | ShadowRoot} */ (parent.getRootNode());
  return activeElement && parent.contains(activeElement)
    ? /** @type {HTMLElement} */ (activeElement)
    : null;
}
