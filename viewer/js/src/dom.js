/** Elements made from plain values. Text is always text: names in a case may be hostile. */

/**
 * @param {string} tag
 * @param {Record<string, any>} [props]  `on…` are listeners, `class` and `style` as usual, a value
 *   of null, undefined or false is left out
 * @param {...(Node | string | null | false | undefined)} children
 * @returns {any}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) set(element, name, value);
  element.append(...children.filter((c) => c !== null && c !== undefined && c !== false));
  return element;
}

function set(element, name, value) {
  if (name.startsWith("on")) {
    element.addEventListener(name.slice(2), value);
  } else if (name === "style") {
    for (const [property, text] of Object.entries(value)) element.style.setProperty(property, text);
  } else if (name === "value" || name === "checked" || name === "disabled") element[name] = value;
  else if (value === true) element.setAttribute(name, name.startsWith("aria-") ? "true" : "");
  else if (value !== null && value !== undefined && value !== false) {
    element.setAttribute(name, String(value));
  } else if (value === false && name.startsWith("aria-")) element.setAttribute(name, "false");
}

/** Change text only when it differs, so that unchanged pages are not laid out again. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Show or hide. */
export function show(element, on) {
  if (element.hidden === on) element.hidden = !on;
}

/** Size a canvas to its element in device pixels. @returns {[number, number]} its size in CSS px */
export function fitCanvas(canvas, ratio) {
  const width = Math.max(canvas.clientWidth, 1);
  const height = Math.max(canvas.clientHeight, 1);
  const [w, hgt] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== hgt) canvas.height = hgt;
  return [width, height];
}
