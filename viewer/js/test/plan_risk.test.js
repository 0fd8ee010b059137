import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BLOCKED,
  PLAIN,
  colourOf,
  colours,
  isolines,
  nearestEntries,
} from "../src/plan/risk_colours.js";

const light = ([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

test("more risk is always darker", () => {
  const steps = Array.from({ length: 21 }, (_, i) => light(colourOf(i / 20)));
  for (let i = 1; i < steps.length; i += 1) assert.ok(steps[i] < steps[i - 1]);
});

test("a vertex takes its nearest entry, none beyond reach", () => {
  const random = (n) =>
    Float32Array.from({ length: 3 * n }, (_, i) => 60 * Math.sin(12.9898 * i * i + n));
  const points = random(200);
  const entries = random(400);
  const found = nearestEntries(points, entries, 9);
  for (let p = 0; p < 200; p += 1) {
    const far = Array.from({ length: 400 }, (_, e) =>
      Math.hypot(...[0, 1, 2].map((k) => points[3 * p + k] - entries[3 * e + k])),
    );
    const least = Math.min(...far);
    if (least < 9) assert.ok(Math.abs(far[found[p]] - least) < 1e-5);
    else assert.equal(found[p], -1);
  }
});

test("infeasible, unknown and far places wear colours of their own", () => {
  const rgb = colours(Int32Array.of(0, 1, 2, -1), Uint8Array.of(0, 200, 255));
  assert.deepEqual([...rgb.slice(0, 3)], colourOf(0));
  assert.deepEqual([...rgb.slice(3, 6)], BLOCKED);
  assert.deepEqual([...rgb.slice(6, 9)], PLAIN);
  assert.deepEqual([...rgb.slice(9, 12)], PLAIN);
});

test("a line of equal risk lies where the risk is that, by interpolation", () => {
  const points = Float32Array.of(0, 0, 0, 10, 0, 0, 0, 10, 0);
  const ends = isolines(points, Uint32Array.of(0, 1, 2), Float32Array.of(0, 1, 1), [0.4]);
  assert.deepEqual(
    [...ends].map((x) => Math.round(x * 1e4) / 1e4).sort(),
    [4, 0, 0, 0, 4, 0].sort(),
  );
  assert.equal(
    isolines(points, Uint32Array.of(0, 1, 2), Float32Array.of(NaN, 1, 1), [0.4]).length,
    0,
  );
});
