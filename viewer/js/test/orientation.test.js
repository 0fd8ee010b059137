import assert from "node:assert/strict";
import { test } from "node:test";
import { orbit, frame, standard } from "../src/camera.js";
import { cube, edges, letters } from "../src/orientation.js";

const OPPOSITE = { R: "L", L: "R", A: "P", P: "A", S: "I", I: "S" };

test("letters name RAS directions, the largest part first", () => {
  assert.equal(letters([1, 0, 0]), "R");
  assert.equal(letters([-2, 0, 0]), "L");
  assert.equal(letters([0, -1, 0]), "P");
  assert.equal(letters([0, 0, 3]), "S");
  assert.equal(letters([0.4, 0, 0.9]), "SR");
  assert.equal(letters([-0.5, 0.7, -0.6]), "AIL");
  assert.equal(letters([1, 0.05, 0]), "R");
  assert.equal(letters([0, 0, 0]), "");
});

test("opposite edges carry opposite letters, from any side", () => {
  for (const letter of ["A", "P", "L", "R", "S", "I"]) {
    let camera = standard(letter, [-80, 80, -100, 90, -70, 90]);
    for (let turn = 0; turn < 12; turn += 1) {
      const screen = frame(camera);
      const e = edges(screen.right, screen.up);
      assert.equal([...e.right].map((c) => OPPOSITE[c]).join(""), e.left);
      assert.equal([...e.top].map((c) => OPPOSITE[c]).join(""), e.bottom);
      camera = orbit(camera, 31 * turn, 17);
    }
  }
});

test("looking from the front, the patient's right is on screen left and the head is up", () => {
  const screen = frame(standard("A", [-80, 80, -100, 90, -70, 90]));
  assert.deepEqual(edges(screen.right, screen.up), {
    right: "L",
    left: "R",
    top: "S",
    bottom: "I",
  });
});

test("looking from above with the nose up, the patient's right is on screen right", () => {
  const screen = frame(standard("S", [-80, 80, -100, 90, -70, 90]));
  assert.deepEqual(edges(screen.right, screen.up), {
    right: "R",
    left: "L",
    top: "A",
    bottom: "P",
  });
});

test("each standard view shows its own face of the cube, squarely", () => {
  for (const letter of ["A", "P", "L", "R", "S", "I"]) {
    const faces = cube(frame(standard(letter, [-1, 1, -1, 1, -1, 1])));
    assert.deepEqual(
      faces.map((f) => f.letter),
      [letter],
    );
    assert.ok(Math.hypot(...faces[0].centre) < 1e-9);
  }
});

test("an oblique view shows three faces and no letter is mirrored", () => {
  const camera = orbit(standard("A", [-1, 1, -1, 1, -1, 1]), 60, 40);
  const faces = cube(frame(camera));
  assert.equal(faces.length, 3);
  for (const { across, down } of faces) {
    assert.ok(across[0] * down[1] - across[1] * down[0] > 0);
  }
});
