/** The server's part on the development page: rays against coarse surfaces, lengths and angles. */

const cross = (a, b) => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const minus = (a, b) => a.map((x, i) => x - b[i]);

export class Answers {
  constructor() {
    this.scene = {};
    this.surfaces = new Map();
  }

  /** @param {any} message */
  async reply(message) {
    if (message.type === "measure") return measured(message);
    if (message.type === "pick") return this.picked(message);
    return null;
  }

  async picked({ id, origin_mm, direction, structures, clip }) {
    let best = { far: Infinity, structure: null };
    for (const structure of this.scene.structures ?? []) {
      if (!structures.includes(structure.id)) continue;
      const far = nearest(await this.surface(structure), origin_mm, direction, clip);
      if (far < best.far) best = { far, structure: structure.id };
    }
    const point_mm = best.structure ? origin_mm.map((x, i) => x + best.far * direction[i]) : null;
    return { type: "picked", id, point_mm, structure: best.structure, normal: null };
  }

  async surface(structure) {
    const { url } = structure.meshes[0];
    if (!this.surfaces.has(url)) {
      const buffer = await (await fetch(url)).arrayBuffer();
      this.surfaces.set(url, read(buffer));
    }
    return this.surfaces.get(url);
  }
}

function measured({ id, kind, points_mm: [a, b, c] }) {
  if (kind === "distance") {
    const value = Math.hypot(...minus(b, a));
    return { type: "measured", id, value, unit: "mm", sentence: `${value.toFixed(1)} mm` };
  }
  const [u, v] = [minus(a, b), minus(c, b)];
  const value = (Math.acos(dot(u, v) / Math.hypot(...u) / Math.hypot(...v)) * 180) / Math.PI;
  return { type: "measured", id, value, unit: "°", sentence: `${value.toFixed(1)} degrees` };
}

/** Distance along the ray to the first triangle that the clip plane leaves. */
function nearest({ points, faces }, origin, direction, clip) {
  let best = Infinity;
  const at = (i) => [points[3 * i], points[3 * i + 1], points[3 * i + 2]];
  for (let f = 0; f < faces.length; f += 3) {
    const a = at(faces[f]);
    const e1 = minus(at(faces[f + 1]), a);
    const e2 = minus(at(faces[f + 2]), a);
    const p = cross(direction, e2);
    const det = dot(e1, p);
    if (Math.abs(det) < 1e-12) continue;
    const s = minus(origin, a);
    const u = dot(s, p) / det;
    const q = cross(s, e1);
    const v = dot(direction, q) / det;
    const t = dot(e2, q) / det;
    if (u < 0 || v < 0 || u + v > 1 || t <= 0 || t >= best) continue;
    const hit = origin.map((x, i) => x + t * direction[i]);
    if (clip && dot(minus(hit, clip.origin_mm), clip.normal) < 0) continue;
    best = t;
  }
  return best;
}

/** A plain reader of THM1, apart from the theatre's own. */
function read(buffer) {
  const view = new DataView(buffer);
  const length = view.getUint32(4, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const points = new Float32Array(3 * head.vertices);
  let at = 8 + length;
  for (let axis = 0; axis < 3; axis += 1) {
    let q = 0;
    for (let i = 0; i < head.vertices; i += 1, at += 2) {
      q = (q + view.getUint16(at, true)) % 65536;
      points[3 * i + axis] = head.origin_mm[axis] + head.step_mm * q;
    }
  }
  at = 8 + length + Math.ceil((6 * head.vertices) / 4) * 4;
  const faces = new Uint32Array(3 * head.triangles);
  let index = 0;
  for (let i = 0; i < faces.length; i += 1, at += 4) {
    const z = view.getUint32(at, true);
    index += z % 2 ? -(z + 1) / 2 : z / 2;
    faces[i] = index;
  }
  return { points, faces };
}
