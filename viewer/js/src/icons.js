/** Icons of our own: strokes on a 20 × 20 field, drawn in the text's colour. */

const SVG = "http://www.w3.org/2000/svg";

/** @type {Record<string, string>} paths */
const PATHS = {
  cross: "M10 2v6M10 12v6M2 10h6M12 10h6",
  window: "M10 3a7 7 0 1 0 0 14zM10 3a7 7 0 0 1 0 14M10 6h4.6M10 10h6.6M10 14h4.6",
  distance: "M3 14 14 3l3 3L6 17zM6 11l2 2M9 8l2 2M12 5l2 2",
  angle: "M16 16H4L13 4M9.5 16a6 6 0 0 0-2-4.6",
  outline: "M10 3c4 0 7 3 7 7s-2.500 7-6 7-8-2-8-7 3-7 7-7z",
  path: "M4 3l9 11M13 14l3 3M4 3l-1.500 3M4 3l3 1M9 4h7M11 8h5",
  map: "M3 11a7 7 0 0 1 14 0M3 11h14M6 11a4 4 0 0 1 8 0M8.500 11a1.500 1.500 0 0 1 3 0M6 14h8",
  planes: "M3 7l7-4 7 4-7 4zM3 13l7 4 7-4M10 11v6",
  clip: "M10 2v16M7 4C4 5 3 7.500 3 10s1 5 4 6M13 5h1M15 8h1M16 11h.500M15 14h.500",
  volume: "M10 2l7 4v8l-7 4-7-4V6zM3 6l7 4 7-4M10 10v8",
  detail: "M3 15 8 5l4 6 2-3 3 7zM8 5v10M12 11v4",
  undo: "M4 8h8a4 4 0 0 1 0 8H8M4 8l4-4M4 8l4 4",
  redo: "M16 8H8a4 4 0 0 0 0 8h4M16 8l-4-4M16 8l-4 4",
  reset: "M16 10a6 6 0 1 1-2-4.500M16 3v4h-4",
  maximise: "M3 8V3h5M17 8V3h-5M3 12v5h5M17 12v5h-5",
  help: "M7.500 7.500a2.500 2.500 0 1 1 3.500 2.300c-.700.300-1 .800-1 1.700M10 14.500v.500M10 2a8 8 0 1 1 0 16 8 8 0 0 1 0-16z",
  panel: "M3 4h14v12H3zM12 4v12",
  eye: "M2 10c2-4 5-5.500 8-5.500s6 1.500 8 5.500c-2 4-5 5.500-8 5.500S4 14 2 10zM10 7.500a2.500 2.500 0 1 1 0 5 2.500 2.500 0 0 1 0-5z",
  eye_off: "M2 10c2-4 5-5.500 8-5.500s6 1.500 8 5.500c-2 4-5 5.500-8 5.500S4 14 2 10zM4 16 16 4",
  lines: "M10 2v16M2 10h16",
  goto: "M10 6a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM10 2v3M10 15v3M2 10h3M15 10h3",
  isolate: "M6 6h8v8H6zM3 6V3h3M14 3h3v3M17 14v3h-3M6 17H3v-3",
  remove: "M5 5l10 10M15 5 5 15",
  rename: "M3 17l1-4L14 3l3 3L7 16zM12 5l3 3",
  copy: "M7 7h10v10H7zM13 7V3H3v10h4",
  magnet: "M5 3v7a5 5 0 0 0 10 0V3h-3.500v7a1.500 1.500 0 0 1-3 0V3zM5 6.500h3.500M11.500 6.500H15",
  chevron: "M7 5l5 5-5 5",
  head: "M6 17v-3H5c-1 0-1.500-.500-1.500-1.500V11L2.500 10.500 4 8c0-3.500 2.500-6 6-6s6.500 2.500 6.500 6c0 3-2 4-2 6v3",
};

/** @param {string} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "th-icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
