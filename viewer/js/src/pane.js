/** The frame of one view: name, position, letters, a message in place of the picture, the strip. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { INTENDED_USE } from "./scene.js";

/**
 * @param {{name: string, title: string, colour: string, onactive: () => void,
 *   onmaximise: () => void, onpress: () => void, ondouble: () => void}} options
 */
export function pane({ name, title, colour, onactive, onmaximise, onpress, ondouble }) {
  const letters = Object.fromEntries(
    ["left", "right", "top", "bottom"].map((edge) => [
      edge,
      h("span", { class: `th-letter th-letter-${edge}`, "data-edge": edge }),
    ]),
  );
  const position = h("span", { class: "th-position" });
  const info = h("span", { class: "th-info" });
  const message = h("div", { class: "th-message", role: "status", hidden: true });
  const strip = h("span", { class: "th-strip-case" });
  const canvas = h("canvas", { class: "th-canvas" });
  const stage = h("div", { class: "th-stage" }, canvas);
  const maximise = h(
    "button",
    {
      class: "th-button th-small",
      type: "button",
      title: "Enlarge or restore (F, double click)",
      "aria-label": `Enlarge or restore the ${title} view`,
      onclick: onmaximise,
    },
    icon("maximise"),
  );
  const tools = h("div", { class: "th-view-tools" }, maximise);
  const element = h(
    "section",
    {
      class: "th-view",
      "data-view": name,
      tabindex: "0",
      "aria-label": `${title} view`,
      style: { "--frame": colour },
      onpointerdown: onactive,
      onfocusin: onactive,
    },
    h(
      "div",
      { class: "th-field" },
      stage,
      h("div", { class: "th-head" }, h("span", { class: "th-name" }, title), position),
      tools,
      info,
      ...Object.values(letters),
      message,
    ),
    h("div", { class: "th-strip" }, strip, h("span", { class: "th-strip-use" }, INTENDED_USE)),
  );
  // Before the view itself sees the press.
  stage.addEventListener("pointerdown", onpress, true);
  stage.addEventListener("dblclick", ondouble);
  return { element, stage, canvas, letters, position, info, message, strip, tools };
}

/** Write a strip whose parts stay whole where the line breaks: no date in two halves. */
export function setStrip(place, text) {
  if (place.textContent === text) return;
  const parts = text.split(" · ").map((part) => h("span", { class: "th-strip-part" }, part));
  place.replaceChildren(...parts.flatMap((part, i) => (i ? [" · ", part] : [part])));
}

/** Fill a pane's message: a sentence, perhaps with a way out. */
export function setMessage(place, sentence, button) {
  place.replaceChildren();
  place.hidden = !sentence;
  if (!sentence) return;
  place.append(h("p", {}, sentence));
  if (button) {
    place.append(
      h(
        "button",
        { class: "th-button th-framed", type: "button", onclick: button.act },
        button.words,
      ),
    );
  }
}
