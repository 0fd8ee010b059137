import assert from "node:assert/strict";
import { test } from "node:test";

import { compared } from "../src/plan/compare.js";
import { conflicts } from "../src/plan/conflicts.js";
import { contactWords, rulerStep, shownMm } from "../src/plan/device_picture.js";
import {
  barOf,
  difference,
  hundred,
  limitWords,
  ordered,
  percent,
  quantity,
  span,
  standing,
} from "../src/plan/format.js";
import { edge, ticks } from "../src/plan/pareto.js";
import { readNumber } from "../src/plan/reading.js";
import { spansOf } from "../src/plan/robust.js";
import { summary } from "../src/plan/search.js";
import { ranked, totalBy, weighed } from "../src/plan/weights.js";

const OPEN = { hard_low: null, hard_high: null, good_low: null, good_high: null };
const CLEARANCE = { ...OPEN, hard_low: 3, good_low: 4 };
const ANGLE = { ...OPEN, hard_high: 30, good_high: 25 };

const score = (metric, value, more = {}) => ({
  metric,
  title: metric,
  status: value === null ? "cannot_be_judged" : "ok",
  value,
  range: null,
  unit: "mm",
  threshold: CLEARANCE,
  weight: 1,
  grade: value === null ? null : 1,
  placement: 0,
  ...more,
});

test("limits are said in the engine's words", () => {
  assert.equal(limitWords(CLEARANCE, "mm"), "at least 3, good from 4 mm");
  assert.equal(limitWords(ANGLE, "deg"), "at most 30, good up to 25°");
  assert.equal(limitWords({ ...OPEN, hard_low: -1.5 }, "mm"), "at least −1.5 mm");
  assert.equal(limitWords({ ...OPEN, good_low: 2.8554494603621245 }, "mm"), "good from 2.86 mm");
  assert.equal(limitWords({ ...OPEN, hard_high: 90 }, "mm"), "at most 90 mm");
});

test("numbers have one decimal and their unit, counts none and shares two", () => {
  assert.equal(quantity(4.25, "mm"), "4.3 mm");
  assert.equal(quantity(-0.04, "mm"), "0.0 mm");
  assert.equal(quantity(-4.2, "deg"), "−4.2°");
  assert.equal(quantity(2, "1"), "2");
  assert.equal(quantity(0.7241, "1"), "0.72");
  assert.equal(quantity(null, "mm"), "–");
  assert.equal(quantity(NaN, "mm"), "–");
  assert.equal(span([2.04, 6.16], "mm"), "2.0 to 6.2 mm");
  assert.equal(span([0, 0.29], "1"), "0.00 to 0.29");
  assert.equal(difference(1.26, "mm"), "+1.3 mm");
  assert.equal(difference(-1.26, "mm"), "−1.3 mm");
  assert.equal(difference(0.001, "mm"), "0.0 mm");
  assert.equal(hundred(0.9239), "92");
  assert.equal(hundred(null), "–");
});

test("a share that happened is never told as none", () => {
  assert.equal(percent(0), "0 %");
  assert.equal(percent(0.0004), "< 0.1 %");
  assert.equal(percent(2 / 256), "0.8 %");
  assert.equal(percent(0.5), "50 %");
});

test("a score stands by its status, its range and its grade", () => {
  assert.equal(standing(score("a", null)), "untold");
  assert.equal(standing(score("a", 2, { status: "rejected", grade: 0 })), "rejected");
  assert.equal(standing(score("a", 3.5, { grade: 0.5 })), "allowed");
  assert.equal(standing(score("a", 3.5, { grade: 0.5, range: [2.5, 4.5] })), "unsure");
  assert.equal(standing(score("a", 5, { range: [4, 6] })), "good");
  assert.equal(standing(score("a", 5, { threshold: OPEN })), "told");
});

test("what was not judged comes first, then the rejected, then the worst grade", () => {
  const names = ordered([
    score("free", 5, { threshold: OPEN, weight: 0 }),
    score("good", 5),
    score("half", 3.5, { grade: 0.5 }),
    score("worse", 3.2, { grade: 0.2 }),
    score("rejected", 2, { status: "rejected", grade: 0 }),
    score("missing", null),
    score("broken", null, { status: "failed" }),
    score("heavy", 5, { weight: 3 }),
  ]).map((one) => one.metric);
  assert.deepEqual(names, [
    "broken",
    "missing",
    "rejected",
    "worse",
    "half",
    "heavy",
    "good",
    "free",
  ]);
});

test("a bar stands still while its value moves, and says when the value lies beyond it", () => {
  const at = (value) => barOf({ threshold: CLEARANCE, value, range: null });
  assert.deepEqual(at(3).good, at(30).good);
  assert.equal(at(3).value, at(3).hard[0]);
  assert.equal(at(4).value, at(4).good[0]);
  assert.ok(at(3.5).value > at(3).value);
  assert.equal(at(30).beyond, 1);
  assert.equal(at(-3).beyond, -1);
  assert.equal(barOf({ threshold: OPEN, value: 1, range: null }), null);
  const angle = barOf({ threshold: ANGLE, value: 0, range: [0, 5] });
  assert.equal(angle.value, 0);
  assert.equal(angle.beyond, 0);
});

test("a total by other weights is the weighted mean of the grades that there are", () => {
  const scores = [
    score("a", 5, { weight: 3, grade: 1 }),
    score("b", 4, { weight: 1, grade: 0.5 }),
    score("c", null, { weight: 9 }),
    score("d", 1, { weight: 0, grade: 0 }),
  ];
  assert.equal(totalBy(scores, {}), 3.5 / 4);
  assert.equal(totalBy(scores, { b: 3 }), 4.5 / 6);
  assert.equal(totalBy(scores, { d: 4 }), 3.5 / 8);
  assert.equal(totalBy(scores, { a: 0, b: 0 }), null);
});

test("proposals are ranked by the weights, what could be judged whole first", () => {
  const one = (verdict, a, b) => ({
    result: { verdict, metrics: [score("a", 5, { grade: a }), score("b", 5, { grade: b })] },
  });
  const found = [one("incomplete", 1, 1), one("accepted", 0.9, 0.1), one("accepted", 0.2, 0.7)];
  const places = (weights) => ranked(found, weights).map((it) => it.place);
  assert.deepEqual(places({}), [1, 2, 0]);
  assert.deepEqual(places({ b: 5 }), [2, 1, 0]);
  assert.deepEqual(
    weighed(found).map((it) => it.metric),
    ["a", "b"],
  );
  assert.deepEqual(weighed([found[0], found[0]]), []);
});

test("the front of two respects holds what none beats in both", () => {
  const choices = [
    { length_mm: 40, risk: 0.3 },
    { length_mm: 50, risk: 0.1 },
    { length_mm: 45, risk: 0.3 },
    { length_mm: 60, risk: 0.1 },
    { length_mm: 30, risk: null },
  ];
  assert.deepEqual(edge(choices, "length_mm", "risk"), [choices[0], choices[1]]);
  const covered = [
    { coverage: 0.9, length_mm: 60 },
    { coverage: 0.5, length_mm: 40 },
    { coverage: 0.5, length_mm: 50 },
  ];
  assert.deepEqual(edge(covered, "coverage", "length_mm"), [covered[0], covered[1]]);
});

test("ticks are round numbers within the range", () => {
  assert.deepEqual(ticks(0, 1).at, [0, 0.5, 1]);
  assert.deepEqual(ticks(41, 62).at, [50, 60]);
  assert.ok(ticks(3, 3).at.length >= 1);
});

test("two plans are compared by the way in which each number gets better", () => {
  const a = [score("room", 5), score("angle", 20, { threshold: ANGLE, unit: "deg" })];
  const b = [score("room", 8), score("angle", 28, { threshold: ANGLE, unit: "deg", grade: 0.4 })];
  const [room, angle] = compared(a, b);
  assert.deepEqual([room.gap, room.word, room.good], [3, "better", true]);
  assert.deepEqual([angle.gap, angle.word, angle.good], [8, "worse", false]);
  assert.equal(compared([score("room", null)], b)[0].gap, null);
  assert.equal(compared([score("room", 5)], [score("room", 5.01)])[0].word, "same");
  const risk = (value) => [score("risk", value, { unit: "1" })];
  assert.equal(compared(risk(0), risk(0.001))[0].word, "same");
});

test("of several electrodes the worst is compared", () => {
  const a = [score("room", 5), score("room", 3.1, { placement: 1, grade: 0.1 })];
  const [room] = compared(a, [score("room", 6)]);
  assert.equal(room.a.value, 3.1);
});

test("the electrodes of a rejected distance are those nearest to the engine's point", () => {
  const at = (x) => ({ entry_mm: [x, 0, 50], target_mm: [x, 0, 0] });
  const plan = { placements: [at(0), at(30), at(36)] };
  const spacing = score("electrode_spacing", 6, {
    status: "rejected",
    placement: null,
    point_mm: [33, 0, 20],
  });
  assert.deepEqual(conflicts(plan, [spacing, score("room", 5)]), [
    { metric: "electrode_spacing", a: 1, b: 2, point_mm: [33, 0, 20], distance_mm: 6 },
  ]);
  assert.deepEqual(conflicts(plan, [{ ...spacing, status: "ok" }]), []);
});

test("numbers are read as people write them", () => {
  const read = (text, axis = "R", unit = "mm") => readNumber(text, { axis, unit });
  assert.equal(read("12.5").value, 12.5);
  assert.equal(read(" −12,5 ").value, -12.5);
  assert.equal(read("L 12.5").value, -12.5);
  assert.equal(read("12.5 R mm").value, 12.5);
  assert.equal(read("p3", "A").value, -3);
  assert.equal(read("90°", "Arc", "°").value, 90);
  assert.equal(read("+.5").value, 0.5);
});

test("what cannot be read is answered in words", () => {
  const fault = (text, axis = "R", unit = "mm") => readNumber(text, { axis, unit }).fault;
  assert.equal(fault(""), "R is a number of millimetres, such as 12.50 or L 12.50.");
  assert.equal(fault("1e3"), "R is a number of millimetres, such as 12.50 or L 12.50.");
  assert.equal(fault("A 12"), "The side on this axis is L or R, not A.");
  assert.equal(fault("L -12"), "Type a side or a minus, not both: L 12, or -12.");
  assert.equal(fault("900"), "R lies 900 mm away, outside of any head.");
  assert.equal(fault("L 9", "Arc", "°"), "Arc has no side: type the number alone.");
  assert.equal(fault("x", "Arc", "°"), "Arc is a number of degrees, such as 12.50.");
});

test("a span is told only of what was judged, and measured as the metric measures it", () => {
  const spread = { p5: 4, median: 5, p95: 6, worst: 3.5 };
  const tolerance = {
    hits: { vessels: {}, ventricles: {} },
    spans: {
      vessels: { p5: 19.4, median: 19.45, p95: 19.45, worst: 19.4 },
      ventricles: spread,
      vessel_risk: spread,
      "eloquent nuclei": { p5: -5, median: -5, p95: -4, worst: -5 },
    },
  };
  const told = spansOf(
    tolerance,
    [
      score("vessel_clearance", 25),
      score("ventricle_clearance", 5),
      score("vessel_risk", null),
      score("eloquent_clearance", 6),
    ],
    1.05,
  );
  assert.deepEqual(
    told.map((one) => one.name),
    ["vessels", "ventricles"],
  );
  assert.equal(told[1].end, Infinity);
  assert.ok(told[0].end < 19.45, "the fields end before the planned value");
});

test("a device is drawn to its last contact, under a ruler of round steps", () => {
  const segments = [{ from_mm: 0, to_mm: 400, radius_mm: 0.65 }];
  const contact = (centre_mm) => ({ centre_mm, length_mm: 1.5, radius_mm: 0.65, arc_deg: 360 });
  const lead = {
    kind: "dbs_lead",
    length_mm: 400,
    segments,
    contacts: [0.75, 2.75, 4.75].map(contact),
  };
  assert.equal(shownMm(lead), 12);
  assert.equal(rulerStep(12), 2);
  assert.equal(rulerStep(80), 10);
  assert.equal(contactWords(lead), "3 contacts of 1.5 mm, 2 mm from middle to middle");
  const needle = { kind: "needle", segments, contacts: [contact(14.5)] };
  assert.equal(contactWords(needle), "1 opening of 1.5 mm, its middle 14.5 mm behind the tip");
});

test("a search is summed up with what turned paths down, the most frequent first", () => {
  assert.equal(
    summary({
      examined: 1200000,
      feasible: 362813,
      seconds: 6.85,
      rejected_by: { length: 16589, ventricles: 810996, angle: 0 },
      turned_down: 35,
    }),
    "1,200,000 paths looked at in 6.8 s, 362,813 feasible. Turned down by ventricles 810,996, " +
      "length 16,589. Exact distances turned down 35 more.",
  );
});
