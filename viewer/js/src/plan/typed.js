/** Entry and target as numbers, in any of the forms that the field uses. */

import { h, say, show } from "../dom.js";
import { button, field, fold } from "./fold.js";
import { readNumber } from "./reading.js";

const AXES = ["R", "A", "S"];
const FORMS = {
  ras: { title: "RAS", words: "Right, anterior, superior in mm of the image." },
  acpc: {
    title: "AC-PC",
    words: "Lateral, anterior, superior in mm from the middle of AC and PC.",
  },
  frame: {
    title: "Arc and ring",
    words: "Target in the frame, ring and arc in degrees, depth in mm.",
  },
};
/** Of a form: its fields, which of the answer's values each shows, and its unit. */
const FIELDS = {
  ras: ["entry", "target"].flatMap((end) => AXES.map((axis, n) => ({ end, axis, n, unit: "mm" }))),
  acpc: ["entry", "target"].flatMap((end) => AXES.map((axis, n) => ({ end, axis, n, unit: "mm" }))),
  frame: [
    ...["X", "Y", "Z"].map((axis, n) => ({ end: "target", axis, n, unit: "mm" })),
    { end: "entry", axis: "Ring", key: "ring_deg", unit: "°" },
    { end: "entry", axis: "Arc", key: "arc_deg", unit: "°" },
    { end: "entry", axis: "Depth", key: "depth_mm", unit: "mm" },
  ],
};
const MARKS = { ac_mm: "AC", pc_mm: "PC", mid_mm: "midline" };

/** @param {any} theatre */
export function typed(theatre) {
  const { store } = theatre;
  const book = () => theatre.book;
  let form = "ras";
  let asked = "";
  const tabs = Object.entries(FORMS).map(([id, { title }]) =>
    h(
      "button",
      {
        class: "th-button th-framed",
        type: "button",
        role: "radio",
        "data-form": id,
        onclick: () => turn(id),
        onkeydown: (event) => {
          const names = Object.keys(FORMS);
          const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
          if (!step) return;
          event.preventDefault();
          event.stopPropagation();
          turn(names[(names.indexOf(form) + step + names.length) % names.length]);
          tabs[Object.keys(FORMS).indexOf(form)].focus();
        },
      },
      title,
    ),
  );
  const about = h("p", { class: "pl-note" });
  const fault = h("p", { class: "pl-fault", role: "alert" });
  const cells = h("div", { class: "pl-cells" });
  const marks = landmarks(theatre, () => ask(true));
  const section = fold(
    "typed",
    "Coordinates",
    h("div", { class: "pl-buttons", role: "radiogroup", "aria-label": "Form" }, ...tabs),
    about,
    marks.element,
    cells,
    fault,
  );
  let inputs = /** @type {any[]} */ ([]);
  build();

  function turn(id) {
    form = id;
    say(fault, "");
    build();
    store.tell("forms");
  }

  function build() {
    inputs = FIELDS[form].map((one) => cell(one));
    cells.replaceChildren(
      ...["entry", "target"].map((end) =>
        h(
          "fieldset",
          { class: "pl-cell-row" },
          h(
            "legend",
            {},
            end === "entry" && form === "frame" ? "Way" : end === "entry" ? "Entry" : "Target",
          ),
          ...inputs.filter((one) => one.of.end === end).map((one) => one.element),
        ),
      ),
    );
  }

  function cell(of) {
    const input = h("input", {
      class: "th-search pl-number-input",
      type: "text",
      inputmode: "decimal",
      autocomplete: "off",
      onchange: () => commit(of, input),
      onkeydown: (event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        say(fault, "");
        input.removeAttribute("aria-invalid");
        fillIn(true);
      },
    });
    return { of, input, element: field(`${of.axis} [${of.unit}]`, input) };
  }

  /** The numbers of the form that is shown, or the reason why there are none. */
  function values() {
    const placement = book().placement();
    const draft = book().draft;
    if (form === "ras")
      return {
        entry_mm: placement?.entry_mm,
        target_mm: placement?.target_mm,
        ...(draft ? { entry_mm: draft.entry_mm, target_mm: draft.target_mm } : {}),
      };
    const known = book().forms;
    const plan = book().current;
    if (!plan || draft)
      return { reason: "Place both ends first; then they can be told in this form." };
    if (known?.key !== book().keyOf(plan)) return { reason: "The engine is asked." };
    return known.forms[form] ?? { reason: "This twin has no landmarks for this form." };
  }

  const valueOf = (shown, { end, n, key }) => (key ? shown[key] : shown[`${end}_mm`]?.[n]);

  function fillIn(forced = false) {
    const shown = values();
    for (const { of, input } of inputs) {
      if (!forced && (input.matches(":focus") || input.hasAttribute("aria-invalid"))) continue;
      const value = valueOf(shown, of);
      const words = Number.isFinite(value) ? value.toFixed(2) : "";
      if (input.value !== words) input.value = words;
      input.disabled =
        Boolean(shown.reason) || book().stale(book().current ?? { anatomy: book().anatomy });
    }
    say(about, shown.reason ?? FORMS[form].words);
  }

  /** A field was left: place the end, or say in words why not. */
  function commit(of, input) {
    const read = readNumber(input.value, of);
    input.toggleAttribute("aria-invalid", Boolean(read.fault));
    if (read.fault) input.setAttribute("aria-invalid", "true");
    say(fault, read.fault ?? "");
    if (read.fault) return;
    const shown = values();
    if (form === "ras") return placeRas(of, read.value, shown);
    const number = (one) => (one.of === of ? read.value : valueOf(shown, one.of));
    const named = Object.fromEntries(
      inputs.map((one) => [one.of.key ?? `${one.of.end}_${one.of.n}`, number(one)]),
    );
    const point = (end) => [0, 1, 2].map((n) => named[`${end}_${n}`]);
    const given =
      form === "frame"
        ? {
            target_mm: point("target"),
            ring_deg: named.ring_deg,
            arc_deg: named.arc_deg,
            depth_mm: named.depth_mm,
          }
        : point(of.end);
    book().ask({
      type: "plan_place",
      form,
      values: given,
      placement: store.view.placement,
      plan: book().wire(book().current),
      end: of.end,
      landmarks: marks.whole(),
    });
  }

  function placeRas({ end, n }, value, shown) {
    const point = [...(shown[`${end}_mm`] ?? store.view.cursor)];
    point[n] = value;
    const plan = book().draft ? null : book().current;
    if (plan) book().moveEnd(plan.id, store.view.placement, end, point, { reason: `${end} typed` });
    else book().begun({ [`${end}_mm`]: point });
    theatre.acts.goToPoint(point);
  }

  /** Ask for the other forms of what stands now. */
  function ask(anew = false) {
    const plan = book().current;
    if (!plan || form === "ras" || !section.isOpen || book().dragging || book().stale(plan)) return;
    const key = book().keyOf(plan);
    if (!anew && (asked === key || book().forms?.key === key)) return;
    asked = key;
    book().ask({ type: "plan_forms", key, plan: book().wire(plan), landmarks: marks.whole() });
  }

  const update = ({ plan, what }) => {
    section.show(Boolean(book().catalogue) && Boolean(book().choice.procedure));
    if (!section.isOpen) return;
    for (const one of tabs) {
      const on = one.dataset.form === form;
      one.setAttribute("aria-checked", String(on));
      one.setAttribute("aria-pressed", String(on));
      one.tabIndex = on ? 0 : -1;
    }
    show(marks.element, form !== "ras");
    if (what.has("placed") && book().placed && plan) {
      const { entry_mm, target_mm } = book().placed;
      book().placed = null;
      book().place(plan.id, store.view.placement, { entry_mm, target_mm }, { reason: "typed" });
    }
    ask();
    fillIn();
  };
  section.onopen = (on) => on && store.tell("forms");
  return { ...section, update };
}

/** Where AC, PC and the midline lie; with all three set, they are used in place of the twin's own. */
function landmarks(theatre, onchange) {
  const set = {};
  const buttons = Object.entries(MARKS).map(([key, words]) =>
    button(`${words} here`, {
      title: `${words} lies where the crosshair stands`,
      onclick: () => {
        set[key] = [...theatre.store.view.cursor];
        told();
        if (whole()) onchange();
      },
    }),
  );
  const words = h("span", { class: "pl-note" });
  const element = h("div", { class: "pl-buttons" }, ...buttons, words);
  const whole = () => (Object.keys(MARKS).every((key) => set[key]) ? { ...set } : null);
  function told() {
    const left = Object.keys(MARKS).filter((key) => !set[key]);
    say(
      words,
      left.length ? `still to set: ${left.map((key) => MARKS[key]).join(", ")}` : "as you set them",
    );
  }
  return { element, whole };
}
