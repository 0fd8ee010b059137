/** Plans in 3D: devices in true measures, rings at their ends, tolerance tubes, activated tissue. */

import { surfaceActor } from "../space_surface.js";
import {
  capsuleMesh,
  cylinderMesh,
  deviceParts,
  joined,
  ringMesh,
  tissueMesh,
} from "./device_shape.js";
import { directionOf } from "./geometry.js";
import { TISSUE, shownPaths, tissueOf, tubeOf, whole } from "./shown.js";

const CAUSES = [
  "plans",
  "current",
  "placement",
  "ghost",
  "tube",
  "results",
  "handle",
  "scene",
  "preview",
];
const METAL = [236, 240, 244];
const DARK_METAL = [96, 110, 120];
const GHOST = 0.35;
const TUBE = 0.16;
const TISSUE_OPACITY = 0.35;
/** The ring at the entry and the smaller one at the target, about the shaft [mm]. House values. */
const RINGS = {
  entry: { beside_mm: 2.4, thick_mm: 0.45 },
  target: { beside_mm: 1.6, thick_mm: 0.28 },
};

export class SpacePlans {
  /** @param {import("../space_view.js").SpaceView} view @param {any} theatre */
  constructor(view, theatre) {
    this.view = view;
    this.store = theatre.store;
    this.book = theatre.book;
    /** @type {Map<string, {sign: string, actors: any[]}>} */ this.drawn = new Map();
  }

  /** Bring the surfaces in line with the plans. @param {Set<string>} what */
  update(what) {
    if (!CAUSES.some((cause) => what.has(cause)) || !this.store.scene) return;
    const { handle } = this.store.view;
    // A slow view keeps the surfaces where they were; the line over the picture is what moves.
    if (handle?.former && this.view.slow) return;
    const wanted = new Map();
    for (const shown of shownPaths(this.store, this.book)) {
      if (!whole(shown)) continue;
      const tube = tubeOf(shown, this.store, this.book);
      const tissue = tissueOf(shown, this.store, this.book);
      const { placement, colour, role } = shown;
      const sign = JSON.stringify([placement, colour, role, tube, tissue.map(signOf)]);
      wanted.set(shown.key, { sign, shown, tube, tissue });
    }
    let changed = false;
    for (const [key, { sign }] of this.drawn) {
      if (wanted.get(key)?.sign === sign) continue;
      this.#remove(key);
      changed = true;
    }
    for (const [key, { sign, ...order }] of wanted) {
      if (this.drawn.has(key)) continue;
      this.drawn.set(key, { sign, actors: this.#actors(order) });
      changed = true;
    }
    if (changed) this.view.draw();
  }

  #actors({ shown, tube, tissue }) {
    const { placement, device, role } = shown;
    const colour = rgb(shown.colour);
    const { shaft, contacts, tip_mm } = deviceParts(placement, device);
    const rings = Object.entries(RINGS).map(([end, { beside_mm, thick_mm }]) => {
      const radius = Math.max(0, ...shaft.map((one) => one.radius_mm)) + beside_mm;
      return ringMesh(placement[`${end}_mm`], directionOf(placement), radius, thick_mm);
    });
    const bodies = shaft.length
      ? shaft.map((one) => cylinderMesh(one))
      : [cylinderMesh(thread(placement))];
    const solid = role === "ghost" ? GHOST : 1;
    const made = [this.#add(joined([...bodies, ...rings]), colour, solid)];
    if (contacts.length) {
      // A hair wider than the shaft, so that the two surfaces do not fight for the same pixels.
      const proud = contacts.map((one) => ({ ...one, radius_mm: 1.06 * one.radius_mm }));
      const metal = shown.colour === "#ffffff" ? DARK_METAL : METAL;
      made.push(this.#add(joined(proud.map((one) => cylinderMesh(one))), metal, solid));
    }
    if (tube) {
      const around = capsuleMesh(placement.entry_mm, tip_mm, tube);
      made.push(this.#add(around, colour, TUBE));
    }
    for (const part of tissue) {
      const mesh = tissueMesh(part);
      if (mesh) made.push(this.#add(mesh, rgb(TISSUE), TISSUE_OPACITY));
    }
    return made;
  }

  #add(mesh, colour, opacity) {
    const actor = surfaceActor({ ...mesh, head: {} }, colour);
    actor.getProperty().setOpacity(opacity);
    actor.getProperty().setAmbient(0.3);
    this.view.renderer.addActor(actor);
    return actor;
  }

  #remove(key) {
    for (const actor of this.drawn.get(key)?.actors ?? []) {
      this.view.renderer.removeActor(actor);
      actor.getMapper().delete();
      actor.delete();
    }
    this.drawn.delete(key);
  }

  /** The case is closed. */
  clear() {
    for (const key of [...this.drawn.keys()]) this.#remove(key);
  }
}

/** A path without a device: a thread that can be seen [mm]. */
const thread = ({ entry_mm, target_mm }) => ({
  from_mm: target_mm,
  to_mm: entry_mm,
  radius_mm: 0.4,
  arc_deg: 360,
  facing: null,
});

const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const signOf = (part) =>
  part.centre_mm ? [part.centre_mm, part.radius_mm] : [part.points?.length, part.points?.[0]];
