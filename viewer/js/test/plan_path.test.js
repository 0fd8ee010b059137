import assert from "node:assert/strict";
import { test } from "node:test";
import { clipPlane } from "../src/clip.js";
import { along, at, depthOf, length, probe, toPixel, toPoint } from "../src/plan/path_frame.js";
import { greys, labels } from "../src/plan/reslice.js";

const close = (a, b, by = 1e-9) =>
  a.forEach((x, i) => assert.ok(Math.abs(x - b[i]) < by, `${a} is not ${b}`));
const DOWN = { entry_mm: [10, 20, 90], target_mm: [10, 20, 30] };
const SLANT = { entry_mm: [40, 60, 70], target_mm: [10, -5, 12] };

test("the radiological plane along a path straight down is a coronal slice", () => {
  const plane = along(DOWN, "radiological");
  close(plane.right, [-1, 0, 0]);
  close(plane.up, [0, 0, 1]);
  close(plane.centre_mm, [10, 20, 60]);
  close(along(DOWN, "neurological").right, [1, 0, 0]);
});

test("a quarter turn shows the plane at right angles, and a path from the side shows the front", () => {
  const turned = along(DOWN, "radiological", 90);
  close(turned.right, [0, 1, 0]);
  const side = along({ entry_mm: [80, 0, 0], target_mm: [0, 0, 0] }, "radiological");
  close(side.right, [0, -1, 0]);
  close(side.up, [1, 0, 0]);
});

test("the probe looks from the entry: right, up and the view direction turn as a hand's fingers", () => {
  for (const way of [DOWN, SLANT]) {
    const { right, up, centre_mm } = probe(way, 7);
    const toViewer = [
      right[1] * up[2] - right[2] * up[1],
      right[2] * up[0] - right[0] * up[2],
      right[0] * up[1] - right[1] * up[0],
    ];
    const back = way.entry_mm.map((x, i) => (x - way.target_mm[i]) / length(way));
    close(toViewer, back);
    close(centre_mm, at(way, 7));
    assert.ok(up[2] >= 0);
  }
});

test("pixels and points of a plane are each other's inverse, and depths lie on the path", () => {
  const plane = along(SLANT, "radiological", 33);
  const size = /** @type {[number, number]} */ ([300, 200]);
  const point = toPoint(plane, 2.5, size, [31, 77]);
  close(toPixel(plane, 2.5, size, point), [31, 77]);
  assert.ok(Math.abs(depthOf(SLANT, at(SLANT, 12.25)) - 12.25) < 1e-12);
  const [x] = toPixel(plane, 2.5, size, SLANT.target_mm);
  assert.ok(Math.abs(x - 150) < 1e-9);
});

test("a linear picture is sampled exactly anywhere, and nothing is made up outside of it", () => {
  const grid = { shape: [20, 24, 28], spacing_mm: [1, 2, 1.5], origin_mm: [-9, -20, -18] };
  const array = new Int16Array(20 * 24 * 28);
  for (let k = 0, n = 0; k < 28; k += 1)
    for (let j = 0; j < 24; j += 1)
      for (let i = 0; i < 20; i += 1, n += 1) array[n] = 100 * i + 40 * j - 30 * k;
  const plane = along({ entry_mm: [4, 10, 12], target_mm: [-3, -6, -9] }, "radiological", 20);
  const size = { width: 40, height: 60, step_mm: 0.9 };
  const found = greys(grid, array, plane, size);
  let seen = 0;
  for (let v = 0; v < 60; v += 1)
    for (let u = 0; u < 40; u += 1) {
      const value = found[u + 40 * v];
      if (value === -32768) continue;
      seen += 1;
      const p = toPoint(plane, 1 / 0.9, [40, 60], [u + 0.5, v + 0.5]);
      const [i, j, k] = p.map((x, a) => (x - grid.origin_mm[a]) / grid.spacing_mm[a]);
      assert.ok(Math.abs(value - (100 * i + 40 * j - 30 * k)) <= 0.51);
    }
  assert.ok(seen > 500);
  assert.ok(found.includes(-32768));
});

test("labels are those of the nearest voxels", () => {
  const grid = { shape: [10, 10, 10], spacing_mm: [1, 1, 1], origin_mm: [0, 0, 0] };
  const array = Uint16Array.from({ length: 1000 }, (_, n) => (n % 10 < 5 ? 3 : 8));
  const plane = { centre_mm: [5, 5, 5], right: [1, 0, 0], up: [0, 0, 1] };
  const found = labels(grid, array, plane, { width: 9, height: 1, step_mm: 1 });
  assert.deepEqual([...found], [3, 3, 3, 3, 8, 8, 8, 8, 8]);
});

test("peeling to a path cuts through it and takes away what lies before it", () => {
  const clip = { on: true, axis: "path", flipped: false, follow: true, share: 0.5 };
  const back = [0.6, 0.64, 0.48];
  const plane = clipPlane(clip, [0, 0, 0], null, { ...SLANT, back });
  const from = (p) => p.reduce((sum, x, i) => sum + (x - plane.origin_mm[i]) * plane.normal[i], 0);
  assert.ok(Math.abs(from(SLANT.entry_mm)) < 1e-9);
  assert.ok(from(SLANT.target_mm.map((x, i) => x + 30 * back[i])) < 0);
  assert.ok(from(SLANT.target_mm.map((x, i) => x - 30 * back[i])) > 0);
  assert.equal(clipPlane(clip, [0, 0, 0], null, null), null);
});
