/** Paths that no other path beats in all respects, two respects at a time. */

import { h, say, show } from "../dom.js";
import { button, fill } from "./fold.js";
import { count, fixed } from "./format.js";
import { place, px, s } from "./svg.js";

/** What a path may be good at. `better`: 1 the more the better, -1 the less the better. */
export const RESPECTS = {
  risk: { title: "Vessel risk", unit: "", digits: 2, better: -1 },
  length_mm: { title: "Length", unit: "mm", digits: 1, better: -1 },
  incidence_deg: { title: "Angle to the bone", unit: "°", digits: 1, better: -1 },
  coverage: { title: "Coverage", unit: "", digits: 2, better: 1 },
  robustness: { title: "Slip forgiven", unit: "mm", digits: 1, better: 1 },
};
const [WIDE, TALL] = [344, 210];
const EDGE = { left: 40, right: 10, top: 10, bottom: 34 };
/** A click takes the nearest point within so many pixels. */
const REACH = 16;

/** Which of the choices no other one beats in just these two respects, in the order of x. */
export function edge(choices, x, y) {
  const sign = (name) => -RESPECTS[name].better;
  const known = choices.filter((one) => one[x] !== null && one[y] !== null);
  const ordered = [...known].sort((a, b) => sign(x) * (a[x] - b[x]) || sign(y) * (a[y] - b[y]));
  let best = Infinity;
  return ordered.filter((one) => {
    const value = sign(y) * one[y];
    if (value >= best) return false;
    best = value;
    return true;
  });
}

/** Round numbers over a range, about five. */
export function ticks(low, high) {
  const rough = (high - low) / 4 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((one) => one * power >= rough) ?? 10);
  const first = Math.ceil(low / step - 1e-9) + 0; // No minus zero.
  const made = [];
  for (let n = first; n * step <= high + step * 1e-9; n += 1) made.push(n * step);
  return { step, at: made };
}

const words = (name, value) => {
  const { unit, digits } = RESPECTS[name];
  if (value === null) return "not known";
  return `${fixed(value, digits)}${unit === "°" ? "°" : unit ? ` ${unit}` : ""}`;
};

/**
 * @param {(choice: any) => void} preview
 * @param {(choice: any) => void} take
 */
export function pareto(preview, take) {
  const axis = (name, value) => {
    const select = h("select", {
      class: "th-select",
      "aria-label": `${name} axis`,
      onchange: () => draw(),
    });
    select.dataset.wanted = value;
    return select;
  };
  const across = axis("Horizontal", "length_mm");
  const upward = axis("Vertical", "risk");
  const picture = s("svg", {
    viewBox: `0 0 ${WIDE} ${TALL}`,
    class: "pl-pareto",
    role: "listbox",
    tabindex: "0",
    "aria-label": "Paths that no other beats",
    onclick: (event) => near(event),
    ondblclick: () => chosen && take(chosen),
    onkeydown: (event) => walk(event),
  });
  const told = h("p", { class: "pl-note", role: "status" });
  const takes = button("Take this path", { onclick: () => chosen && take(chosen) });
  const element = h(
    "div",
    { class: "pl-front" },
    h("div", { class: "pl-axes" }, upward, h("span", { class: "th-quiet" }, "over"), across),
    picture,
    told,
    takes,
  );
  let choices = /** @type {any[]} */ ([]);
  let chosen = null;
  let dots = /** @type {{choice: any, x: number, y: number}[]} */ ([]);

  function draw() {
    const [x, y] = [across.value, upward.value];
    const known = choices.filter((one) => one[x] !== null && one[y] !== null);
    picture.replaceChildren();
    dots = [];
    if (!known.length) return tell();
    const axes = {
      x: scale(
        known.map((one) => one[x]),
        EDGE.left,
        WIDE - EDGE.right,
      ),
      y: scale(
        known.map((one) => one[y]),
        TALL - EDGE.bottom,
        EDGE.top,
      ),
    };
    picture.append(...grid(axes, x, y));
    const best = edge(known, x, y);
    const line = best.map((one, n) => step(axes, best, n, x, y)).join("");
    picture.append(s("path", { class: "front", d: line }));
    const front = new Set(best);
    dots = known
      .map((choice) => ({ choice, x: axes.x.at(choice[x]), y: axes.y.at(choice[y]) }))
      .sort((a, b) => a.x - b.x || a.y - b.y);
    dots.forEach((dot, n) => picture.append(point(dot, n, front.has(dot.choice))));
    tell();
  }

  function point({ choice, x, y }, n, first) {
    const kept = choice.plan !== null && choice.plan !== undefined;
    const shape = kept
      ? s("path", { d: `M${x} ${px(y - 5)}l5 5-5 5-5-5z` })
      : s("circle", { cx: x, cy: y, r: first ? 3.5 : 2.5 });
    return s(
      "g",
      {
        role: "option",
        id: `pl-choice-${n}`,
        class: `${first ? "first" : "other"}${kept ? " kept" : ""}`,
        "aria-selected": "false",
        "aria-label": all(choice),
      },
      shape,
    );
  }

  /** Which one is chosen, on the picture and in words. */
  function tell() {
    picture.querySelectorAll(".label").forEach((one) => one.remove());
    const n = dots.findIndex((dot) => dot.choice === chosen);
    picture
      .querySelectorAll("[role=option]")
      .forEach((one, place_) => one.setAttribute("aria-selected", String(place_ === n)));
    place(picture, { "aria-activedescendant": n < 0 ? null : `pl-choice-${n}` });
    show(takes, Boolean(chosen));
    const many = `${count(choices.length)} paths that no other one beats in all five respects; ◆ are in the list above.`;
    say(told, chosen ? all(chosen) : many);
    if (n < 0) return;
    const { x, y, choice } = dots[n];
    const text = `${words(across.value, choice[across.value])}, ${words(upward.value, choice[upward.value])}`;
    const left = x > WIDE - 130;
    picture.append(
      s("circle", { class: "label ring", cx: x, cy: y, r: 7 }),
      s(
        "text",
        {
          class: "label",
          x: left ? x - 11 : x + 11,
          y: Math.max(y - 6, 14),
          "text-anchor": left ? "end" : "start",
        },
        text,
      ),
    );
  }

  function choose(n) {
    const dot = dots[Math.min(Math.max(n, 0), dots.length - 1)];
    if (!dot) return;
    chosen = dot.choice;
    tell();
    preview(chosen);
  }

  function near(event) {
    const box = picture.getBoundingClientRect();
    const [x, y] = [
      ((event.clientX - box.left) / box.width) * WIDE,
      ((event.clientY - box.top) / box.height) * TALL,
    ];
    let best = { n: -1, far: REACH };
    dots.forEach((dot, n) => {
      const far = Math.hypot(dot.x - x, dot.y - y);
      if (far < best.far) best = { n, far };
    });
    if (best.n >= 0) choose(best.n);
  }

  /** Left and right go along x, up and down along y. */
  function walk(event) {
    const n = dots.findIndex((dot) => dot.choice === chosen);
    const byHeight = dots.map((dot, i) => i).sort((a, b) => dots[a].y - dots[b].y || a - b);
    const row = byHeight.indexOf(n);
    const next = {
      ArrowRight: n + 1,
      ArrowLeft: n < 0 ? 0 : n - 1,
      ArrowUp: byHeight[Math.max(row - 1, 0)],
      ArrowDown: byHeight[Math.min(row + 1, dots.length - 1)],
      Home: 0,
      End: dots.length - 1,
    }[event.key];
    if (event.key === "Enter" && chosen) take(chosen);
    else if (next === undefined) return;
    else choose(next);
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {any[]} front */
  const begin = (front) => {
    choices = front;
    chosen = null;
    show(element, choices.length > 1);
    const known = Object.entries(RESPECTS).filter(([name]) => varies(choices, name));
    for (const select of [across, upward]) {
      fill(
        select,
        known.map(([value, { title, unit }]) => ({
          value,
          words: unit ? `${title} [${unit}]` : title,
        })),
      );
      const names = known.map(([name]) => name);
      const other = names.find((name) => name !== across.value) ?? names[0];
      select.value = names.includes(select.dataset.wanted)
        ? select.dataset.wanted
        : select === across
          ? names[0]
          : other;
    }
    draw();
  };
  return { element, begin };
}

/** A respect that is known and not the same for all. */
const varies = (choices, name) => {
  const values = new Set(choices.map((one) => one[name]).filter((v) => v !== null));
  return values.size > 1;
};

/** "Vessel risk 0.43, length 62.1 mm, …" */
const all = (choice) =>
  Object.entries(RESPECTS)
    .map(([name, { title }]) => `${title.toLowerCase()} ${words(name, choice[name])}`)
    .join(", ")
    .replace(/^./, (letter) => letter.toUpperCase());

function scale(values, from, to) {
  const [a, b] = [Math.min(...values), Math.max(...values)];
  const room = (b - a) * 0.06 || Math.max(Math.abs(a) * 0.1, 0.5);
  const [low, high] = [a >= 0 ? Math.max(a - room, 0) : a - room, b + room];
  return { low, high, at: (v) => px(from + ((v - low) / (high - low)) * (to - from)) };
}

function step(axes, best, n, x, y) {
  const [px_, py] = [axes.x.at(best[n][x]), axes.y.at(best[n][y])];
  return n ? `H${px_}V${py}` : `M${px_} ${py}`;
}

function grid(axes, x, y) {
  const made = [];
  const label = (v, step) => fixed(v, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
  const [xs, ys] = [ticks(axes.x.low, axes.x.high), ticks(axes.y.low, axes.y.high)];
  const floor = TALL - EDGE.bottom;
  for (const v of xs.at) {
    const at = axes.x.at(v);
    made.push(s("path", { class: "grid", d: `M${at} ${EDGE.top}V${floor}` }));
    made.push(s("text", { x: at, y: floor + 13, "text-anchor": "middle" }, label(v, xs.step)));
  }
  for (const v of ys.at) {
    const at = axes.y.at(v);
    made.push(s("path", { class: "grid", d: `M${EDGE.left} ${at}H${WIDE - EDGE.right}` }));
    made.push(s("text", { x: EDGE.left - 5, y: at + 4, "text-anchor": "end" }, label(v, ys.step)));
  }
  const caption = (name) => {
    const { unit, better } = RESPECTS[name];
    return `${unit ? `${unit}, ` : ""}${better > 0 ? "more" : "less"} is better`;
  };
  made.push(
    s(
      "text",
      { class: "axis", x: WIDE - EDGE.right, y: TALL - 4, "text-anchor": "end" },
      caption(x),
    ),
    s("text", { class: "axis", x: EDGE.left + 4, y: EDGE.top + 6 }, caption(y)),
  );
  return made;
}
