/** A device on its path, in true measures: its cylinders, their cuts by a slice, and their surfaces. */

import { add, cross, dot, unit } from "../camera.js";
import { crossing, directionOf, lengthOf } from "./geometry.js";

/**
 * @typedef {import("../types.js").Point} Point
 * @typedef {import("./book.js").Placement} Placement
 * @typedef {object} Cylinder
 * @property {Point} from_mm  RAS mm, nearer to the tip
 * @property {Point} to_mm
 * @property {number} radius_mm
 * @property {number} arc_deg    share of the circumference that it takes
 * @property {Point} facing      unit vector across the axis: the middle of that arc
 */

/** Of a device that leaves the head, so much is drawn beyond the entry [mm]. House value. */
export const OUTSIDE_MM = 15;

/** Target plus depth along the path. @param {Placement} placement @returns {Point} */
export const tipOf = (placement) =>
  add(placement.target_mm, directionOf(placement), placement.depth_mm ?? 0);

/**
 * Where a contact that faces so looks: with no roll the marker faces Anterior, made square to the
 * axis, and Superior on an axis within 8 degrees of that, as surgery.plan.Placement.facing.
 * @param {Placement} placement @param {number} [facing_deg] @returns {Point}
 */
export function facing(placement, facing_deg = 0) {
  const axis = directionOf(placement);
  const ahead = /** @type {Point} */ (Math.abs(axis[1]) > 0.99 ? [0, 0, 1] : [0, 1, 0]);
  const marker = unit(add(ahead, axis, -dot(ahead, axis)));
  const turn = (placement.roll_rad ?? 0) + (facing_deg * Math.PI) / 180;
  const side = cross(axis, marker);
  return /** @type {Point} */ (marker.map((x, i) => x * Math.cos(turn) + side[i] * Math.sin(turn)));
}

/**
 * Shaft and contacts where they lie, from the tip backwards.
 * @param {Placement} placement
 * @param {any} device  of scene.planning.devices; null: a path without a device
 * @returns {{tip_mm: Point, shaft: Cylinder[], contacts: (Cylinder & {centre_mm: Point})[]}}
 */
export function deviceParts(placement, device) {
  const tip_mm = tipOf(placement);
  const axis = directionOf(placement);
  const behind = (mm) => add(tip_mm, axis, -mm);
  const drawn = Math.max(lengthOf(placement) + (placement.depth_mm ?? 0) + OUTSIDE_MM, 0);
  const cylinder = (from_mm, to_mm, { radius_mm, arc_deg = 360, facing_deg = 0 }) => ({
    from_mm: behind(from_mm),
    to_mm: behind(to_mm),
    radius_mm,
    arc_deg,
    facing: facing(placement, facing_deg),
  });
  const shaft = (device?.segments ?? [])
    .filter((segment) => segment.from_mm < drawn)
    .map((segment) => cylinder(segment.from_mm, Math.min(segment.to_mm, drawn), segment));
  const contacts = (device?.contacts ?? []).map((contact) => {
    const half = contact.length_mm / 2;
    const { centre_mm } = contact;
    return {
      ...cylinder(centre_mm - half, centre_mm + half, contact),
      centre_mm: behind(centre_mm),
    };
  });
  return { tip_mm, shaft, contacts };
}

/** Samples along a cut; curves this short need no more. */
const STEPS = 14;

/**
 * The cut of a cylinder by a slice, as a closed line of RAS points in the slice; null where it is not
 * cut. `half_mm` takes what lies within half a slice as lying in its middle. A contact that takes part
 * of the circumference is cut to the side that it faces, whole when it faces the viewer or away.
 * @param {Cylinder} cylinder
 * @param {import("./geometry.js").Sight} sight  of the slice
 * @param {number} [half_mm]
 * @returns {Point[] | null}
 */
export function section({ from_mm, to_mm, radius_mm, arc_deg, facing: looks }, sight, half_mm = 0) {
  const { normal } = sight;
  const axis = unit(add(to_mm, from_mm, -1));
  const long = Math.hypot(...add(to_mm, from_mm, -1));
  const steep = dot(axis, normal);
  const lean = Math.sqrt(Math.max(1 - steep * steep, 0));
  const near = (z) => Math.sign(z) * Math.max(Math.abs(z) - half_mm, 0);
  if (lean < 1e-3) return circle(from_mm, to_mm, radius_mm, sight, half_mm);
  // Across the axis: `tilt` leaves the slice, `wide` lies in it.
  const tilt = /** @type {Point} */ (normal.map((x, i) => (x - steep * axis[i]) / lean));
  const wide = cross(axis, tilt);
  const [low, high] = range(-sight.away(from_mm), steep, long, radius_mm * lean + half_mm);
  if (!(low < high)) return null;
  const side = arc_deg < 360 && looks ? dot(looks, wide) : 0;
  const sides = [1, -1].map((sign) => (Math.abs(side) > 0.5 && side * sign < 0 ? 0 : sign));
  const edge = (sign) =>
    Array.from({ length: STEPS + 1 }, (_, n) => {
      const s = (low + high) / 2 - ((high - low) / 2) * Math.cos((Math.PI * n) / STEPS);
      const rise = near(-sight.away(from_mm) - s * steep) / lean;
      const half = Math.sqrt(Math.max(radius_mm * radius_mm - rise * rise, 0));
      return add(add(add(from_mm, axis, s), tilt, rise), wide, sign * half);
    });
  return [...edge(sides[0]), ...edge(sides[1]).reverse()];
}

/** The part of 0..long where |height - s * steep| stays within a reach. */
function range(height, steep, long, reach) {
  if (Math.abs(steep) < 1e-9) return Math.abs(height) <= reach ? [0, long] : [0, 0];
  const [a, b] = [(height - reach) / steep, (height + reach) / steep].sort((x, y) => x - y);
  return [Math.max(a, 0), Math.min(b, long)];
}

function circle(from_mm, to_mm, radius_mm, { away, right, up }, half_mm) {
  const [a, b] = [away(from_mm), away(to_mm)].sort((x, y) => x - y);
  if (a > half_mm || b < -half_mm) return null;
  return round(from_mm, right, up, radius_mm);
}

// --- surfaces for the 3D view ---

/** @typedef {{points: Float32Array, faces: Uint32Array}} Mesh */

/** A cylinder, or the strip of it that a contact takes. @param {Cylinder} cylinder @returns {Mesh} */
export function cylinderMesh({ from_mm, to_mm, radius_mm, arc_deg, facing: looks }, sides = 20) {
  const axis = unit(add(to_mm, from_mm, -1));
  const first = looks ?? across(axis);
  const second = cross(axis, first);
  const points = [];
  const faces = [];
  const whole = arc_deg >= 360;
  const arc = (Math.min(arc_deg, 360) * Math.PI) / 180;
  const rim = (centre, n) => {
    const turn = arc * (n / sides - 0.5);
    return add(add(centre, first, radius_mm * Math.cos(turn)), second, radius_mm * Math.sin(turn));
  };
  for (let n = 0; n <= sides; n += 1) points.push(...rim(from_mm, n), ...rim(to_mm, n));
  for (let n = 0; n < sides; n += 1) {
    const [a, b, c, d] = [2 * n, 2 * n + 1, 2 * n + 2, 2 * n + 3];
    faces.push(a, c, b, b, c, d);
  }
  // Caps have corners of their own, so that their edges stay sharp.
  for (const [centre, turned] of [
    [from_mm, true],
    [to_mm, false],
  ]) {
    if (!whole) continue;
    const middle = points.length / 3;
    points.push(.../** @type {Point} */ (centre));
    for (let n = 0; n <= sides; n += 1) points.push(...rim(centre, n));
    for (let n = 1; n <= sides; n += 1) {
      faces.push(middle, ...(turned ? [middle + n + 1, middle + n] : [middle + n, middle + n + 1]));
    }
  }
  return { points: Float32Array.from(points), faces: Uint32Array.from(faces) };
}

/** A ring about an axis: a burr hole, or the mark of a target. @returns {Mesh} */
export function ringMesh(centre, axis, radius_mm, thick_mm, sides = 28, around = 8) {
  const first = across(axis);
  const second = cross(axis, first);
  const points = [];
  const faces = [];
  for (let n = 0; n < sides; n += 1) {
    const turn = (2 * Math.PI * n) / sides;
    const out = add(
      /** @type {Point} */ (first.map((x) => x * Math.cos(turn))),
      second,
      Math.sin(turn),
    );
    for (let m = 0; m < around; m += 1) {
      const roll = (2 * Math.PI * m) / around;
      const reach = radius_mm + thick_mm * Math.cos(roll);
      points.push(...add(add(centre, out, reach), axis, thick_mm * Math.sin(roll)));
      const [a, b] = [n * around + m, n * around + ((m + 1) % around)];
      const next = ((n + 1) % sides) * around;
      const [c, d] = [next + m, next + ((m + 1) % around)];
      faces.push(a, c, b, b, c, d);
    }
  }
  return { points: Float32Array.from(points), faces: Uint32Array.from(faces) };
}

/** A tube with round ends about a stretch: everything within a distance of it. @returns {Mesh} */
export function capsuleMesh(from_mm, to_mm, radius_mm, sides = 28, rows = 7) {
  const axis = unit(add(to_mm, from_mm, -1));
  const first = across(axis);
  const second = cross(axis, first);
  const points = [];
  const faces = [];
  const rings = [];
  for (const [centre, sign] of /** @type {[Point, number][]} */ ([
    [from_mm, -1],
    [to_mm, 1],
  ])) {
    for (let n = 0; n <= rows; n += 1) {
      const lift = ((sign < 0 ? rows - n : n) / rows) * (Math.PI / 2);
      rings.push([
        add(centre, axis, sign * radius_mm * Math.sin(lift)),
        radius_mm * Math.cos(lift),
      ]);
    }
  }
  for (const [centre, radius] of rings) {
    for (let n = 0; n < sides; n += 1) {
      const turn = (2 * Math.PI * n) / sides;
      const out = add(
        /** @type {Point} */ (first.map((x) => x * Math.cos(turn))),
        second,
        Math.sin(turn),
      );
      points.push(...add(/** @type {Point} */ (centre), out, /** @type {number} */ (radius)));
    }
  }
  for (let row = 0; row + 1 < rings.length; row += 1) {
    for (let n = 0; n < sides; n += 1) {
      const [a, b] = [row * sides + n, row * sides + ((n + 1) % sides)];
      const [c, d] = [a + sides, b + sides];
      faces.push(a, b, c, b, d, c);
    }
  }
  return { points: Float32Array.from(points), faces: Uint32Array.from(faces) };
}

/** A ball. @returns {Mesh} */
export function ballMesh(centre, radius_mm) {
  return capsuleMesh(centre, add(centre, [0, 0, 1e-6]), radius_mm);
}

/** Many surfaces as one. @param {Mesh[]} meshes @returns {Mesh} */
export function joined(meshes) {
  const points = new Float32Array(meshes.reduce((n, mesh) => n + mesh.points.length, 0));
  const faces = new Uint32Array(meshes.reduce((n, mesh) => n + mesh.faces.length, 0));
  let at = 0;
  let corner = 0;
  for (const mesh of meshes) {
    points.set(mesh.points, at);
    mesh.faces.forEach((face, n) => {
      faces[corner + n] = face + at / 3;
    });
    at += mesh.points.length;
    corner += mesh.faces.length;
  }
  return { points, faces };
}

/** A unit vector across an axis. */
function across(axis) {
  return unit(cross(axis, Math.abs(axis[2]) > 0.9 ? [1, 0, 0] : [0, 0, 1]));
}

// --- activated tissue ---

/**
 * A ball {centre_mm, radius_mm} or a surface {points, faces}, flat or in rows, as one mesh.
 * @returns {Mesh | null}
 */
export function tissueMesh({ centre_mm, radius_mm, points, faces }) {
  if (centre_mm && radius_mm > 0) return ballMesh(centre_mm, radius_mm);
  if (!points?.length || !faces?.length) return null;
  return { points: Float32Array.from(points.flat()), faces: Uint32Array.from(faces.flat()) };
}

/**
 * Where a slice cuts activated tissue: lines of RAS points, closed for a ball.
 * @param {import("./geometry.js").Sight} sight
 * @returns {Point[][]}
 */
export function tissueCut(part, sight) {
  const { centre_mm, radius_mm } = part;
  if (centre_mm) {
    const reach = radius_mm * radius_mm - sight.away(centre_mm) ** 2;
    if (reach <= 0) return [];
    return [round(centre_mm, sight.right, sight.up, Math.sqrt(reach))];
  }
  const mesh = tissueMesh(part);
  const lines = [];
  for (let f = 0; mesh && f < mesh.faces.length; f += 3) {
    const corners = [0, 1, 2].map((n) => {
      const at = 3 * mesh.faces[f + n];
      return /** @type {Point} */ ([...mesh.points.subarray(at, at + 3)]);
    });
    const ends = [0, 1, 2].flatMap((n) => {
      const met = crossing(sight, corners[n], corners[(n + 1) % 3]);
      return met ? [met] : [];
    });
    if (ends.length > 1) lines.push(ends.slice(0, 2));
  }
  return lines;
}

function round(centre, right, up, radius_mm) {
  return Array.from({ length: 2 * STEPS + 1 }, (_, n) => {
    const turn = (Math.PI * n) / STEPS;
    return add(add(centre, right, radius_mm * Math.cos(turn)), up, radius_mm * Math.sin(turn));
  });
}
