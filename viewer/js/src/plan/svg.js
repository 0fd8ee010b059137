/** Small pictures made of SVG elements. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} tag
 * @param {Record<string, any>} [props]  `on…` are listeners; null and undefined are left out
 * @param {...(Node | string)} children
 * @returns {any}
 */
export function s(tag, props = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  place(element, props);
  element.append(...children);
  return element;
}

/** Set attributes that differ, or take them away. */
export function place(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === null || value === undefined) element.removeAttribute(name);
    else if (element.getAttribute(name) !== String(value))
      element.setAttribute(name, String(value));
  }
  return element;
}

/** One decimal of a pixel is enough. */
export const px = (value) => Math.round(value * 10) / 10;

const MARKS = {
  circle: "M8 2.500a5.500 5.500 0 1 1 0 11a5.500 5.500 0 1 1 0-11z",
  square: "M3 3h10v10H3z",
  triangle: "M8 2l6.500 11.500h-13z",
  diamond: "M8 1.500 14.500 8 8 14.500 1.500 8z",
  cross: "M6 2h4v4h4v4h-4v4H6v-4H2V6h4z",
  star: "M8 1.500l2 4.300 4.700.600-3.500 3.200.900 4.600L8 11.900 3.900 14.200l.900-4.600L1.300 6.400 6 5.800z",
};

/** The mark of a plan: its colour and its shape. @param {{colour: string, shape: string}} look */
export function mark(look) {
  const path = s("path");
  const element = s("svg", { viewBox: "0 0 16 16", class: "pl-mark", "aria-hidden": "true" }, path);
  const update = ({ colour, shape }) =>
    place(path, { d: MARKS[shape] ?? MARKS.circle, fill: colour });
  update(look);
  return { element, update };
}
