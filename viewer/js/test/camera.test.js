import assert from "node:assert/strict";
import { test } from "node:test";
import { clipPlane, clipWords, NO_CLIP } from "../src/clip.js";
import { dolly, dot, frame, oblique, orbit, pan, project, ray, standard } from "../src/camera.js";

const BOUNDS = [-80, 80, -100, 90, -70, 90];

test("a pixel's ray goes through the point that is drawn there", () => {
  const camera = orbit(standard("L", BOUNDS, 1.4), 40, 25);
  const size = [700, 500];
  for (const point of [
    [10, 20, 30],
    [-60, 5, -40],
    [0, -80, 12],
  ]) {
    const { x, y, depth } = project(camera, point, size);
    const { origin_mm, direction } = ray(camera, [x, y], size);
    const away = point.map((p, i) => p - origin_mm[i]);
    const along = dot(away, direction);
    const miss = Math.hypot(...away.map((a, i) => a - along * direction[i]));
    assert.ok(miss < 1e-6 && along > 0 && depth > 0);
  }
});

test("what lies behind the camera has no pixel", () => {
  const camera = standard("A", BOUNDS);
  assert.equal(project(camera, [0, 2000, 0], [500, 500]), null);
});

test("standard views look from their side and show all of the head", () => {
  for (const [letter, axis, sign] of [
    ["R", 0, 1],
    ["L", 0, -1],
    ["A", 1, 1],
    ["P", 1, -1],
    ["S", 2, 1],
    ["I", 2, -1],
  ]) {
    const camera = standard(letter, BOUNDS, 0.8);
    assert.ok(sign * (camera.position[axis] - camera.focus[axis]) > 100);
    const size = [400, 500];
    for (const x of BOUNDS.slice(0, 2)) {
      for (const y of BOUNDS.slice(2, 4)) {
        for (const z of BOUNDS.slice(4, 6)) {
          const seen = project(camera, [x, y, z], size);
          assert.ok(seen.x > -20 && seen.x < 420 && seen.y > -20 && seen.y < 520);
        }
      }
    }
  }
});

test("turning keeps the distance, the focus and a straight frame", () => {
  let camera = standard("A", BOUNDS);
  const far = Math.hypot(...camera.position.map((p, i) => p - camera.focus[i]));
  for (let i = 0; i < 200; i += 1) camera = orbit(camera, 13, -7);
  assert.ok(
    Math.abs(Math.hypot(...camera.position.map((p, i) => p - camera.focus[i])) - far) < 1e-6,
  );
  const { right, up, back } = frame(camera);
  for (const [a, b] of [
    [right, up],
    [up, back],
    [right, back],
  ])
    assert.ok(Math.abs(dot(a, b)) < 1e-9);
});

test("dragging right shows more of what was on the left", () => {
  const camera = orbit(standard("A", BOUNDS), 20, 0);
  assert.ok(
    camera.position[0] > camera.focus[0],
    "from the front, screen left is the patient's right",
  );
});

test("moving the picture carries the point under the pointer along", () => {
  const camera = standard("P", BOUNDS);
  const moved = pan(camera, 30, -12, 500);
  const before = project(camera, camera.focus, [500, 500]);
  const after = project(moved, camera.focus, [500, 500]);
  assert.ok(Math.abs(after.x - before.x - 30) < 1e-6 && Math.abs(after.y - before.y + 12) < 1e-6);
});

test("coming closer stops short of the focus", () => {
  let camera = standard("A", BOUNDS);
  for (let i = 0; i < 100; i += 1) camera = dolly(camera, 1.5);
  assert.ok(Math.hypot(...camera.position.map((p, i) => p - camera.focus[i])) >= 20 - 1e-9);
});

test("the clip plane follows the crosshair or stands at its share of the bounds", () => {
  assert.equal(clipPlane(NO_CLIP, [1, 2, 3], BOUNDS), null);
  const on = { ...NO_CLIP, on: true, axis: 2 };
  assert.deepEqual(clipPlane(on, [1, 2, 3], BOUNDS), { origin_mm: [1, 2, 3], normal: [0, 0, -1] });
  const placed = clipPlane({ ...on, follow: false, share: 0.25, flipped: true }, [1, 2, 3], BOUNDS);
  assert.deepEqual(placed, { origin_mm: [1, 2, -30], normal: [0, 0, 1] });
});

test("the words of the clip plane agree with its normal", () => {
  assert.match(clipWords({ axis: 0, flipped: false }), /left/);
  assert.equal(clipPlane({ ...NO_CLIP, on: true }, [0, 0, 0], BOUNDS).normal[0], -1);
});

test("a case opens from the patient's left front and above, upright, with all of the head", () => {
  const camera = oblique(BOUNDS, 0.8);
  const { right, up, back } = frame(camera);
  assert.ok(back[0] < -0.4 && back[1] > 0.4 && back[2] > 0.1 && back[2] < 0.5);
  assert.ok(Math.abs(dot(up, back)) < 1e-9 && up[2] > 0.9 && Math.abs(right[2]) < 1e-9);
  for (const x of BOUNDS.slice(0, 2)) {
    for (const y of BOUNDS.slice(2, 4)) {
      for (const z of BOUNDS.slice(4, 6)) {
        const seen = project(camera, [x, y, z], [400, 500]);
        assert.ok(seen.x > -20 && seen.x < 420 && seen.y > -20 && seen.y < 520);
      }
    }
  }
});
