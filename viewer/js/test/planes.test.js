import assert from "node:assert/strict";
import { test } from "node:test";
import { cut, gridBounds, inside, nearestOf, sliceIndex, valueAt, voxel } from "../src/grid.js";
import { edges } from "../src/orientation.js";
import {
  PLANES,
  acrossSign,
  axes,
  conventionWords,
  fit,
  scaleBar,
  toPixel,
  toPoint,
} from "../src/planes.js";

const RADIOLOGICAL = { convention: "radiological", nose: "left" };
const NEUROLOGICAL = { convention: "neurological", nose: "right" };
const GRID = { shape: [20, 30, 25], spacing_mm: [1, 0.5, 2], origin_mm: [-10, -7, -25] };

const frameOf = (name, display) => ({
  plane: PLANES[name],
  sign: acrossSign(name, display),
  size: [400, 300],
  ...fit(name, gridBounds(GRID), [400, 300]),
});

test("radiological: the patient's right is on screen left in axial and coronal", () => {
  for (const name of ["axial", "coronal"]) {
    const screen = axes(name, RADIOLOGICAL);
    assert.equal(edges(screen.right, screen.up).left, "R");
    const f = frameOf(name, RADIOLOGICAL);
    assert.ok(toPixel(f, [5, 0, 0])[0] < toPixel(f, [-5, 0, 0])[0]);
  }
  assert.match(conventionWords("radiological"), /right is on screen left/);
});

test("neurological: the patient's right is on screen right, and the words say so", () => {
  for (const name of ["axial", "coronal"]) {
    const screen = axes(name, NEUROLOGICAL);
    assert.equal(edges(screen.right, screen.up).right, "R");
    const f = frameOf(name, NEUROLOGICAL);
    assert.ok(toPixel(f, [5, 0, 0])[0] > toPixel(f, [-5, 0, 0])[0]);
  }
  assert.match(conventionWords("neurological"), /right is on screen right/);
});

test("the sagittal nose has a switch of its own", () => {
  for (const convention of ["radiological", "neurological"]) {
    for (const nose of ["left", "right"]) {
      const screen = axes("sagittal", { convention, nose });
      assert.equal(edges(screen.right, screen.up)[nose], "A");
    }
  }
});

test("up on screen is anterior in axial and superior in the others", () => {
  assert.equal(edges(...Object.values(axes("axial", RADIOLOGICAL))).top, "A");
  assert.equal(edges(...Object.values(axes("coronal", RADIOLOGICAL))).top, "S");
  assert.equal(edges(...Object.values(axes("sagittal", RADIOLOGICAL))).top, "S");
});

test("a pixel's point goes back to that pixel, in all planes and conventions", () => {
  for (const name of Object.keys(PLANES)) {
    for (const display of [RADIOLOGICAL, NEUROLOGICAL]) {
      const f = frameOf(name, display);
      const point = toPoint(f, [123.5, 77.25], [1, 2, 3]);
      const [x, y] = toPixel(f, point);
      assert.ok(Math.abs(x - 123.5) < 1e-9 && Math.abs(y - 77.25) < 1e-9);
      assert.equal(point[PLANES[name].through], [1, 2, 3][PLANES[name].through]);
    }
  }
});

test("a fitted view shows the whole grid", () => {
  const f = frameOf("coronal", RADIOLOGICAL);
  const b = gridBounds(GRID);
  for (const corner of [
    [b[0], 0, b[4]],
    [b[1], 0, b[5]],
  ]) {
    const [x, y] = toPixel(f, corner);
    assert.ok(x >= 0 && x <= 400 && y >= 0 && y <= 300);
  }
});

test("the scale bar is a round length that fits", () => {
  for (const zoom of [0.3, 1, 2.7, 40]) {
    const { mm, pixels } = scaleBar(zoom, 100);
    assert.ok(pixels <= 100 && pixels > 35);
    assert.ok(["1", "2", "5"].includes(mm.toExponential()[0]));
  }
});

test("a marker in one voxel is found at its own place in all three cuts", () => {
  const array = new Int16Array(20 * 30 * 25);
  const [i, j, k] = [3, 11, 17];
  array[i + 20 * (j + 30 * k)] = 99;
  const mm = [-10 + 3, -7 + 5.5, -25 + 34];
  assert.deepEqual(voxel(GRID, mm), [i, j, k]);
  assert.equal(valueAt(GRID, array, mm), 99);
  for (const plane of Object.values(PLANES)) {
    const index = sliceIndex(GRID, plane.through, mm[plane.through]);
    const { values, width } = cut(GRID, array, plane, index);
    const at = values.indexOf(99);
    assert.deepEqual(
      [at % width, Math.floor(at / width)],
      [[i, j, k][plane.across], [i, j, k][plane.upward]],
    );
  }
  assert.deepEqual(
    nearestOf(
      GRID,
      array.map((v) => v && 4),
      4,
      gridBounds(GRID).map((x) => x),
    ),
    null,
  );
});

test("a structure's point is one of its own voxels", () => {
  const array = new Uint16Array(20 * 30 * 25);
  array[4 + 20 * (6 + 30 * 8)] = 5;
  assert.deepEqual(nearestOf(GRID, array, 5, gridBounds(GRID)), [-6, -4, -9]);
});

test("outside the grid there is no value, and points are kept inside", () => {
  assert.equal(valueAt(GRID, new Int16Array(15000), [100, 0, 0]), null);
  assert.deepEqual(inside(GRID, [100, -100, 0]), [9, -7, 0]);
});
