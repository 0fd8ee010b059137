import assert from "node:assert/strict";
import { test } from "node:test";
import { project } from "../src/camera.js";
import { PLANES } from "../src/planes.js";
import {
  HIT_PX,
  alongLine,
  arrow,
  crossing,
  hit,
  moved,
  pieces,
  shift,
  sliceSight,
  spaceSight,
} from "../src/plan/geometry.js";
import { nearestOnEdge, rim } from "../src/plan/snap.js";

const RADIOLOGICAL = { convention: "radiological", nose: "left" };
const FRAME = {
  plane: PLANES.axial,
  sign: /** @type {const} */ (-1),
  size: [400, 400],
  zoom: 2,
  centre_mm: [0, 0],
};
const axial = (at = 0) => sliceSight(/** @type {any} */ (FRAME), at, RADIOLOGICAL);
const CAMERA = { position: [0, 500, 0], focus: [0, 0, 0], up: [0, 0, 1], angle_deg: 30 };
const front = spaceSight(/** @type {any} */ (CAMERA), [400, 400]);
const PATH = { entry_mm: [30, 10, 40], target_mm: [10, 0, 0], depth_mm: 0, device: "x" };

const near = (a, b, within = 1e-9) =>
  a.forEach((x, i) => assert.ok(Math.abs(x - b[i]) < within, `${a} is not ${b}`));

test("a handle is met within nine pixels of it and not beyond", () => {
  const sight = axial();
  const [x, y] = sight.pixel(PATH.target_mm);
  assert.equal(hit(sight, [PATH], [x + HIT_PX - 0.5, y]).end, "target");
  assert.equal(hit(sight, [PATH], [x + HIT_PX + 0.5, y]), null);
});

test("of two handles on one pixel the one that lies in the slice is met", () => {
  const straight = { entry_mm: [0, 0, 50], target_mm: [0, 0, 0] };
  assert.equal(hit(axial(0), [straight], [200, 200]).end, "target");
  assert.equal(hit(axial(50), [straight], [200, 200]).end, "entry");
});

test("a shaft is met between its ends, where it lies near enough to the slice", () => {
  const pixel = axial().pixel([20, 5, 20]);
  const found = hit(axial(20), [PATH], pixel);
  assert.equal(found.end, "both");
  near(found.point, [20, 5, 20], 1e-6);
  assert.equal(hit(axial(80), [PATH], pixel), null, "60 mm off the slice");
  assert.equal(hit(axial(20), [{ ...PATH, shaft: false }], pixel), null);
});

test("a drag in a slice moves in the slice's plane by what the pointer went", () => {
  const sight = axial(12);
  const hold = {
    from: PATH,
    point: PATH.entry_mm,
    ray: sight.ray([100, 100]),
    normal: sight.normal,
  };
  // Radiological: 20 px to the right are 10 mm to the left at 2 px/mm; 8 px up are 4 mm forwards.
  near(shift(hold, sight.ray([120, 92]), false), [-10, 4, 0]);
});

test("a drag in 3D keeps the pointer on the point, in the plane that faces the camera", () => {
  const pixel = front.pixel(PATH.target_mm);
  const hold = { from: PATH, point: PATH.target_mm, ray: front.ray(pixel), normal: front.normal };
  const delta = shift(hold, front.ray([pixel[0] + 30, pixel[1] - 20]), false);
  assert.ok(Math.abs(delta[1]) < 1e-9, "from the front nothing moves forwards or back");
  const after = moved(PATH, "target", delta);
  near(front.pixel(after.target_mm), [pixel[0] + 30, pixel[1] - 20], 1e-6);
  near(after.entry_mm, PATH.entry_mm);
});

test("with Alt a drag slides along the path", () => {
  const pixel = front.pixel(PATH.target_mm);
  const hold = { from: PATH, point: PATH.target_mm, ray: front.ray(pixel), normal: front.normal };
  const goal = [10 + 0.2 * 20, 0.2 * 10, 0.2 * 40];
  const seen = project(/** @type {any} */ (CAMERA), /** @type {any} */ (goal), [400, 400]);
  near(shift(hold, front.ray([seen.x, seen.y]), true), [4, 2, 8], 1e-6);
});

test("along a path that points at the viewer nothing slides", () => {
  assert.equal(
    alongLine({ origin_mm: [0, 9, 0], direction: [0, -1, 0] }, [0, 0, 0], [0, 1, 0]),
    null,
  );
});

test("a path shorter than a millimetre is not made", () => {
  assert.equal(moved(PATH, "entry", [-20, -10, -40]), null);
  near(moved(PATH, "both", [1, 2, 3]).target_mm, [11, 2, 3]);
});

test("arrow keys move as the screen shows, and with Alt deeper and back", () => {
  near(arrow(axial(), PATH, "ArrowRight", false), [-1, 0, 0]);
  near(arrow(axial(), PATH, "ArrowUp", false), [0, 1, 0]);
  near(arrow(front, PATH, "ArrowUp", false), [0, 0, 1]);
  const size = Math.hypot(20, 10, 40);
  near(arrow(axial(), PATH, "ArrowDown", true), [-20 / size, -10 / size, -40 / size]);
  assert.equal(arrow(axial(), PATH, "ArrowLeft", true), null);
});

test("a path is cut by half a slice on both sides", () => {
  // Seen from the feet, as radiologists do, what lies below the slice lies before it.
  const cut = pieces(axial(20), PATH.entry_mm, PATH.target_mm, 0.5);
  assert.deepEqual(
    cut.map(({ side }) => side),
    [-1, 0, 1],
  );
  near([cut[1].from[2], cut[1].to[2]], [20.5, 19.5]);
  near(cut[0].from, PATH.entry_mm);
  near(cut[2].to, PATH.target_mm);
});

test("a path meets a slice at one point or not at all", () => {
  near(crossing(axial(20), PATH.entry_mm, PATH.target_mm), [20, 5, 20]);
  assert.equal(crossing(axial(41), PATH.entry_mm, PATH.target_mm), null);
});

const DISC = { shape: [41, 41, 3], spacing_mm: [2, 2, 2], origin_mm: [-40, -40, 0] };
const disc = new Uint16Array(41 * 41 * 3);
for (let v = 0; v < 41; v += 1) {
  for (let u = 0; u < 41; u += 1) {
    const far = Math.hypot(2 * u - 40, 2 * v - 40);
    if (far <= 30 && far > 10) disc[u + 41 * v + 41 * 41] = 7; // hollow inside, like an airway
  }
}

test("an entry snaps to the outer edge of the head, not to a hollow within", () => {
  const edge = rim(DISC, disc, PLANES.axial, 1);
  for (const [u, v] of [
    [50, 0],
    [20, 3],
    [-35, -35],
    [3, 15],
  ]) {
    const found = nearestOnEdge(edge, u, v);
    assert.ok(Math.abs(Math.hypot(...found) - 30) <= 2, "within a voxel of the disc's edge");
  }
  const [u, v] = nearestOnEdge(edge, 50, 0);
  assert.deepEqual(
    [u, v],
    [31, 0],
    "the face between the last labelled voxel and the first outside",
  );
});

test("without a label there is no edge to snap to", () => {
  assert.equal(nearestOnEdge(rim(DISC, disc, PLANES.axial, 0), 5, 5), null);
});
