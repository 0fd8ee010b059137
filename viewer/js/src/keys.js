/** Keys of the theatre: one table for the listener, the tooltips and the `?` list. */

/**
 * @typedef {object} Key
 * @property {string} action
 * @property {string[]} keys    "Ctrl+Z", "Shift+End", "1"
 * @property {string} words
 * @property {string} group
 */

/** @type {Key[]} */
export const KEYS = [
  {
    group: "Slices",
    action: "slice_up",
    keys: ["ArrowUp", "ArrowRight"],
    words: "Next slice of the active view",
  },
  {
    group: "Slices",
    action: "slice_down",
    keys: ["ArrowDown", "ArrowLeft"],
    words: "Previous slice",
  },
  {
    group: "Slices",
    action: "mode_window",
    keys: ["L"],
    words: "Window and level by dragging, on or off",
  },
  { group: "Slices", action: "preset_1", keys: ["1"], words: "Window preset 1" },
  { group: "Slices", action: "preset_2", keys: ["2"], words: "Window preset 2" },
  { group: "Slices", action: "preset_3", keys: ["3"], words: "Window preset 3" },
  { group: "Slices", action: "preset_4", keys: ["4"], words: "Window preset 4" },
  { group: "Slices", action: "preset_5", keys: ["5"], words: "Window preset 5" },
  {
    group: "Slices",
    action: "overlay",
    keys: ["O"],
    words: "Structures in slices: outlines, filled, off",
  },
  { group: "Slices", action: "crosshair", keys: ["C"], words: "Crosshair lines on or off" },
  { group: "Views", action: "zoom_in", keys: ["+", "="], words: "Zoom in" },
  { group: "Views", action: "zoom_out", keys: ["-"], words: "Zoom out" },
  {
    group: "Views",
    action: "maximise",
    keys: ["F"],
    words: "Enlarge the active view, or all four",
  },
  { group: "Views", action: "reset", keys: ["R"], words: "Reset the views" },
  { group: "3D", action: "view_A", keys: ["End"], words: "Look from the front (A)" },
  { group: "3D", action: "view_P", keys: ["Shift+End"], words: "Look from behind (P)" },
  { group: "3D", action: "view_L", keys: ["PageDown"], words: "Look from the patient's left (L)" },
  {
    group: "3D",
    action: "view_R",
    keys: ["Shift+PageDown"],
    words: "Look from the patient's right (R)",
  },
  { group: "3D", action: "view_S", keys: ["Home"], words: "Look from above (S)" },
  { group: "3D", action: "view_I", keys: ["Shift+Home"], words: "Look from below (I)" },
  { group: "3D", action: "clip", keys: ["K"], words: "Clip plane on or off" },
  { group: "3D", action: "planes", keys: ["P"], words: "Slices in 3D on or off" },
  { group: "Measure", action: "mode_distance", keys: ["M"], words: "Measure a distance" },
  { group: "Measure", action: "mode_angle", keys: ["Shift+M"], words: "Measure an angle" },
  { group: "Measure", action: "cancel", keys: ["Escape"], words: "Cancel; close what is open" },
  {
    group: "Plan",
    action: "arm_entry",
    keys: ["E"],
    words: "Place the entry by the next click; twice: arrow keys move it",
  },
  {
    group: "Plan",
    action: "arm_target",
    keys: ["T"],
    words: "Place the target by the next click; twice: arrow keys move it",
  },
  { group: "Plan", action: "place_here", keys: ["Enter"], words: "Place it at the crosshair" },
  {
    group: "Plan",
    action: "snap",
    keys: ["S"],
    words: "Snap the entry to the scalp, the target to a centre; hold it while dragging",
  },
  { group: "Plan", action: "tab_plan", keys: ["Shift+P"], words: "Plans, or structures" },
  { group: "Plan", action: "paths", keys: ["V"], words: "Views along the path on or off" },
  { group: "Plan", action: "play", keys: ["Space"], words: "Walk along the path, or pause" },
  { group: "Plan", action: "map", keys: ["Shift+R"], words: "Risk map of the entries on or off" },
  { group: "Plan", action: "tube", keys: ["Shift+T"], words: "Tolerance tube on or off" },
  { group: "Plan", action: "ghost", keys: ["G"], words: "Other plans as ghosts" },
  {
    group: "Edit",
    action: "undo",
    keys: ["Ctrl+Z"],
    words: "Undo an edit, a display or a measure",
  },
  { group: "Edit", action: "redo", keys: ["Ctrl+Shift+Z", "Ctrl+Y"], words: "Do it again" },
  { group: "Edit", action: "search", keys: ["/"], words: "Search the structures" },
  { group: "Edit", action: "help", keys: ["?"], words: "This list" },
];

/** What the mouse does, for the same list. */
export const POINTER = [
  ["Click or drag in a slice", "Move the crosshair in all views"],
  ["Shift + move", "Move the crosshair without a button"],
  ["Wheel", "Scroll slices; come closer in 3D"],
  ["Ctrl + wheel", "Zoom a slice"],
  ["Right drag, Shift + drag", "Move the picture"],
  ["Drag in 3D", "Turn the head"],
  ["Click in 3D", "Find the surface point, move the crosshair to it"],
  ["Double click", "Enlarge a view, or all four"],
  ["Drag E, T or a shaft", "Move an end or the whole path in the plane of the view"],
  ["Alt + drag", "Move it along the path"],
  ["Arrow keys on a handle", "Move it by 0.5 mm, with Shift by 5 mm, with Alt along the path"],
];

/**
 * The action of a key press, or null.
 * @param {{key: string, ctrlKey: boolean, metaKey: boolean, shiftKey: boolean, altKey: boolean}} event
 */
export function actionOf(event) {
  if (event.altKey) return null;
  const ctrl = event.ctrlKey || event.metaKey;
  const named = event.key === " " ? "Space" : event.key;
  const plain = named.length === 1 ? named.toUpperCase() : named;
  const letter = /^[A-Z]$/.test(plain);
  const shift = event.shiftKey && (letter || event.key.length > 1);
  const pressed = `${ctrl ? "Ctrl+" : ""}${shift ? "Shift+" : ""}${plain}`;
  return KEYS.find((key) => key.keys.includes(pressed))?.action ?? null;
}

/** "Ctrl+Shift+Z" as people write it. */
export function keyWords(key) {
  return key
    .replace("ArrowUp", "↑")
    .replace("ArrowDown", "↓")
    .replace("ArrowLeft", "←")
    .replace("ArrowRight", "→")
    .replace("PageDown", "PgDn")
    .replace("Escape", "Esc")
    .replace("-", "−")
    .replaceAll("+", " + ")
    .replace(/^ \+ $/, "+");
}

/** Tooltip of an action: "Undo (Ctrl + Z)". */
export function hint(action, words) {
  const key = KEYS.find((k) => k.action === action);
  return key ? `${words ?? key.words} (${keyWords(key.keys[0])})` : words;
}
