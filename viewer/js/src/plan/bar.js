/** A thin bar that holds a value against its limits: forbidden, allowed and good, and its range. */

import { barOf } from "./format.js";
import { place, px, s } from "./svg.js";

const WIDE = 100;

/** Least width of the good zone: of a bound that is one number, some is seen. */
const LEAST = 0.02;
const wideEnough = ([from, to]) =>
  to - from < LEAST ? [(from + to - LEAST) / 2, (from + to + LEAST) / 2] : [from, to];

export function bar() {
  const zone = (name, tall) => s("rect", { class: name, x: 0, y: 5 - tall / 2, height: tall });
  // The better the higher: the zones are told apart without their hue.
  const ground = zone("no", 1.6);
  place(ground, { width: WIDE });
  const allowed = zone("allowed", 4);
  const good = zone("good", 7);
  const range = s("rect", { class: "range", y: 4.5, height: 1 });
  const tick = s("path", { class: "tick" });
  const element = s(
    "svg",
    {
      class: "pl-bar",
      viewBox: `0 0 ${WIDE} 10`,
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    },
    ground,
    allowed,
    good,
    range,
    tick,
  );
  const spanned = (rect, [from, to], on = true) =>
    place(rect, { x: px(from * WIDE), width: on ? px(Math.max(to - from, 0) * WIDE) : 0 });

  /** @param {any} score */
  const update = (score) => {
    const made = score.value === null && !score.waits ? null : barOf(score);
    const on = Boolean(made);
    if (element.style.display !== (on ? "" : "none")) element.style.display = on ? "" : "none";
    if (!made) return;
    spanned(allowed, made.hard);
    spanned(good, wideEnough(made.good));
    spanned(range, made.range ?? [0, 0], Boolean(made.range));
    const x = px(Math.min(Math.max((made.value ?? 0) * WIDE, 0.5), WIDE - 0.5));
    const shape =
      made.beyond > 0 ? "M97 1l3 4-3 4z" : made.beyond < 0 ? "M3 1L0 5l3 4z" : `M${x} 0v10`;
    place(tick, { d: made.value === null ? "" : shape });
  };
  return { element, update };
}
