import assert from "node:assert/strict";
import { test } from "node:test";
import { Book } from "../src/plan/book.js";
import { tissueCut } from "../src/plan/device_shape.js";
import { sliceSight } from "../src/plan/geometry.js";
import { GREY, labelOf, shownPaths, tubeOf } from "../src/plan/shown.js";
import { fading } from "../src/plan/slice_paint.js";
import { PLANES } from "../src/planes.js";
import { Store } from "../src/store.js";

const PATH = { device: "lead", entry_mm: [0, 0, 60], target_mm: [0, 0, 0], depth_mm: 0 };

function aBook(...plans) {
  const store = new Store({ convention: "radiological", nose: "left" });
  const theatre = { store, send: () => {}, notices: { tell: () => {} } };
  const book = new Book(theatre);
  const planning = { procedures: [], devices: [{ id: "lead", segments: [], contacts: [] }] };
  book.begin({ planning, anatomy: "a", frame: "f" });
  store.amend({ plans, current: plans[0]?.id ?? null });
  return { store, book };
}

const aPlan = (id, count, look = {}) => ({
  id,
  procedure: "p",
  anatomy: "a",
  placements: Array.from({ length: count }, () => PATH),
  look: { name: id, colour: "#f0e442", shape: "circle", hidden: false, ...look },
});

test("the path in hand is drawn last, other plans first and only as ghosts", () => {
  const { store, book } = aBook(aPlan("one", 3), aPlan("two", 1));
  store.look({ placement: 1 });
  const roles = () => shownPaths(store, book).map(({ plan, n, role }) => `${plan} ${n} ${role}`);
  assert.deepEqual(roles(), ["two 0 ghost", "one 0 current", "one 2 current", "one 1 edited"]);
  store.look({ ghost: false });
  assert.equal(roles().length, 3);
});

test("a hidden plan is not drawn, one of another reconstruction is grey", () => {
  const other = { ...aPlan("old", 1), anatomy: "b" };
  const { store, book } = aBook(aPlan("one", 1, { hidden: true }), other);
  const [shown, ...more] = shownPaths(store, book);
  assert.equal(more.length, 0);
  assert.equal(shown.colour, GREY);
  assert.ok(shown.fixed);
});

test("what is only begun is drawn with the one end that it has", () => {
  const { store, book } = aBook();
  book.draft = { procedure: "p", device: "lead", entry_mm: [1, 2, 3] };
  const [shown] = shownPaths(store, book);
  assert.equal(shown.plan, null);
  assert.equal(shown.device, null, "no device without a path");
  assert.equal(labelOf(shown, "entry"), "E  New plan");
});

test("electrodes of one plan are numbered, and only the one in hand is named", () => {
  const { store, book } = aBook(aPlan("A very long name of a plan indeed", 2));
  const [second, first] = shownPaths(store, book);
  assert.equal(labelOf(second, "entry"), "E2");
  assert.equal(labelOf(first, "entry"), "E1  A very long name of a pla…");
  assert.equal(labelOf(first, "target"), "T1");
});

test("the tube is drawn when it is asked for, certified and wider than nothing", () => {
  const { store, book } = aBook(aPlan("one", 1));
  const shown = shownPaths(store, book)[0];
  const certify = (guaranteed_mm) =>
    book.receive({
      type: "plan_scored",
      key: book.keyOf(store.display.plans[0]),
      status: "ok",
      result: { tolerance: { each: [{ guaranteed_mm }] } },
    });
  certify(2.5);
  assert.equal(tubeOf(shown, store, book), null);
  store.look({ tube: true });
  assert.equal(tubeOf(shown, store, book), 2.5);
  certify(-1);
  assert.equal(tubeOf(shown, store, book), null);
});

test("a path fades with its distance from the slice and never quite away", () => {
  assert.equal(fading(0.4, 0.5), 1);
  assert.ok(fading(1, 0.5) > fading(20, 0.5));
  assert.equal(fading(60, 0.5), fading(-900, 0.5));
  assert.ok(fading(900, 0.5) > 0.2);
});

test("activated tissue is cut in the circle of its ball, and along the faces of its surface", () => {
  const frame = { plane: PLANES.axial, sign: -1, size: [9, 9], zoom: 1, centre_mm: [0, 0] };
  const sight = sliceSight(/** @type {any} */ (frame), 3, {
    convention: "radiological",
    nose: "left",
  });
  const [circle] = tissueCut({ centre_mm: [0, 0, 0], radius_mm: 5 }, sight);
  for (const [x, y] of circle) assert.ok(Math.abs(Math.hypot(x, y) - 4) < 1e-9);
  const corners = [[0, 0, 0], [6, 0, 0], [0, 6, 0], [0, 0, 6]]; // prettier-ignore
  const faces = [[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]; // prettier-ignore
  const lines = tissueCut({ points: corners, faces }, sight);
  const long = lines.reduce((sum, [a, b]) => sum + Math.hypot(a[0] - b[0], a[1] - b[1]), 0);
  assert.ok(Math.abs(long - (3 + 3 + 3 * Math.SQRT2)) < 1e-6, "half of a corner of a cube");
  assert.deepEqual(tissueCut({ centre_mm: [0, 0, 9], radius_mm: 5 }, sight), []);
});
