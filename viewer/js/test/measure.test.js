import assert from "node:assert/strict";
import { test } from "node:test";
import { angle_deg, answer, distance_mm, presence, words } from "../src/measure.js";

test("a distance is a straight line in millimetres", () => {
  assert.equal(distance_mm([0, 0, 0], [2, 3, 6]), 7);
  assert.equal(
    words("distance", [
      [0, 0, 0],
      [2, 3, 6],
    ]),
    "7.0 mm",
  );
});

test("an angle stands at its middle point", () => {
  assert.equal(angle_deg([1, 0, 0], [0, 0, 0], [0, 5, 0]), 90);
  assert.ok(Math.abs(angle_deg([1, 0, 0], [0, 0, 0], [1, Math.sqrt(3), 0]) - 60) < 1e-9);
  assert.ok(Math.abs(angle_deg([1, 0, 0], [0, 0, 0], [-1, 0, 0]) - 180) < 1e-9);
  assert.equal(angle_deg([0, 0, 0], [0, 0, 0], [1, 0, 0]), null);
  assert.equal(
    words("angle", [
      [1, 0, 0],
      [0, 0, 0],
      [0, 1, 0],
    ]),
    "90.0°",
  );
});

test("an unfinished measure has no answer", () => {
  assert.equal(words("distance", [[0, 0, 0]]), "");
});

test("the server's answer carries its unit", () => {
  assert.equal(answer(12.345, "mm"), "12.3 mm");
  assert.equal(answer(45, "deg"), "45.0°");
});

test("a measure is whole in its own slice, in part where it crosses, else absent", () => {
  const points = [
    [0, 0, 10],
    [5, 5, 10],
  ];
  assert.equal(presence(points, 2, 10.2, 0.75), "full");
  assert.equal(presence(points, 2, 15, 0.75), "none");
  assert.equal(presence(points, 0, 3, 0.75), "part");
  assert.equal(presence(points, 0, 9, 0.75), "none");
});
