import assert from "node:assert/strict";
import { test } from "node:test";
import { dragged, paint, table, words } from "../src/window.js";

const grey = (lut, stored) => lut[stored + 32768] & 0xff;

test("low is black, high is white, the level is middle grey", () => {
  const lut = table([100, 300], { slope: 1, inter: 0 });
  assert.equal(grey(lut, 100), 0);
  assert.equal(grey(lut, 300), 255);
  assert.equal(grey(lut, 200), 128);
  assert.equal(grey(lut, -32768), 0);
  assert.equal(grey(lut, 32767), 255);
});

test("stored values are scaled before they are windowed", () => {
  const lut = table([0, 10], { slope: 0.01, inter: -5 });
  assert.equal(grey(lut, 500), 0);
  assert.equal(grey(lut, 1500), 255);
});

test("pixels are opaque grey", () => {
  const pixels = paint(
    new Int16Array([0, 50]),
    table([0, 100], { slope: 1, inter: 0 }),
    new Uint32Array(2),
  );
  assert.equal(pixels[0] >>> 0, 0xff000000);
  assert.equal(pixels[1] >>> 0, 0xff808080);
});

test("dragging right widens, dragging up brightens", () => {
  const [low, high] = dragged([100, 300], [10, 0], [0, 1024]);
  assert.equal(high - low, 220);
  assert.equal((low + high) / 2, 200);
  const up = dragged([100, 300], [0, -10], [0, 1024]);
  assert.equal((up[0] + up[1]) / 2, 180);
});

test("a window never closes", () => {
  const [low, high] = dragged([100, 101], [-500, 0], [0, 1024]);
  assert.ok(high > low);
});

test("width and level are shown", () => {
  assert.equal(words([0, 178]), "W 178  L 89");
});
