/** A device true to scale: its shaft and contacts from the tip on, with a ruler in millimetres. */

import { place, px, s } from "./svg.js";

const WIDE = 340;
const MIDDLE = 22;
const LEAST_MM = 12;
/** A thick device is drawn shorter rather than higher than this [px]. */
const TALLEST = 36;

/** How much of a device is drawn: all contacts and a little more. @param {any} device */
export function shownMm(device) {
  const last = Math.max(0, ...device.contacts.map((one) => one.centre_mm + one.length_mm / 2));
  const wide = 8 * Math.max(...device.segments.map((one) => one.radius_mm));
  return Math.min(device.length_mm, Math.max(last * 1.25, wide, LEAST_MM));
}

/** A round step of a ruler that leaves its numbers room. @param {number} mm  in all */
export function rulerStep(mm) {
  return [1, 2, 5, 10, 20, 50].find((step) => mm / step <= 9) ?? 100;
}

/** "4 contacts of 1.5 mm, 2.0 mm apart from middle to middle" */
export function contactWords(device) {
  const rings = [...new Set(device.contacts.map((one) => one.centre_mm))];
  if (!rings.length) return "no contacts";
  const { length_mm } = device.contacts[0];
  const parts = device.contacts.length > rings.length ? ", some of them in sectors" : "";
  const name = ["dbs_lead", "seeg_electrode", "pacing_lead"].includes(device.kind)
    ? "contact"
    : "opening";
  const many = `${rings.length} ${name}${rings.length > 1 ? "s" : ""} of ${trim(length_mm)} mm`;
  if (rings.length < 2) return `${many}, its middle ${trim(rings[0])} mm behind the tip`;
  return `${many}, ${trim(rings[1] - rings[0])} mm from middle to middle${parts}`;
}

const trim = (x) => String(Math.round(x * 100) / 100);

export function devicePicture() {
  const element = s("svg", {
    viewBox: `0 0 ${WIDE} 62`,
    class: "pl-device",
    role: "img",
    preserveAspectRatio: "xMinYMid meet",
  });
  let shown = null;

  /** @param {any} device */
  const update = (device) => {
    if (device === shown) return;
    shown = device;
    element.replaceChildren();
    if (!device) return;
    const mm = shownMm(device);
    const thick = 2 * Math.max(...device.segments.map((one) => one.radius_mm));
    const scale = Math.min((WIDE - 16) / mm, TALLEST / thick);
    const x = (at) => px(6 + at * scale);
    place(element, { "aria-label": `${device.title}, ${contactWords(device)}, to scale` });
    for (const { from_mm, to_mm, radius_mm } of device.segments) {
      if (from_mm < mm) element.append(tube("shaft", from_mm, Math.min(to_mm, mm), radius_mm));
    }
    for (const contact of device.contacts) {
      const { centre_mm, length_mm, radius_mm, arc_deg, facing_deg } = contact;
      const seen = arc_deg >= 360 || Math.cos((facing_deg * Math.PI) / 180) > -0.2;
      if (!seen) continue;
      const half = length_mm / 2;
      const share = arc_deg >= 360 ? 1 : Math.sin((arc_deg * Math.PI) / 360);
      const off = arc_deg >= 360 ? 0 : Math.sin((facing_deg * Math.PI) / 180) * (1 - share);
      element.append(
        tube("contact", centre_mm - half, centre_mm + half, radius_mm * share, radius_mm * off),
      );
    }
    if (mm < device.length_mm) element.append(s("path", { class: "break", d: torn(x(mm)) }));
    ruler(mm);

    function tube(name, from, to, radius, off = 0) {
      const tall = Math.max(2 * radius * scale, 1.5);
      return s("rect", {
        class: name,
        x: x(from),
        y: px(MIDDLE + off * scale - tall / 2),
        width: px((to - from) * scale),
        height: px(tall),
        rx: from === 0 && name === "shaft" ? px(Math.min(tall / 2, 3)) : null,
      });
    }

    function ruler(all) {
      const step = rulerStep(all);
      const lines = [`M${x(0)} 46H${x(all)}`];
      for (let at = 0; at <= all + 1e-9; at += step) {
        lines.push(`M${x(at)} 43v6`);
        const last = at + step > all + 1e-9;
        const anchor = at === 0 ? "start" : last && x(at) > WIDE - 24 ? "end" : "middle";
        const words = `${at}${last ? " mm" : ""}`;
        const edge = anchor === "end" ? Math.min(x(at) + 14, WIDE - 2) : x(at);
        element.append(s("text", { x: edge, y: 60, "text-anchor": anchor }, words));
      }
      element.append(s("path", { class: "ruler", d: lines.join("") }));
    }
  };
  return { element, update };
}

/** Where the picture ends and the device does not. */
const torn = (x) => `M${x} 4l-4 9 6 8-6 8 4 9`;
