/** THM1: a surface as quantised, difference-coded planes. See the wire format in the docs. */

/** @typedef {import("./types.js").Surface} Surface */

const MAGIC = 0x314d4854; // "THM1", little endian

export class MeshError extends Error {}

/**
 * @param {ArrayBuffer} buffer  the bytes after gzip has been undone
 * @returns {Surface}
 */
export function decode(buffer) {
  if (buffer.byteLength < 8) throw new MeshError("The surface file is cut short.");
  const view = new DataView(buffer);
  if (view.getUint32(0, true) !== MAGIC) throw new MeshError("The file is not a THM1 surface.");
  const length = view.getUint32(4, true);
  if (length % 4 !== 0 || 8 + length > buffer.byteLength) {
    throw new MeshError("The surface file's header is damaged.");
  }
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const { vertices: n, triangles: m, origin_mm: origin, step_mm: step } = head;
  const planes = 8 + length;
  const indices = planes + Math.ceil((6 * n) / 4) * 4;
  if (buffer.byteLength !== indices + 12 * m) {
    throw new MeshError("The surface file does not hold what its header says.");
  }
  const points = unfold(new Uint16Array(buffer, planes, 3 * n), n, origin, step);
  const faces = unzigzag(new Int32Array(buffer, indices, 3 * m), n);
  return { points, faces, head };
}

/** Undo the differences (mod 65536) of three planes and place the points [mm]. */
function unfold(words, n, origin, step) {
  const points = new Float32Array(3 * n);
  for (let axis = 0; axis < 3; axis += 1) {
    let value = 0;
    for (let i = 0; i < n; i += 1) {
      value = (value + words[axis * n + i]) & 0xffff;
      points[3 * i + axis] = origin[axis] + step * value;
    }
  }
  return points;
}

/** Undo zig-zag differences of the index stream; refuses an index that no vertex has. */
function unzigzag(coded, n) {
  const faces = new Uint32Array(coded.length);
  let value = 0;
  for (let i = 0; i < coded.length; i += 1) {
    value += (coded[i] >>> 1) ^ -(coded[i] & 1);
    if (value < 0 || value >= n) throw new MeshError("The surface file names a missing vertex.");
    faces[i] = value;
  }
  return faces;
}

/**
 * Area-weighted vertex normals.
 * @param {Surface} surface
 * @returns {Float32Array} 3 n, unit length
 */
export function normals({ points, faces }) {
  const out = new Float32Array(points.length);
  for (let f = 0; f < faces.length; f += 3) {
    const a = 3 * faces[f];
    const b = 3 * faces[f + 1];
    const c = 3 * faces[f + 2];
    const ux = points[b] - points[a];
    const uy = points[b + 1] - points[a + 1];
    const uz = points[b + 2] - points[a + 2];
    const vx = points[c] - points[a];
    const vy = points[c + 1] - points[a + 1];
    const vz = points[c + 2] - points[a + 2];
    const nx = uy * vz - uz * vy;
    const ny = uz * vx - ux * vz;
    const nz = ux * vy - uy * vx;
    for (const at of [a, b, c]) {
      out[at] += nx;
      out[at + 1] += ny;
      out[at + 2] += nz;
    }
  }
  for (let i = 0; i < out.length; i += 3) {
    const size = Math.hypot(out[i], out[i + 1], out[i + 2]) || 1;
    out[i] /= size;
    out[i + 1] /= size;
    out[i + 2] /= size;
  }
  return out;
}

/** vtk's polygon list: each triangle preceded by its number of corners. */
export function polygons(faces) {
  const out = new Uint32Array((faces.length / 3) * 4);
  for (let f = 0, at = 0; f < faces.length; f += 3, at += 4) {
    out[at] = 3;
    out[at + 1] = faces[f];
    out[at + 2] = faces[f + 1];
    out[at + 3] = faces[f + 2];
  }
  return out;
}
