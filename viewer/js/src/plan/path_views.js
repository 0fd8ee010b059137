/** Two views that go with the path: along it, and across it as the probe's tip would see. */

import { fitCanvas, h, say } from "../dom.js";
import { outlines } from "../contour.js";
import { edges } from "../orientation.js";
import { setMessage } from "../pane.js";
import { scaleBar } from "../planes.js";
import { paintScale } from "../slice_paint.js";
import { paint } from "../window.js";
import { along, at, depthOf, length, probe, toPixel, toPoint } from "./path_frame.js";
import { greys, labels } from "./reslice.js";

export const PATH_VIEWS = {
  along: { title: "Along the path", colour: "#7fc4dd" },
  probe: { title: "Probe's eye", colour: "#b7a5e6" },
};
const NONE = "Place an entry and a target: this view then follows the path.";
/** A screen pixel is sampled once in so many: finer than a voxel all the same. */
const STEP_PX = 2;
const MARGIN_MM = 16;
const PROBE_MM = 70;

class PathView {
  constructor(name, pane, theatre) {
    Object.assign(this, { name, pane, theatre, store: theatre.store });
    this.context = pane.canvas.getContext("2d", { willReadFrequently: true });
    this.picture = document.createElement("canvas");
    this.closer = 1;
    this.roll_deg = 0;
    this.#listen();
  }

  get placement() {
    return this.theatre.book.placement();
  }

  /** Depth that is looked at [mm]. */
  get depth_mm() {
    const placement = this.placement;
    const tip = placement ? length(placement) + placement.depth_mm : 0;
    return this.store.view.depth_mm ?? Math.max(tip, 0);
  }

  plane() {
    return this.name === "along"
      ? along(this.placement, this.store.display.convention, this.roll_deg)
      : probe(this.placement, this.depth_mm);
  }

  zoom([width, height]) {
    const shown = this.name === "along" ? length(this.placement) + 2 * MARGIN_MM : PROBE_MM;
    return (this.closer * Math.min(width, height)) / shown;
  }

  draw() {
    const { canvas, letters, position, info, message } = this.pane;
    const ratio = Math.min(globalThis.devicePixelRatio || 1, 2);
    if (canvas.clientWidth < 8 || canvas.clientHeight < 8) return;
    const size = fitCanvas(canvas, ratio);
    const context = this.context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    const placement = this.placement;
    setMessage(message, placement ? "" : NONE);
    const plane = placement && this.plane();
    const words = plane ? edges(plane.right, plane.up) : {};
    for (const edge of Object.keys(letters)) say(letters[edge], words[edge] ?? "");
    say(position, placement ? `${this.depth_mm.toFixed(1)} mm from the entry` : "");
    say(info, plane && this.name === "along" ? `turned ${this.roll_deg}°` : "");
    if (!plane) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const zoom = this.zoom(size);
    this.#image(context, plane, zoom, size);
    if (this.name === "along") this.#path(context, plane, zoom, size);
    else this.#bore(context, zoom, size);
    plate(context, size, zoom);
    paintScale(context, /** @type {any} */ ({ size, zoom }));
  }

  #image(context, plane, zoom, [width, height]) {
    const { volume, labels: map, wanted } = this.theatre.layers;
    if (!volume) return;
    const cells = {
      width: Math.ceil(width / STEP_PX),
      height: Math.ceil(height / STEP_PX),
      step_mm: STEP_PX / zoom,
    };
    const { picture } = this;
    if (picture.width !== cells.width) picture.width = cells.width;
    if (picture.height !== cells.height) picture.height = cells.height;
    this.values = greys(volume.grid, volume.array, plane, cells, this.values);
    const into = /** @type {any} */ (picture.getContext("2d"));
    const image = into.createImageData(cells.width, cells.height);
    paint(this.values, volume.lut, new Uint32Array(image.data.buffer));
    into.putImageData(image, 0, 0);
    context.imageSmoothingEnabled = true;
    context.drawImage(picture, 0, 0, cells.width * STEP_PX, cells.height * STEP_PX);
    const { overlay, overlay_opacity } = this.store.display;
    if (!map || overlay === "off") return;
    this.marks = labels(map.grid, map.array, plane, cells, this.marks);
    context.save();
    context.globalAlpha = overlay_opacity;
    context.scale(STEP_PX, STEP_PX);
    context.translate(0.5, 0.5);
    context.lineWidth = 1.2 / STEP_PX;
    for (const [label, lines] of outlines(this.marks, cells.width, cells.height, wanted)) {
      const [r, g, b] = map.colours.get(label) ?? [255, 255, 255];
      context.strokeStyle = `rgb(${r} ${g} ${b})`;
      context.beginPath();
      for (let i = 0; i < lines.length; i += 4) {
        context.moveTo(lines[i], lines[i + 1]);
        context.lineTo(lines[i + 2], lines[i + 3]);
      }
      context.stroke();
    }
    context.restore();
  }

  /** The device in its own length and width, and where the scrubber stands. */
  #path(context, plane, zoom, size) {
    const placement = this.placement;
    const pixel = (depth) => toPixel(plane, zoom, size, at(placement, depth));
    const tip = length(placement) + placement.depth_mm;
    const device = this.theatre.book.device(placement.device);
    const { colour } = this.theatre.book.current.look;
    context.strokeStyle = context.fillStyle = colour;
    context.globalAlpha = 0.85;
    for (const segment of device?.segments ?? []) {
      const [x, y] = pixel(tip - segment.from_mm);
      const far = Math.min(segment.to_mm, tip + MARGIN_MM);
      if (far <= segment.from_mm) continue;
      const wide = Math.max(2 * segment.radius_mm * zoom, 1.5);
      context.strokeRect(x - wide / 2, pixel(tip - far)[1], wide, y - pixel(tip - far)[1]);
    }
    for (const contact of device?.contacts ?? []) {
      const half = contact.length_mm / 2;
      const [x, y] = pixel(tip - contact.centre_mm + half);
      const wide = Math.max(2 * contact.radius_mm * zoom, 3);
      context.fillRect(x - wide / 2, y - contact.length_mm * zoom, wide, contact.length_mm * zoom);
    }
    context.globalAlpha = 1;
    for (const [depth, letter] of [
      [0, "E"],
      [length(placement), "T"],
    ]) {
      const [x, y] = pixel(depth);
      context.beginPath();
      context.arc(x, y, 4.5, 0, 2 * Math.PI);
      context.stroke();
      label(context, letter, x + 9, y + 4, colour);
    }
    const [x, y] = pixel(this.depth_mm).map(Math.round);
    context.strokeStyle = "#ffffff";
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(x - 26, y + 0.5);
    context.lineTo(x - 7, y + 0.5);
    context.moveTo(x + 7, y + 0.5);
    context.lineTo(x + 26, y + 0.5);
    context.stroke();
  }

  /** The shaft's width here, and rings that tell distances from its side. */
  #bore(context, zoom, [width, height]) {
    const placement = this.placement;
    const device = this.theatre.book.device(placement.device);
    const tip = length(placement) + placement.depth_mm;
    const back = tip - this.depth_mm;
    const here = (device?.segments ?? []).find((s) => back >= s.from_mm && back <= s.to_mm);
    const radius = here?.radius_mm ?? 0;
    const [x, y] = [width / 2, height / 2];
    context.strokeStyle = this.theatre.book.current.look.colour;
    context.lineWidth = 1.5;
    context.beginPath();
    context.arc(x, y, Math.max(radius * zoom, 1.5), 0, 2 * Math.PI);
    context.stroke();
    context.lineWidth = 1;
    context.strokeStyle = "rgba(255, 255, 255, 0.55)";
    context.setLineDash([3, 4]);
    for (const mm of [5, 10]) {
      context.beginPath();
      context.arc(x, y, (radius + mm) * zoom, 0, 2 * Math.PI);
      context.stroke();
    }
    context.setLineDash([]);
    for (const mm of [5, 10]) {
      label(context, `${mm} mm`, x + 3, y - (radius + mm) * zoom - 3, "#ffffff");
    }
  }

  #listen() {
    const { stage } = this.pane;
    let drag = null;
    const place = (event) => {
      const box = stage.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const go = (pixel) => {
      if (!this.placement) return;
      const size = [stage.clientWidth, stage.clientHeight];
      const point = toPoint(this.plane(), this.zoom(size), size, pixel);
      if (this.theatre.acts.placed(point)) return;
      if (this.name === "along") this.#scrub(depthOf(this.placement, point));
      this.theatre.acts.goToPoint(point);
    };
    stage.addEventListener("contextmenu", (event) => event.preventDefault());
    stage.addEventListener("pointerdown", (event) => {
      stage.setPointerCapture(event.pointerId);
      drag = { turns: event.button !== 0 || event.shiftKey, x: event.clientX };
      if (!drag.turns) go(place(event));
    });
    stage.addEventListener("pointermove", (event) => {
      if (!drag) return;
      if (!drag.turns) return go(place(event));
      this.turn(Math.round((event.clientX - drag.x) / 2));
      drag.x = event.clientX;
    });
    for (const end of ["pointerup", "pointercancel"]) {
      stage.addEventListener(end, () => {
        drag = null;
      });
    }
    stage.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        const steps = -Math.sign(event.deltaY);
        if (event.ctrlKey || event.metaKey) {
          this.closer = Math.min(Math.max(this.closer * 1.15 ** steps, 0.4), 8);
          this.theatre.dirty("paths");
        } else if (event.shiftKey) this.turn(5 * steps);
        else this.#scrub(this.depth_mm - steps * 0.5);
      },
      { passive: false },
    );
  }

  turn(degrees) {
    if (this.name !== "along") return;
    this.roll_deg = (((this.roll_deg + degrees) % 360) + 360) % 360;
    this.theatre.dirty("paths");
  }

  #scrub(depth_mm) {
    if (!this.placement) return;
    const tip = length(this.placement) + this.placement.depth_mm;
    this.store.look({ depth_mm: Math.min(Math.max(depth_mm, 0), Math.max(tip, 0)) });
  }
}

/** A dark ground for the scale bar: here the picture reaches into the corners. */
function plate(context, [width, height], zoom) {
  const { pixels } = scaleBar(zoom, Math.min(110, width * 0.25));
  context.fillStyle = "rgba(8, 12, 16, 0.7)";
  context.fillRect(width - 42 - pixels, height - 34, pixels + 16, 28);
}

/** Text that reads on any grey. */
function label(context, text, x, y, colour) {
  context.font = "600 11px system-ui, sans-serif";
  context.lineWidth = 3;
  context.strokeStyle = "rgba(8, 12, 16, 0.85)";
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
}

/** @param {any} theatre @param {Record<string, any>} panes  along and probe */
export function pathViews(theatre, panes) {
  const views = Object.keys(PATH_VIEWS).map((name) => new PathView(name, panes[name], theatre));
  const turn = (degrees, words) =>
    h(
      "button",
      {
        class: "th-button th-small th-lettered",
        type: "button",
        title: `${words} (Shift + wheel)`,
        "aria-label": words,
        onclick: () => views[0].turn(degrees),
      },
      degrees < 0 ? "⟲" : "⟳",
    );
  panes.along.tools.prepend(
    turn(-15, "Turn about the path to the left"),
    turn(15, "Turn about the path to the right"),
  );
  return { draw: () => theatre.pathsOpen() && views.forEach((view) => view.draw()) };
}
