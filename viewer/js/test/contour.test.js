import assert from "node:assert/strict";
import { test } from "node:test";
import { outlines } from "../src/contour.js";
import { reduced } from "../src/reduce.js";

/** Area inside closed outlines, from their loose segments (each directed either way). */
function loops(lines) {
  const ends = new Map();
  for (let i = 0; i < lines.length; i += 2) {
    const key = `${lines[i]} ${lines[i + 1]}`;
    ends.set(key, (ends.get(key) ?? 0) + 1);
  }
  return ends;
}

test("every outline is closed: each of its points joins an even number of segments", () => {
  const width = 24;
  const values = new Uint16Array(width * width);
  let seed = 7;
  for (let i = 0; i < values.length; i += 1) {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    values[i] = Math.floor(seed / 65536) % 4;
  }
  const found = outlines(values, width, width, () => true);
  assert.deepEqual([...found.keys()].sort(), [1, 2, 3]);
  for (const lines of found.values()) {
    for (const count of loops(lines).values()) assert.equal(count % 2, 0);
  }
});

test("one voxel has a diamond of half a voxel around it", () => {
  const values = new Uint16Array(25);
  values[12] = 6;
  const lines = outlines(values, 5, 5, () => true).get(6);
  assert.equal(lines.length, 16);
  for (let i = 0; i < lines.length; i += 2) {
    assert.ok(Math.abs(Math.abs(lines[i] - 2) + Math.abs(lines[i + 1] - 2) - 0.5) < 1e-9);
  }
});

test("labels that are not wanted have no outline", () => {
  const values = new Uint16Array([1, 1, 2, 2]);
  assert.deepEqual([...outlines(values, 2, 2, (l) => l === 2).keys()], [2]);
});

test("a label at the edge of the slice is closed there", () => {
  const lines = outlines(new Uint16Array([3]), 1, 1, () => true).get(3);
  assert.equal(lines.length, 16);
});

test("a volume is thinned to its budget and keeps its place and greys", () => {
  const grid = { shape: [40, 40, 40], spacing_mm: [1, 1, 2], origin_mm: [-5, 0, 5] };
  const array = new Int16Array(64000).fill(50);
  const thin = reduced(grid, array, { slope: 1, inter: 0, window: [0, 100] }, 9000);
  assert.ok(thin.values.length <= 9000);
  assert.deepEqual(thin.shape, [20, 20, 20]);
  assert.deepEqual(thin.spacing_mm, [2, 2, 4]);
  assert.deepEqual(thin.origin_mm, [-5, 0, 5]);
  assert.ok(thin.values.every((v) => v === 127));
});
