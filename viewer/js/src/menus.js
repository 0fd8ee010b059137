/** Menus that open under a tool: the clip plane and the volume rendering. */

import { NO_CLIP, clipWords } from "./clip.js";
import { h, say } from "./dom.js";
import { icon } from "./icons.js";
import { hint } from "./keys.js";
import { VOLUME_PRESETS } from "./volume_presets.js";

/** A button with a small sheet below it. */
function menu({ name, label, action, sheet, isOn }) {
  const button = h(
    "button",
    {
      class: "th-button",
      type: "button",
      title: action ? hint(action, label) : label,
      "aria-label": label,
      "aria-haspopup": "true",
      "data-menu": name,
    },
    icon(name),
  );
  const body = h(
    "div",
    { class: "th-menu", role: "group", "aria-label": label, tabindex: "-1", hidden: true },
    ...sheet,
  );
  const element = h("div", { class: "th-menu-host" }, button, body);
  const open = (on) => {
    body.hidden = !on;
    button.setAttribute("aria-expanded", String(on));
  };
  button.addEventListener("click", () => open(body.hidden));
  element.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !element.contains(event.relatedTarget)) open(false);
  });
  return {
    element,
    mark: () => button.setAttribute("aria-pressed", String(isOn())),
    open,
    close: () => {
      const was = !body.hidden;
      open(false);
      return was;
    },
  };
}

/** @param {import("./store.js").Store} store @param {any} acts */
export function clipMenu(store, acts) {
  const change = (patch) =>
    store.change("clip", { clip: { ...store.display.clip, on: true, ...patch } });
  const on = h("input", { type: "checkbox", onchange: () => acts.run("clip") });
  const planes = [
    ["0", "Sagittal"],
    ["1", "Coronal"],
    ["2", "Axial"],
    ["path", "Path"],
  ].map(([value, words]) => {
    const input = h("input", {
      type: "radio",
      name: "th-clip-axis",
      value,
      onchange: () =>
        change({ axis: /** @type {any} */ (value === "path" ? value : Number(value)) }),
    });
    return { input, label: h("label", { class: "th-choice" }, input, words) };
  });
  const follow = h("input", {
    type: "checkbox",
    onchange: () => change({ follow: follow.checked }),
  });
  const place = h("input", {
    type: "range",
    class: "th-range",
    min: 0,
    max: 1000,
    "aria-label": "Place of the clip plane",
    oninput: () => change({ follow: false, share: place.value / 1000 }),
  });
  const keeps = h("span", { class: "th-quiet" });
  const flip = h(
    "button",
    {
      class: "th-button th-framed",
      type: "button",
      onclick: () => change({ flipped: !store.display.clip.flipped }),
    },
    "Keep the other side",
  );
  const it = menu({
    name: "clip",
    label: "Clip plane",
    action: "clip",
    isOn: () => store.display.clip.on,
    sheet: [
      h("label", { class: "th-choice th-strong" }, on, "Cut the 3D view"),
      h("div", { class: "th-row" }, ...planes.map((p) => p.label)),
      h("label", { class: "th-choice" }, follow, "At the crosshair's slice"),
      place,
      h("div", { class: "th-row" }, flip),
      keeps,
    ],
  });
  const update = () => {
    const clip = store.display.clip ?? NO_CLIP;
    on.checked = clip.on;
    for (const { input } of planes) input.checked = input.value === String(clip.axis);
    follow.disabled = place.disabled = clip.axis === "path";
    follow.checked = clip.follow;
    place.value = String(Math.round(clip.share * 1000));
    say(keeps, `The plane ${clipWords(clip)}.`);
    it.mark();
  };
  return { ...it, update };
}

/** @param {import("./store.js").Store} store */
export function volumeMenu(store) {
  /** A choice made by the pointer or Enter ends it; arrow keys go on walking through the choices. */
  const done = () =>
    setTimeout(() => {
      it.open(false);
      it.element.querySelector("button")?.focus();
    });
  const choices = [{ id: "off", title: "Off" }, ...VOLUME_PRESETS].map(({ id, title }) => {
    const input = h("input", {
      type: "radio",
      name: "th-volume",
      value: id,
      onchange: () => store.change("volume", { volume: id }),
      onkeydown: (event) => event.key === "Enter" && done(),
    });
    const onclick = (event) => event.detail > 0 && done();
    return { id, input, label: h("label", { class: "th-choice", onclick }, input, title) };
  });
  const surfaces = h("input", {
    type: "checkbox",
    onchange: () => store.change("volume", { volume_surfaces: surfaces.checked }),
  });
  const it = menu({
    name: "volume",
    label: "Volume rendering",
    isOn: () => store.display.volume !== "off",
    sheet: [
      ...choices.map((c) => c.label),
      h("label", { class: "th-choice" }, surfaces, "Surfaces as well"),
    ],
  });
  const update = () => {
    surfaces.checked = store.display.volume_surfaces;
    for (const choice of choices) choice.input.checked = choice.id === store.display.volume;
    it.mark();
  };
  return { ...it, update };
}
