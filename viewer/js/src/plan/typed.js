/** Entry and target as numbers, in any of the forms that the field uses. */

import { h, say, show } from "../dom.js";
import { button, field, fold } from "./fold.js";
import { landmarks } from "./landmarks.js";
import { readNumber } from "./reading.js";

const AXES = ["R", "A", "S"];
const ends = (axes) =>
  ["entry", "target"].flatMap((end) => axes.map((axis, n) => ({ end, axis, n, unit: "mm" })));
/** Of a form: its title, what its numbers are, and its fields. */
const FORMS = {
  ras: {
    title: "RAS",
    words: "Right, anterior, superior, in mm of the image.",
    fields: ends(AXES),
  },
  acpc: {
    title: "AC-PC",
    words: "Right, anterior, superior, in mm from the middle of AC and PC.",
    fields: ends(AXES),
  },
  frame: {
    title: "Arc and ring",
    words: "Target in the frame's own mm, ring and arc, and the depth from entry to target.",
    fields: [
      { end: "entry", axis: "Ring", key: "ring_deg", unit: "°" },
      { end: "entry", axis: "Arc", key: "arc_deg", unit: "°" },
      { end: "entry", axis: "Depth", key: "depth_mm", unit: "mm" },
      ...["X", "Y", "Z"].map((axis, n) => ({ end: "target", axis, n, unit: "mm" })),
    ],
  },
};
const NAMES = Object.keys(FORMS);

/** @param {any} theatre */
export function typed(theatre) {
  const { store } = theatre;
  const book = () => theatre.book;
  let form = "ras";
  /** What was asked last, and of which landmarks. */ let asked = "";
  const tabs = NAMES.map((id) =>
    h(
      "button",
      {
        class: "th-button th-framed",
        type: "button",
        role: "radio",
        "data-form": id,
        onclick: () => turn(id),
        onkeydown: (event) => {
          const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
          if (!step) return;
          event.preventDefault();
          event.stopPropagation();
          turn(NAMES[(NAMES.indexOf(form) + step + NAMES.length) % NAMES.length]);
          tabs[NAMES.indexOf(form)].focus();
        },
      },
      FORMS[id].title,
    ),
  );
  const about = h("p", { class: "pl-note" });
  const fault = h("p", { class: "pl-fault", role: "alert" });
  const cells = h("div", { class: "pl-cells" });
  const marks = landmarks(theatre);
  const section = fold(
    "typed",
    "Coordinates",
    h("div", { class: "pl-buttons", role: "radiogroup", "aria-label": "Form" }, ...tabs),
    cells,
    fault,
    about,
    marks.element,
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
    inputs = FORMS[form].fields.map((of) => cell(of));
    const legend = (end) => (end === "target" ? "Target" : form === "frame" ? "Way" : "Entry");
    cells.replaceChildren(
      ...["entry", "target"].map((end) =>
        h(
          "fieldset",
          { class: "pl-cell-row" },
          h("legend", {}, legend(end)),
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
        clear(input);
        fillIn();
        input.select();
      },
    });
    return { of, input, element: field(`${of.axis} [${of.unit}]`, input) };
  }

  function clear(input) {
    say(fault, "");
    input.removeAttribute("aria-invalid");
    input.value = "";
  }

  /** The numbers of the form that is shown, or the reason why there are none. */
  function values() {
    const { draft, current: plan, forms } = book();
    if (form === "ras") {
      const { entry_mm, target_mm } = draft ?? book().placement() ?? {};
      return { entry_mm, target_mm };
    }
    if (!plan || draft) return { reason: "Place both ends first; then they are told like this." };
    if (forms?.key !== book().keyOf(plan) || forms.placement !== store.view.placement) {
      return { reason: book().formsRefused ?? "The server is asked." };
    }
    return forms.forms[form] ?? { reason: forms.forms.sentence };
  }

  const valueOf = (shown, { end, n, key }) => (key ? shown[key] : shown[`${end}_mm`]?.[n]);

  function fillIn() {
    const shown = values();
    const plan = book().current;
    const fixed = Boolean(shown.reason) || Boolean(plan && !book().draft && book().stale(plan));
    for (const { of, input } of inputs) {
      input.disabled = fixed;
      const typing = input.matches(":focus") && input.value !== "";
      if (typing || input.hasAttribute("aria-invalid")) continue;
      const value = valueOf(shown, of);
      const words = Number.isFinite(value) ? value.toFixed(2) : "";
      if (input.value !== words) input.value = words;
    }
    const told = form === "ras" ? "" : (book().forms?.forms.sentence ?? "");
    say(about, shown.reason ?? [FORMS[form].words, told].filter(Boolean).join(" "));
  }

  /** A field was left: place the end, or say in words why not. */
  function commit(of, input) {
    const read = readNumber(input.value, of);
    if (read.fault) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    say(fault, read.fault ?? "");
    if (read.fault) return;
    const shown = values();
    if (form === "ras") return placeRas(of, read.value, shown);
    const number = (one) => (one.of === of ? read.value : valueOf(shown, one.of));
    const point = (end) =>
      inputs.filter((one) => one.of.end === end && !one.of.key).map((one) => number(one));
    const angles = Object.fromEntries(
      inputs.filter((one) => one.of.key).map((one) => [one.of.key, number(one)]),
    );
    const plan = book().current;
    book().ask({
      type: "plan_place",
      key: book().keyOf(plan),
      form,
      values: form === "frame" ? { target_mm: point("target"), ...angles } : point(of.end),
      placement: store.view.placement,
      plan: book().wire(plan),
      end: of.end,
      landmarks: store.display.landmarks,
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
  function ask(plan) {
    if (!plan || form === "ras" || book().dragging || book().stale(plan)) return;
    const key = book().keyOf(plan);
    const placement = Math.min(store.view.placement, plan.placements.length - 1);
    const set = store.display.landmarks;
    const question = JSON.stringify([key, placement, set]);
    if (asked === question) return;
    asked = question;
    book().formsRefused = null;
    book().ask({ type: "plan_forms", key, plan: book().wire(plan), placement, landmarks: set });
  }

  /** What was typed in another form has become entry and target, or was refused. */
  function land(plan) {
    const { placed } = book();
    book().placed = null;
    if (!placed || !plan) return;
    if (placed.refused) return say(fault, placed.refused);
    const { entry_mm, target_mm, placement } = placed;
    book().place(plan.id, placement, { entry_mm, target_mm }, { reason: "typed" });
    theatre.acts.goToPoint(target_mm);
  }

  const update = ({ plan, what }) => {
    section.show(Boolean(book().catalogue) && Boolean(book().choice.procedure));
    if (what.has("placed")) land(plan);
    if (!section.isOpen) return;
    for (const one of tabs) {
      const on = one.dataset.form === form;
      one.setAttribute("aria-checked", String(on));
      one.classList.toggle("pl-on", on);
      one.tabIndex = on ? 0 : -1;
    }
    marks.update(form !== "ras");
    ask(plan);
    fillIn();
  };
  section.onopen = (on) => on && store.tell("forms");
  return { ...section, update };
}
