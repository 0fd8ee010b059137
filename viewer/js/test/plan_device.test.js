import assert from "node:assert/strict";
import { test } from "node:test";
import { PLANES } from "../src/planes.js";
import {
  OUTSIDE_MM,
  ballMesh,
  capsuleMesh,
  cylinderMesh,
  deviceParts,
  facing,
  joined,
  ringMesh,
  section,
} from "../src/plan/device_shape.js";
import { sliceSight } from "../src/plan/geometry.js";

// Medtronic 3389: radius 0.635 mm, four contacts of 1.5 mm, 2 mm apart, the first 2.25 mm behind the tip.
const LEAD = {
  segments: [{ from_mm: 0, to_mm: 400, radius_mm: 0.635 }],
  contacts: [2.25, 4.25, 6.25, 8.25].map((centre_mm) => ({
    centre_mm,
    length_mm: 1.5,
    radius_mm: 0.635,
    arc_deg: 360,
    facing_deg: 0,
  })),
};
const DOWN = { entry_mm: [0, 0, 60], target_mm: [0, 0, 0], depth_mm: 2.25, roll_rad: 0 };
const sight = (name, at) =>
  sliceSight(
    /** @type {any} */ ({
      plane: PLANES[name],
      sign: -1,
      size: [9, 9],
      zoom: 1,
      centre_mm: [0, 0],
    }),
    at,
    { convention: "radiological", nose: "left" },
  );
const spread = (points, axis) => {
  const values = points.map((p) => p[axis]);
  return [Math.min(...values), Math.max(...values)];
};
const close = (a, b, within = 1e-9) => assert.ok(Math.abs(a - b) <= within, `${a} is not ${b}`);

/** Signed volume by the divergence theorem: positive where faces look outwards. */
function volume({ points, faces }) {
  let sum = 0;
  const at = (i) => points.slice(3 * i, 3 * i + 3);
  for (let f = 0; f < faces.length; f += 3) {
    const [a, b, c] = [at(faces[f]), at(faces[f + 1]), at(faces[f + 2])];
    sum += a[0] * (b[1] * c[2] - b[2] * c[1]);
    sum += a[1] * (b[2] * c[0] - b[0] * c[2]);
    sum += a[2] * (b[0] * c[1] - b[1] * c[0]);
  }
  return sum / 6;
}

test("with its depth set to the first contact a lead has that contact at the target", () => {
  const { tip_mm, contacts } = deviceParts(/** @type {any} */ (DOWN), LEAD);
  close(tip_mm[2], -2.25);
  assert.deepEqual(
    contacts.map(({ centre_mm }) => centre_mm[2]),
    [0, 2, 4, 6],
  );
  close(contacts[0].from_mm[2], -0.75);
  close(contacts[0].to_mm[2], 0.75);
});

test("a long lead is drawn a little way out of the head, a short device whole", () => {
  const { shaft } = deviceParts(/** @type {any} */ (DOWN), LEAD);
  close(shaft.at(-1).to_mm[2], 60 + OUTSIDE_MM);
  const short = { segments: [{ from_mm: 0, to_mm: 12, radius_mm: 2 }], contacts: [] };
  close(deviceParts(/** @type {any} */ (DOWN), short).shaft[0].to_mm[2], 12 - 2.25);
});

test("across its axis a shaft is cut in its own circle", () => {
  const { shaft } = deviceParts(/** @type {any} */ (DOWN), LEAD);
  const outline = section(shaft[0], sight("axial", 20));
  for (const [x, y] of outline) close(Math.hypot(x, y), 0.635);
  assert.equal(section(shaft[0], sight("axial", -3)), null, "beyond the tip there is nothing");
});

test("along its axis a contact is cut in its own length and width", () => {
  const { contacts } = deviceParts(/** @type {any} */ (DOWN), LEAD);
  const outline = section(contacts[1], sight("coronal", 0));
  assert.deepEqual(spread(outline, 2), [1.25, 2.75]);
  assert.deepEqual(spread(outline, 0), [-0.635, 0.635]);
  assert.equal(section(contacts[1], sight("coronal", 0.7)), null, "the slice passes beside it");
  assert.ok(section(contacts[1], sight("coronal", 0.7), 0.5), "half a slice is still the slice");
});

test("a slanted shaft is cut in an ellipse", () => {
  const slanted = { ...DOWN, entry_mm: [60, 0, 60], depth_mm: 0 };
  const { shaft } = deviceParts(/** @type {any} */ (slanted), LEAD);
  const outline = section(shaft[0], sight("axial", 30));
  const [left, right] = spread(outline, 0);
  close(right - left, 2 * 0.635 * Math.SQRT2, 1e-6);
  close((left + right) / 2, 30, 1e-6);
  const [back, front] = spread(outline, 1);
  close(front - back, 2 * 0.635, 0.01);
});

test("a window on one side is cut on that side", () => {
  const needle = {
    segments: [{ from_mm: 0, to_mm: 200, radius_mm: 1 }],
    contacts: [{ centre_mm: 7, length_mm: 10, radius_mm: 1, arc_deg: 180, facing_deg: 0 }],
  };
  const { contacts } = deviceParts(/** @type {any} */ (DOWN), needle);
  const outline = section(contacts[0], sight("sagittal", 0));
  assert.deepEqual(spread(outline, 1), [0, 1], "without roll the marker faces Anterior");
});

test("the marker turns with the roll, right-handed about entry to target", () => {
  const [r, a] = facing(/** @type {any} */ ({ ...DOWN, roll_rad: Math.PI / 2 }));
  close(r, 1);
  close(a, 0);
  const along = { entry_mm: [0, 60, 0], target_mm: [0, 0, 0], roll_rad: 0 };
  assert.deepEqual(facing(/** @type {any} */ (along)), [0, 0, 1]);
});

test("surfaces hold the volumes of the bodies that they stand for, and look outwards", () => {
  const rod = { from_mm: [1, 2, 3], to_mm: [4, 6, 3], radius_mm: 2, arc_deg: 360, facing: null };
  const body = cylinderMesh(/** @type {any} */ (rod), 120);
  close(volume(body) / (Math.PI * 4 * 5), 1, 0.001);
  const ball = ballMesh(/** @type {any} */ ([5, 5, 5]), 3);
  close(volume(ball) / (36 * Math.PI), 1, 0.04);
  const tube = capsuleMesh([0, 0, 0], [0, 0, 10], 3);
  close(volume(tube) / (Math.PI * 9 * 10 + 36 * Math.PI), 1, 0.03);
  const ring = ringMesh(/** @type {any} */ ([0, 0, 0]), [0, 0, 1], 5, 1, 90, 40);
  close(volume(ring) / (2 * Math.PI ** 2 * 5), 1, 0.01);
  close(volume(joined([body, tube])), volume(body) + volume(tube), 0.01);
});
