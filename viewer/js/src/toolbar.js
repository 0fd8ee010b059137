/** The row of tools above the views. */

import { h, say } from "./dom.js";
import { icon } from "./icons.js";
import { hint } from "./keys.js";
import { words as windowWords } from "./window.js";
import { clipMenu, volumeMenu } from "./menus.js";

const OVERLAY = { outline: "Outlines", fill: "Filled", off: "No labels" };

/** @param {import("./store.js").Store} store @param {any} acts */
export function toolbar(store, acts) {
  const button = (action, name, label, { text } = /** @type {any} */ ({})) =>
    h(
      "button",
      {
        class: text ? "th-button th-worded" : "th-button",
        type: "button",
        title: hint(action, label),
        "aria-label": label,
        "data-action": action,
        onclick: () => acts.run(action),
      },
      icon(name),
      text ? h("span", { class: "th-button-text" }, text) : null,
    );
  const group = (label, ...items) =>
    h("div", { class: "th-group", role: "group", "aria-label": label }, ...items);

  const modes = {
    cross: button("mode_cross", "cross", "Crosshair: click or drag in a slice"),
    window: button("mode_window", "window", "Window and level by dragging"),
    distance: button("mode_distance", "distance", "Measure a distance"),
    angle: button("mode_angle", "angle", "Measure an angle"),
  };
  const presets = h("select", {
    class: "th-select",
    "aria-label": "Window preset",
    onchange: (event) => acts.preset(Number(event.target.value)),
  });
  const windowText = h("span", {
    class: "th-window",
    title: "Window width and level, in image units",
  });
  const overlay = button("overlay", "outline", "Structures in slices: outlines, filled, off", {
    text: "Outlines",
  });
  const overlayOpacity = h("input", {
    type: "range",
    class: "th-range th-range-short",
    min: 0,
    max: 100,
    "aria-label": "Opacity of structures in slices",
    title: "Opacity of structures in slices",
    oninput: (event) =>
      store.change("overlay_opacity", { overlay_opacity: event.target.value / 100 }),
  });
  const toggles = {
    crosshair: button("crosshair", "lines", "Crosshair lines"),
    planes: button("planes", "planes", "Slices in 3D"),
    paths: button("paths", "path", "Views along the path"),
    map: button("map", "map", "Risk of each entry, on the scalp"),
    snap: button("snap", "magnet", "Snap: entry to the scalp, target to a structure's centre"),
  };
  const clip = clipMenu(store, acts);
  const volume = volumeMenu(store);
  const detail = button("detail", "detail", "Fine surfaces in 3D");
  const undo = button("undo", "undo", "Undo");
  const redo = button("redo", "redo", "Redo");
  const panel = button("panel", "panel", "Structure list");

  const element = h(
    "div",
    { class: "th-toolbar", role: "toolbar", "aria-label": "Tools" },
    group("Pointer", ...Object.values(modes)),
    group("Window", presets, windowText),
    group("Labels", overlay, overlayOpacity),
    group("Show", ...Object.values(toggles), clip.element, volume.element, detail),
    group("Edit", undo, redo, button("reset", "reset", "Reset the views")),
    h("div", { class: "th-spring" }),
    group("Page", button("help", "help", "Keys"), panel),
  );

  const pressed = (item, on) => item.setAttribute("aria-pressed", String(Boolean(on)));

  /** Bring the buttons in line with the store. */
  const update = (what) => {
    const { display, view, scene } = store;
    if (what.has("scene")) {
      const count = scene?.volume?.presets.length ?? 0;
      presets.title = count ? `Window preset (keys 1 to ${count})` : "Window preset";
      presets.replaceChildren(
        ...(scene?.volume?.presets ?? []).map((p, i) =>
          h("option", { value: String(i) }, `${i + 1} ${p.title}`),
        ),
        h("option", { value: "-1" }, "Manual"),
      );
    }
    for (const [mode, item] of Object.entries(modes)) pressed(item, view.mode === mode);
    const at = (scene?.volume?.presets ?? []).findIndex(
      (p) => p.low === display.window[0] && p.high === display.window[1],
    );
    presets.value = String(at);
    presets.disabled = !scene?.volume;
    say(windowText, scene?.volume ? windowWords(display.window) : "");
    say(overlay.querySelector(".th-button-text"), OVERLAY[display.overlay]);
    pressed(overlay, display.overlay !== "off");
    overlayOpacity.value = String(Math.round(display.overlay_opacity * 100));
    pressed(toggles.crosshair, display.crosshair);
    pressed(toggles.planes, display.planes);
    pressed(toggles.paths, acts.pathsOpen());
    pressed(toggles.map, view.map);
    pressed(toggles.snap, view.snap);
    for (const one of [toggles.paths, toggles.map, toggles.snap]) one.hidden = !scene?.planning;
    pressed(detail, acts.fine());
    pressed(panel, acts.panelOpen());
    undo.disabled = !store.history.past.length;
    redo.disabled = !store.history.future.length;
    clip.update();
    volume.update();
  };
  return { element, update, closeMenus: () => [clip, volume].some((menu) => menu.close()) };
}
