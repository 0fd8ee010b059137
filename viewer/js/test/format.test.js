import assert from "node:assert/strict";
import { test } from "node:test";
import { ras, rasOne } from "../src/format.js";

test("a coordinate wears the letter of its side, and none in the middle", () => {
  assert.equal(ras([-17.6, 35.3, -12.14]), "L 17.6  A 35.3  I 12.1 mm");
  for (const zero of [0, -0, 0.04, -0.04]) {
    assert.equal(rasOne(0, zero), "0.0 mm");
    assert.equal(ras([zero, -14, 15]), "0.0  P 14.0  S 15.0 mm");
  }
  assert.equal(rasOne(0, -0.06), "L 0.1 mm");
});
