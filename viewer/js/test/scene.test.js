import assert from "node:assert/strict";
import { test } from "node:test";
import { megabytes, ml, ras, rasOne } from "../src/format.js";
import { KEYS, actionOf, hint, keyWords } from "../src/keys.js";
import { firstJobs, meshJobs } from "../src/load.js";
import { grouped, matches, readScene } from "../src/scene.js";

const mesh = (id) => [
  { level: "coarse", url: `data/c-${id}`, triangles: 10, bytes: 100 },
  { level: "fine", url: `data/f-${id}`, triangles: 90, bytes: 900 },
];
const RAW = {
  case: "c1",
  title: "Head",
  strip: "Anna, 1970",
  volume: {
    url: "data/v",
    shape: [4, 5, 6],
    spacing_mm: [1, 1, 1],
    origin_mm: [0, 0, 0],
    range: [0, 9],
    window: [1, 8],
  },
  labels: { url: "data/l", key: { 1: "scalp" } },
  structures: [
    {
      id: "thalamus_left",
      title: "Thalamus, left",
      group: "Deep nuclei",
      meshes: mesh("t"),
      colour: [1, 2, 300],
    },
    {
      id: "skull",
      title: "Skull",
      group: "Head",
      origin: "estimated",
      visible: false,
      meshes: mesh("k"),
    },
    { id: "brain", title: "Brain", group: "Brain", meshes: mesh("b") },
    { id: "scalp", title: "Scalp", group: "Head", meshes: mesh("s") },
  ],
};

test("an empty scene is the empty theatre", () => {
  for (const raw of [{}, null, undefined, "x", { structures: [] }])
    assert.equal(readScene(raw), null);
});

test("missing fields get plain values and colours stay in range", () => {
  const scene = readScene(RAW);
  assert.deepEqual(scene.structures[0].colour, [1, 2, 255]);
  assert.equal(scene.structures[0].volume_ml, null);
  assert.equal(scene.structures[1].estimated, true);
  assert.equal(scene.structures[2].visible, true);
  assert.equal(scene.volume.slope, 1);
});

test("a volume whose geometry is damaged is not drawn", () => {
  const scene = readScene({ ...RAW, volume: { ...RAW.volume, spacing_mm: [1, 0, 1] } });
  assert.equal(scene.volume, null);
  assert.equal(scene.labels, null);
});

test("outlines come first, then the image, then the other surfaces, then labels", () => {
  const jobs = firstJobs(readScene(RAW)).sort((a, b) => a.rank - b.rank);
  assert.deepEqual(
    jobs.map((j) => j.id ?? j.kind),
    ["scalp", "brain", "volume", "thalamus_left", "skull", "labels"],
  );
  assert.ok(jobs.every((j) => j.level !== "fine"));
});

test("fine surfaces are asked for by id", () => {
  const jobs = meshJobs(readScene(RAW), "fine", (id) => id === "brain");
  assert.deepEqual(
    jobs.map((j) => j.url),
    ["data/f-b"],
  );
});

test("structures stand in groups and answer a search by every word", () => {
  const scene = readScene(RAW);
  assert.deepEqual([...grouped(scene.structures).keys()], ["Deep nuclei", "Head", "Brain"]);
  assert.ok(matches(scene.structures[0], "left thal"));
  assert.ok(!matches(scene.structures[0], "right"));
  assert.ok(matches(scene.structures[1], "estimated"));
});

test("numbers are shown with letters and units", () => {
  assert.equal(ras([17.6, -35.3, 12.06]), "R 17.6  P 35.3  S 12.1 mm");
  assert.equal(ras([-1, 2, -3]), "L 1.0  A 2.0  I 3.0 mm");
  assert.equal(rasOne(2, -8), "I 8.0 mm");
  assert.equal(ml(5.774), "5.77 mL");
  assert.equal(ml(1412.3), "1412 mL");
  assert.equal(ml(null), "–");
  assert.equal(megabytes(4_200_000, 33_500_000), "4.2 of 33.5 MB");
});

const press = (key, more = {}) =>
  actionOf({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...more });

test("keys find their actions", () => {
  assert.equal(press("m"), "mode_distance");
  assert.equal(press("M", { shiftKey: true }), "mode_angle");
  assert.equal(press("?", { shiftKey: true }), "help");
  assert.equal(press("+", { shiftKey: true }), "zoom_in");
  assert.equal(press("z", { ctrlKey: true }), "undo");
  assert.equal(press("Z", { ctrlKey: true, shiftKey: true }), "redo");
  assert.equal(press("y", { ctrlKey: true }), "redo");
  assert.equal(press("End"), "view_A");
  assert.equal(press("End", { shiftKey: true }), "view_P");
  assert.equal(press("PageDown"), "view_L");
  assert.equal(press("Home"), "view_S");
  assert.equal(press("3"), "preset_3");
  assert.equal(press("r", { ctrlKey: true }), null, "the browser's reload stays the browser's");
  assert.equal(press("q"), null);
});

test("no key stands for two actions", () => {
  const all = KEYS.flatMap((k) => k.keys);
  assert.equal(new Set(all).size, all.length);
});

test("keys are written as people know them", () => {
  assert.equal(keyWords("Ctrl+Shift+Z"), "Ctrl + Shift + Z");
  assert.equal(keyWords("+"), "+");
  assert.equal(keyWords("-"), "−");
  assert.equal(keyWords("ArrowUp"), "↑");
  assert.equal(hint("undo", "Undo"), "Undo (Ctrl + Z)");
});
