/** The plans of the case: names, marks and verdicts; their versions; what was removed. */

import { h, say, show } from "../dom.js";
import { icon } from "../icons.js";
import { hint } from "../keys.js";
import { compare } from "./compare.js";
import { button, fold } from "./fold.js";
import { VERDICTS, clock, hundred } from "./format.js";
import { judge } from "./judgement.js";
import { rows } from "./rows.js";
import { mark } from "./svg.js";

/** @param {any} theatre */
export function plans(theatre) {
  const { store } = theatre;
  const book = () => theatre.book;
  const list = h("ul", { class: "pl-plans" });
  const ghost = h(
    "button",
    {
      class: "th-button th-framed",
      type: "button",
      title: hint("ghost"),
      onclick: () => store.look({ ghost: !store.view.ghost }),
    },
    "Ghost the others (G)",
  );
  const beside = compare(theatre);
  const versions = history(theatre);
  const removed = trash(theatre);
  const section = fold(
    "plans",
    "Plans",
    list,
    h("div", { class: "pl-buttons" }, ghost),
    beside.element,
    versions.element,
    removed.element,
  );
  const render = rows(
    list,
    () => planRow(theatre),
    (plan) => plan.id,
  );
  let shown = "";

  const update = (state) => {
    const { plan } = state;
    const all = store.display.plans;
    section.show(all.length > 0 || book().trash.length > 0);
    ghost.setAttribute("aria-pressed", String(store.view.ghost));
    show(ghost, all.length > 1);
    // A plan in the hand changes many times a second, and no line of the list with it.
    if (book().dragging) return;
    const lines = all.map((one) => ({ plan: one, id: one.id, judged: judge(book(), one) }));
    const key = JSON.stringify([
      lines.map(({ plan: one, judged }) => [one.id, one.look, judged.verdict, judged.total]),
      plan?.id,
      [...book().records].map(([id, record]) => [id, record.saved_s, record.history?.length]),
      book().trash.map((one) => one.plan?.id ?? one.id),
    ]);
    beside.update(state);
    if (key === shown) return;
    shown = key;
    render(lines);
    versions.update(plan);
    removed.update();
    section.brief(`${all.length} plan${all.length === 1 ? "" : "s"}`);
  };
  return { ...section, update };
}

/** One plan: choose it, name it, hide it, copy it, remove it. */
function planRow(theatre) {
  const { store } = theatre;
  const book = () => theatre.book;
  let id = "";
  const plan = () => store.display.plans.find((one) => one.id === id);
  const look = mark({ colour: "#fff", shape: "circle" });
  const name = h("span", { class: "pl-plan-name" });
  const verdict = h("span", { class: "pl-plan-verdict" });
  const open = h(
    "button",
    {
      class: "pl-plan-open",
      type: "button",
      onclick: () => book().choose(id),
      ondblclick: () => rename(true),
      onkeydown: (event) => {
        if (event.key !== "F2") return;
        event.preventDefault();
        event.stopPropagation();
        rename(true);
      },
    },
    look.element,
    name,
    verdict,
  );
  const input = h("input", {
    class: "th-search pl-rename",
    type: "text",
    "aria-label": "Name of the plan",
    maxlength: 80,
    hidden: true,
    onblur: () => rename(false),
    onkeydown: (event) => {
      if (event.key === "Enter") rename(false);
      else if (event.key === "Escape") {
        event.preventDefault();
        event.stopPropagation();
        input.value = plan()?.look.name ?? "";
        rename(false);
      }
    },
  });
  const tool = (picture, act) =>
    h("button", { class: "th-button th-small", type: "button", onclick: act }, icon(picture));
  const edit = tool("rename", () => rename(true));
  const eye = tool("eye", () => relook({ hidden: !plan().look.hidden }, "hidden or shown"));
  const copy = tool("copy", () => book().duplicate(id));
  const remove = tool("remove", () => book().remove(id));
  const element = h(
    "li",
    { class: "pl-plan" },
    open,
    input,
    h("span", { class: "pl-plan-tools" }, edit, eye, copy, remove),
  );

  const relook = (patch, reason) =>
    book().edit(
      id,
      { look: { ...plan().look, ...patch } },
      { tag: `look ${id} ${Object.keys(patch)}`, reason },
    );

  function rename(on) {
    if (on === !input.hidden) return;
    if (on) input.value = plan().look.name;
    const typed = input.value.trim();
    const focused = !on && input.matches(":focus");
    input.hidden = !on;
    open.hidden = on;
    if (on) return void (input.focus(), input.select());
    if (focused) open.focus();
    if (plan() && typed && typed !== plan().look.name) relook({ name: typed }, "renamed");
  }

  const update = ({ plan: one, judged }) => {
    id = one.id;
    const { shape, word } = VERDICTS[judged.verdict] ?? VERDICTS.pending;
    look.update(one.look);
    say(name, one.look.name);
    say(verdict, `${shape} ${word}${judged.total === null ? "" : ` ${hundred(judged.total)}`}`);
    verdict.dataset.verdict = judged.verdict;
    const current = store.display.current === id;
    if (current) open.setAttribute("aria-current", "true");
    else open.removeAttribute("aria-current");
    element.classList.toggle("th-chosen", current);
    element.classList.toggle("pl-stale", judged.state === "stale");
    element.classList.toggle("th-dim", one.look.hidden);
    eye.replaceChildren(icon(one.look.hidden ? "eye_off" : "eye"));
    eye.setAttribute("aria-pressed", String(!one.look.hidden));
    named(edit, `Rename ${one.look.name} (F2)`);
    named(eye, `${one.look.hidden ? "Show" : "Hide"} ${one.look.name}`);
    named(copy, `Copy ${one.look.name}`);
    named(remove, `Remove ${one.look.name}`);
    open.title = judged.sentence;
  };
  return { element, update };
}

function named(element, words) {
  element.title = words;
  element.setAttribute("aria-label", words);
}

/** The versions of the open plan: number, reason and time, each of which can be taken back. */
function history(theatre) {
  const list = h("ol", { class: "pl-versions" });
  const words = h("summary", {});
  const element = h("details", { class: "pl-details" }, words, list);
  const update = (plan) => {
    const { book } = theatre;
    const kept = plan ? (book.records.get(plan.id)?.history ?? []) : [];
    show(element, kept.length > 0);
    if (!kept.length) return;
    const saved = clock(book.records.get(plan.id).saved_s);
    say(words, `Versions: ${kept.length}, saved ${saved}`);
    list.replaceChildren(
      ...[...kept].reverse().map(({ rev, reason, saved_s }) =>
        h(
          "li",
          {},
          h("span", { class: "pl-rev" }, `${rev}`),
          h("span", { class: "pl-why" }, reason),
          h("span", { class: "th-quiet" }, clock(saved_s)),
          rev === plan.rev
            ? h("span", { class: "th-quiet" }, "this one")
            : button("Restore", {
                "aria-label": `Restore version ${rev} of ${plan.look.name}`,
                onclick: () => book.ask({ type: "plan_restore", id: plan.id, rev }),
              }),
        ),
      ),
    );
  };
  return { element, update };
}

/** Plans that were removed, and can be brought back. */
function trash(theatre) {
  const list = h("ul", { class: "pl-versions" });
  const words = h("summary", {});
  const element = h("details", { class: "pl-details" }, words, list);
  const update = () => {
    const { trash: thrown } = theatre.book;
    show(element, thrown.length > 0);
    say(words, `Removed: ${thrown.length}`);
    list.replaceChildren(
      ...thrown.map((one) => {
        const id = one.plan?.id ?? one.id;
        const name = one.look?.name ?? id;
        return h(
          "li",
          {},
          h("span", { class: "pl-why" }, name),
          h("span", { class: "th-quiet" }, clock(one.saved_s)),
          button("Bring back", {
            "aria-label": `Bring back ${name}`,
            onclick: () => theatre.book.ask({ type: "plan_restore", id }),
          }),
        );
      }),
    );
  };
  return { element, update };
}
