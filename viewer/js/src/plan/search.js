/** Let the engine propose: what to aim at, the search under way, and what came of it. */

import { h, say, show } from "../dom.js";
import { aims } from "./aims.js";
import { bring, button, field, fold } from "./fold.js";
import { count } from "./format.js";
import { pareto } from "./pareto.js";
import { proposals } from "./proposals.js";
import { weightSliders } from "./weights.js";

const SEED = 1;

/** @param {any} theatre */
export function search(theatre) {
  const { store } = theatre;
  const book = () => theatre.book;
  const aim = aims(theatre);
  const top = h("select", { class: "th-select" });
  const most = field("Show", top);
  top.append(...[3, 5, 10, 20].map((n) => h("option", { value: n, selected: n === 5 }, String(n))));
  const go = button("Search", { class: "th-button th-framed pl-main", onclick: () => begin() });
  const cancel = button("Cancel", { onclick: () => book().stop() });
  const fill = h("div", { class: "th-bar-fill" });
  const track = h(
    "div",
    {
      class: "th-bar pl-progress",
      role: "progressbar",
      "aria-label": "Search",
      "aria-valuemin": 0,
      "aria-valuemax": 100,
    },
    fill,
  );
  const under = h("p", { class: "pl-note", role: "status" });
  const running = h("div", { class: "pl-running" }, under, track, cancel);
  const came = h("p", { class: "pl-note", role: "status" });
  const proof = h("p", { class: "pl-proof" });
  const binding = h("div", { class: "pl-binding" });
  const list = proposals(theatre);
  const weights = weightSliders(() => list.weigh(weights.moved));
  const front = pareto(
    (choice) => preview(planOf(choice)),
    (choice) => take(choice),
  );
  const section = fold(
    "search",
    "Proposals",
    aim.element,
    h("div", { class: "pl-line" }, most, h("span", { class: "th-spring" }), go),
    running,
    came,
    binding,
    proof,
    list.element,
    weights.element,
    h("div", {}, front.element),
  );
  let shown = null;

  function begin() {
    const { procedure, device, delivery, profile } = book().choice;
    const targets = aim.targets();
    if (!procedure || !targets.length) return;
    store.look({ preview: null });
    bring(section.element, { top: true });
    book().search({
      procedure,
      device,
      delivery,
      profile,
      targets,
      top: Number(top.value),
      seed: SEED,
    });
  }

  /** A point of the front as a plan that can be drawn. */
  function planOf(choice) {
    const { procedure, device, delivery, profile } = book().sought;
    const kept = book().found.plans[choice.plan ?? -1];
    if (kept) return kept.plan;
    return book().shape({ procedure, device, delivery, profile, ...choice });
  }

  const preview = (plan) => {
    store.look({ preview: plan });
    theatre.acts.goToPoint(plan.placements[0].target_mm);
  };

  function take(choice) {
    const { procedure, placements, delivery, profile } = planOf(choice);
    store.look({ preview: null });
    book().create({
      procedure,
      placements,
      delivery,
      profile,
      reason: "chosen on the Pareto front",
    });
  }

  const update = (state) => {
    const { catalogue, choice, job, found } = book();
    section.show(Boolean(catalogue) && Boolean(choice.procedure));
    aim.update(book().procedure(choice.procedure));
    show(most, aim.targets().length < 2);
    go.disabled = Boolean(job) || !aim.targets().length;
    show(running, Boolean(job));
    if (job) {
      say(under, job.sentence);
      const share = Math.round(100 * job.share);
      fill.style.width = `${share}%`;
      track.setAttribute("aria-valuenow", String(share));
      section.brief(job.sentence);
    }
    if (found !== shown) {
      shown = found;
      tell(found);
    }
    list.update(state);
    if (!job) section.brief(found ? `${found.plans.length} proposals` : "");
  };

  function tell(found) {
    say(came, found ? summary(found) : "");
    show(came, Boolean(found));
    const nothing = found && !found.plans.length;
    show(binding, Boolean(nothing));
    binding.replaceChildren(
      ...(nothing
        ? [
            h("strong", {}, "■ Nothing is feasible"),
            h("p", {}, found.binding ?? "No path keeps every hard limit."),
            h("p", { class: "pl-note" }, `Ways on: ${waysOn(book().sought)}`),
          ]
        : []),
    );
    // Where there is no choice, the proof of it is what stands in the way, and said already.
    const proven = found?.plans.length ? (found.choice ?? "") : "";
    say(proof, proven);
    show(proof, proven !== "");
    weights.begin(found?.plans ?? []);
    list.begin(found, weights.moved);
    front.begin(found?.front ?? []);
  }
  return { ...section, update };
}

/** "1,200,000 paths looked at in 6.9 s, 362,813 feasible. …" */
export function summary({ examined, feasible, seconds, rejected_by, turned_down }) {
  const by = Object.entries(rejected_by ?? {})
    .filter(([, many]) => many)
    .sort((a, b) => b[1] - a[1])
    .map(([limit, many]) => `${limit} ${count(many)}`);
  const parts = [
    `${count(examined)} paths looked at in ${seconds.toFixed(1)} s, ${count(feasible)} feasible.`,
  ];
  if (by.length) parts.push(`Turned down by ${by.join(", ")}.`);
  if (turned_down) parts.push(`Exact distances turned down ${count(turned_down)} more.`);
  return parts.join(" ");
}

/** What a person can change. */
function waysOn({ targets }) {
  const one = targets.length > 1 ? "fewer targets" : "another target";
  return `aim at ${one}, choose a thinner device or another profile, or place the path by hand and see what it breaks.`;
}
