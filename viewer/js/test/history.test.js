import assert from "node:assert/strict";
import { test } from "node:test";
import { History } from "../src/history.js";

test("undo and redo walk over the same states", () => {
  const h = new History(0);
  for (let i = 1; i <= 5; i += 1) h.push(i, { tag: `t${i}`, now: 10_000 * i });
  for (let i = 4; i >= 0; i -= 1) {
    h.undo();
    assert.equal(h.present, i);
  }
  assert.equal(h.undo(), null);
  for (let i = 1; i <= 5; i += 1) {
    h.redo();
    assert.equal(h.present, i);
  }
  assert.equal(h.redo(), null);
});

test("a drag of one slider is one step", () => {
  const h = new History(0);
  h.push(1, { tag: "opacity", now: 0 });
  h.push(2, { tag: "opacity", now: 100 });
  h.push(3, { tag: "opacity", now: 200 });
  h.push(4, { tag: "clip", now: 300 });
  assert.equal(h.undo(), "clip");
  assert.equal(h.present, 3);
  assert.equal(h.undo(), "opacity");
  assert.equal(h.present, 0);
});

test("a new step forgets what was undone", () => {
  const h = new History("a");
  h.push("b", { tag: "1", now: 0 });
  h.undo();
  h.push("c", { tag: "2", now: 5000 });
  assert.equal(h.redo(), null);
  assert.equal(h.present, "c");
});

test("the number of steps is bounded", () => {
  const h = new History(0, { limit: 50 });
  for (let i = 1; i <= 80; i += 1) h.push(i, { tag: `t${i}`, now: i * 1000 });
  let steps = 0;
  while (h.undo() !== null) steps += 1;
  assert.equal(steps, 50);
});

test("steps since a mark can be taken back as if they had never been", () => {
  const h = new History(0);
  h.push(1, { tag: "a", now: 0 });
  h.push(2, { tag: "b", now: 1000 });
  h.undo();
  const mark = h.mark();
  h.push(3, { tag: "c", now: 2000 });
  h.forgetSince(mark, 1);
  assert.equal(h.present, 1);
  h.redo();
  assert.equal(h.present, 2);
  h.undo();
  h.undo();
  assert.equal(h.present, 0);
  assert.equal(h.undo(), null);
});
