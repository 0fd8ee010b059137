/** How this person likes to look at slices, kept in the browser. */

const KEY = "theatrum.taste";

/** @returns {{convention: import("./types.js").Convention, nose: import("./types.js").Nose}} */
export function readTaste() {
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
  } catch {
    kept = {}; // storage may be forbidden or hold what another version wrote: begin with the default
  }
  return {
    convention: kept.convention === "neurological" ? "neurological" : "radiological",
    nose: kept.nose === "right" ? "right" : "left",
  };
}

export function keepTaste(taste) {
  try {
    localStorage.setItem(KEY, JSON.stringify(taste));
  } catch (error) {
    console.warn("The view convention could not be kept in this browser.", error);
  }
}
