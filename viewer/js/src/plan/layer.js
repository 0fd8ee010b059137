/** What stands over a view for its plans: a canvas of its own, a sentence, and handles for the keys. */

import { h, say, show } from "../dom.js";
import { ras } from "../format.js";
import { letters } from "../orientation.js";
import { paintLine } from "./glyphs.js";
import { lengthOf } from "./geometry.js";
import { shownPaths, titleOf, whole } from "./shown.js";
import { paintPlans } from "./slice_paint.js";

const ENDS = /** @type {const} */ (["entry", "target", "both"]);
const ARROWS = "Arrow keys move it by 0.5 mm, with Shift by 5 mm, with Alt along the path.";
const BRIEF = "Arrows 0.5 mm · Shift 5 mm · Alt along the path";

export class PlanLayer {
  /**
   * @param {ReturnType<import("../pane.js").pane>} pane
   * @param {import("./pointer.js").View} view
   * @param {import("./pointer.js").Handles} handles
   */
  constructor(pane, view, handles) {
    Object.assign(this, { pane, view, handles, store: handles.store, sight: null });
    this.said = h("strong", {});
    this.more = h("span", {});
    this.hint = h("div", { class: "pl-hint", hidden: true }, this.said, this.more);
    this.grips = Object.fromEntries(ENDS.map((end) => [end, this.#grip(end)]));
    if (view.plane) {
      this.canvas = h("canvas", { class: "pl-canvas", hidden: true });
      this.context = this.canvas.getContext("2d", { willReadFrequently: true });
      pane.stage.append(this.canvas);
    }
    pane.stage.append(...Object.values(this.grips));
    pane.stage.after(this.hint);
    handles.layers.set(view.name, this);
  }

  #grip(end) {
    return h("button", {
      class: "pl-grip",
      type: "button",
      hidden: true,
      "data-grip": end,
      onkeydown: (event) => {
        if (!this.handles.key(this.view, end, event) && !this.#left(event)) return;
        event.preventDefault();
        event.stopPropagation();
      },
      onclick: () => this.point(end) && this.handles.theatre.acts.goToPoint(this.point(end)),
      onfocus: () => this.handles.theatre.dirty("overlay"),
      onblur: () => {
        this.handles.rest();
        this.handles.theatre.dirty("overlay");
      },
    });
  }

  /** Escape leaves a handle that rests for its view. */
  #left({ key }) {
    if (key !== "Escape" || this.handles.timer) return false;
    this.pane.element.focus({ preventScroll: true });
    return true;
  }

  focus(end) {
    this.#place(this.view.sight());
    this.grips[end].focus({ preventScroll: true });
  }

  /** Where a handle of the path in hand stands; the whole is held at its middle. */
  point(end) {
    const { book } = this.handles;
    const path = book.placement();
    if (!path) return null;
    if (end !== "both") return path[`${end}_mm`];
    return path.entry_mm.map((x, axis) => (x + path.target_mm[axis]) / 2);
  }

  /** @param {import("./geometry.js").Sight | null} sight @param {number} [half_mm] of the slice */
  draw(sight, half_mm = 0) {
    if (this.canvas) this.#paint(sight, half_mm);
    this.sight = sight;
  }

  /** A canvas without a path is away: else each frame of the view below would lay it on anew. */
  #paint(sight, half_mm) {
    const { store, handles, canvas, context } = this;
    const empty =
      !sight ||
      !(store.view.aim || store.view.conflicts.length || shownPaths(store, handles.book)[0]);
    if (empty && canvas.hidden) return;
    canvas.hidden = empty;
    const ratio = Math.min(globalThis.devicePixelRatio || 1, 2);
    const [width, height] = sight ? sight.size.map((px) => Math.round(px * ratio)) : [1, 1];
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    if (empty) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#aim(sight);
    paintPlans(context, sight, half_mm, store, handles.book);
  }

  /** Bring handles and words in line with what was drawn: after all views, or each waits for all. */
  settle() {
    this.#place(this.sight);
    this.#speak(this.sight);
  }

  clear() {
    this.draw(null);
    this.settle();
  }

  /** While an end waits for its click: the path as it would be. */
  #aim(sight) {
    const { arming, aim } = this.store.view;
    const { book } = this.handles;
    const path = book.draft ?? book.placement();
    const other = arming && path?.[arming === "entry" ? "target_mm" : "entry_mm"];
    if (!aim || !other) return;
    const [a, b] = [aim, other].map(sight.pixel);
    paintLine(this.context, a, b, { colour: "#6cc7f0", width: 1.25, dash: [5, 4] });
  }

  #place(sight) {
    const { book } = this.handles;
    const { handle } = this.store.view;
    if (handle?.former && handle.view !== this.view.name) return;
    const plan = book.current;
    const usable = Boolean(sight && plan && !plan.look.hidden && !book.stale(plan));
    const [width, height] = sight?.size ?? [0, 0];
    const one = usable
      ? shownPaths(this.store, book).find((s) => s.role === "edited" && s.plan)
      : null;
    for (const end of ENDS) {
      const grip = this.grips[end];
      const point = one && this.point(end);
      const at = point && sight?.pixel(point);
      show(grip, Boolean(at));
      if (!at) continue;
      const x = Math.min(Math.max(at[0], 0), width);
      const y = Math.min(Math.max(at[1], 0), height);
      grip.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
      if (handle?.former) continue;
      const label = `${titleOf(one, end)}, ${ras(point)}. ${ARROWS}`;
      if (grip.getAttribute("aria-label") !== label) grip.setAttribute("aria-label", label);
    }
  }

  #speak(sight) {
    const [sentence, more] = sight ? this.#words(sight) : ["", ""];
    say(this.said, sentence);
    say(this.more, more);
    show(this.hint, Boolean(sentence));
    const { dataset } = this.pane.stage;
    if (this.store.view.arming) dataset.plan = "aim";
    else if (dataset.plan === "aim") dataset.plan = "";
    const active = this.store.view.active === this.view.name;
    this.hint.classList.toggle("pl-above", this.#low(sight));
    this.hint.setAttribute("aria-live", active && this.store.view.arming ? "polite" : "off");
  }

  /** Is what is in hand low in the view, where the words would lie on it? */
  #low(sight) {
    const { handle } = this.store.view;
    if (!sight || handle?.view !== this.view.name) return false;
    const point = this.point(handle.end === "entry" ? "entry" : "target");
    const at = point && sight.pixel(point);
    return Boolean(at) && at[1] > 0.7 * sight.size[1];
  }

  #words(sight) {
    const { arming, handle, mode, snap } = this.store.view;
    const all = shownPaths(this.store, this.handles.book);
    if (arming) {
      const drawn = { entry: " on the scalp", target: " in a structure" }[snap ? arming : "off"];
      return [`Click the ${arming}${drawn ?? ""}`, "Enter: crosshair · Esc: stop"];
    }
    if (handle?.view !== this.view.name || mode !== "cross") return this.#gripped(all);
    const shown = all.find(({ plan, n }) => plan === handle.plan && n === handle.placement);
    if (!shown || !whole(shown)) return ["", ""];
    const title = titleOf(shown, handle.end);
    if (shown.fixed) return [title, "Made on another reconstruction: it cannot be moved"];
    if (handle.former) return moving(shown, handle);
    if (shown.role === "ghost") return [title, "Click to work on this plan"];
    return [title, this.#lies(sight, shown, handle.end) || "Drag to move"];
  }

  /** A handle that the keys have reached says what they do. */
  #gripped(all) {
    const end = ENDS.find((one) => this.grips[one].matches(":focus-visible"));
    const shown = end && all.find(({ plan, role }) => plan && role === "edited");
    return shown ? [titleOf(shown, end), BRIEF] : ["", ""];
  }

  /** "12.0 mm S of this slice". */
  #lies(sight, { placement }, end) {
    if (end === "both" || !this.view.plane) return "";
    const away = sight.away(placement[`${end}_mm`]);
    if (Math.abs(away) < 0.05) return "in this slice";
    const towards = letters(sight.normal.map((x) => x * Math.sign(away)));
    return `${Math.abs(away).toFixed(1)} mm ${towards} of this slice`;
  }
}

/** What moves and where it is; how long the path is, and what it snapped to. */
function moving({ placement }, { end, words }) {
  const named = { entry: "Entry", target: "Target", both: "Target" }[end];
  const point = placement[end === "entry" ? "entry_mm" : "target_mm"];
  const long = `path ${lengthOf(placement).toFixed(1)} mm`;
  return [`${named} ${ras(point)}`, words ? `${long} · ${words}` : long];
}
