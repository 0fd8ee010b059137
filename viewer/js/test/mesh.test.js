import assert from "node:assert/strict";
import { test } from "node:test";
import { MeshError, decode, normals, polygons } from "../src/mesh.js";

/** THM1 bytes written from the format's text, apart from the reader. */
function encode({ points, faces, origin, step, header = {} }) {
  const n = points.length;
  let text = JSON.stringify({
    vertices: n,
    triangles: faces.length / 3,
    origin_mm: origin,
    step_mm: step,
    ...header,
  });
  text += " ".repeat((4 - (new TextEncoder().encode(text).length % 4)) % 4);
  const head = new TextEncoder().encode(text);
  const out = [0x54, 0x48, 0x4d, 0x31];
  const u32 = (x) => out.push(x & 255, (x >>> 8) & 255, (x >>> 16) & 255, (x >>> 24) & 255);
  u32(head.length);
  out.push(...head);
  for (let axis = 0; axis < 3; axis += 1) {
    let before = 0;
    for (const point of points) {
      const step16 = (((point[axis] - before) % 65536) + 65536) % 65536;
      out.push(step16 & 255, step16 >>> 8);
      before = point[axis];
    }
  }
  while (out.length % 4) out.push(0);
  let before = 0;
  for (const index of faces) {
    const d = index - before;
    u32(d >= 0 ? 2 * d : -2 * d - 1);
    before = index;
  }
  return new Uint8Array(out).buffer;
}

const TETRAHEDRON = {
  points: [
    [0, 0, 0],
    [65535, 0, 0],
    [0, 40000, 0],
    [0, 0, 3],
  ],
  faces: [0, 2, 1, 0, 1, 3, 1, 2, 3, 2, 0, 3],
  origin: [-10, 20, 30.5],
  step: 0.001,
};

test("a surface comes back at its place in millimetres, its corners in order", () => {
  const { points, faces, head } = decode(encode(TETRAHEDRON));
  assert.equal(head.vertices, 4);
  const expected = TETRAHEDRON.points.flatMap((p) =>
    p.map((q, a) => TETRAHEDRON.origin[a] + q * 0.001),
  );
  expected.forEach((x, i) => assert.ok(Math.abs(points[i] - x) < 1e-5));
  assert.deepEqual([...faces], TETRAHEDRON.faces);
});

test("an odd number of vertices is padded to a whole word", () => {
  const odd = { ...TETRAHEDRON, points: TETRAHEDRON.points.slice(0, 3), faces: [0, 1, 2] };
  assert.deepEqual([...decode(encode(odd)).faces], [0, 1, 2]);
});

test("header text outside ASCII is read", () => {
  const it = decode(encode({ ...TETRAHEDRON, header: { structure: "œdème" } }));
  assert.equal(it.head.structure, "œdème");
});

test("what is not a whole surface is refused", () => {
  const whole = encode(TETRAHEDRON);
  assert.throws(() => decode(new ArrayBuffer(3)), MeshError);
  assert.throws(() => decode(new TextEncoder().encode("<html>not found</html>").buffer), MeshError);
  assert.throws(() => decode(whole.slice(0, -4)), MeshError);
  assert.throws(() => decode(encode({ ...TETRAHEDRON, faces: [0, 1, 7] })), /missing vertex/);
});

test("normals of an outward surface point outward and have unit length", () => {
  const surface = decode(
    encode({
      ...TETRAHEDRON,
      points: [
        [0, 0, 0],
        [900, 0, 0],
        [0, 900, 0],
        [0, 0, 900],
      ],
    }),
  );
  const n = normals(surface);
  const middle = [0, 1, 2].map(
    (a) =>
      (surface.points[a] + surface.points[3 + a] + surface.points[6 + a] + surface.points[9 + a]) /
      4,
  );
  for (let i = 0; i < 4; i += 1) {
    const out = [0, 1, 2].map((a) => surface.points[3 * i + a] - middle[a]);
    const dot = out[0] * n[3 * i] + out[1] * n[3 * i + 1] + out[2] * n[3 * i + 2];
    assert.ok(dot > 0);
    assert.ok(Math.abs(Math.hypot(n[3 * i], n[3 * i + 1], n[3 * i + 2]) - 1) < 1e-5);
  }
});

test("polygons carry their number of corners", () => {
  assert.deepEqual([...polygons(new Uint32Array([4, 5, 6, 7, 8, 9]))], [3, 4, 5, 6, 3, 7, 8, 9]);
});
