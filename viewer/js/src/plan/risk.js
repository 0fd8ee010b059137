/** The risk map in 3D: the scalp in the colours of its entries, lines of equal risk, a legend. */

import vtkActor from "@kitware/vtk.js/Rendering/Core/Actor.js";
import vtkDataArray from "@kitware/vtk.js/Common/Core/DataArray.js";
import vtkMapper from "@kitware/vtk.js/Rendering/Core/Mapper.js";
import vtkPolyData from "@kitware/vtk.js/Common/DataModel/PolyData.js";
import { h, say, show } from "../dom.js";
import { surfaceActor } from "../space_surface.js";
import { BLOCKED, FEASIBLE, colourOf, colours, isolines, nearestEntries } from "./risk_colours.js";

const STEPS = [0.2, 0.4, 0.6];
/** The map follows a target that rests this long [ms]. */
const REST_MS = 120;

export class RiskMap {
  /** @param {any} theatre */
  constructor(theatre) {
    this.theatre = theatre;
    this.store = theatre.store;
    this.title = h("strong", {});
    this.words = h("span", {});
    const stops = Array.from({ length: 9 }, (_, i) => `rgb(${colourOf(i / 8).join(" ")})`);
    this.legend = h(
      "div",
      { class: "pl-legend", role: "note", hidden: true },
      this.title,
      h("div", { class: "pl-ramp", style: { background: `linear-gradient(90deg, ${stops})` } }),
      h(
        "div",
        { class: "pl-ticks" },
        ...["0", "0.2", "0.4", "0.6", "0.8", "1"].map((x) => h("span", {}, x)),
      ),
      h(
        "div",
        { class: "pl-blocked" },
        h("i", { style: { background: `rgb(${BLOCKED.join(" ")})` } }),
        "a hard limit is missed",
      ),
      this.words,
    );
    theatre.panes.space.element.querySelector(".th-field").append(this.legend);
  }

  get view() {
    return this.theatre.space.view;
  }

  /** The surface that entries lie on: the scalp, else the brain's envelope. */
  #ground() {
    for (const id of ["scalp", "brain"]) {
      const kept = this.theatre.space.kept.get(`${id} coarse`);
      if (kept) return kept;
    }
    return null;
  }

  /** Ask for the map of the current target, once it rests. */
  #wanted() {
    const { book } = this.theatre;
    const placement = book.placement();
    const plan = book.current;
    if (!this.store.view.map || !placement || book.stale(plan)) return;
    const key = JSON.stringify([
      plan.procedure,
      placement.device,
      plan.profile,
      placement.target_mm,
    ]);
    if (this.asked === key) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.asked = key;
      book.ask({
        type: "plan_map",
        key,
        procedure: plan.procedure,
        device: placement.device,
        profile: plan.profile,
        target_mm: placement.target_mm,
      });
    }, REST_MS);
  }

  /** @param {Set<string>} what */
  update(what) {
    if (["map", "plans", "current", "placement"].some((k) => what.has(k))) this.#wanted();
    if (what.has("map") || what.has("scene")) this.#draw();
  }

  #draw() {
    const { book } = this.theatre;
    const map = this.store.view.map ? book.map : null;
    show(this.legend, Boolean(this.store.view.map));
    if (!map) {
      say(this.title, "Measuring every entry …");
      say(this.words, "");
      return this.clear();
    }
    const ground = this.#ground();
    if (!ground || !this.view) return;
    if (this.ground !== ground || this.entries !== map.entries) {
      this.clear();
      this.ground = ground;
      this.entries = map.entries;
      this.nearest = nearestEntries(ground.surface.points, map.entries);
    }
    this.#paint(map);
    say(this.title, map.legend?.title ?? "Vessel risk of each entry");
    const best = map.best?.[0];
    const share = (100 * map.feasible) / map.levels.length;
    say(
      this.words,
      best
        ? `${share.toFixed(0)} % of entries keep every hard limit. Best: risk ${best.risk.toFixed(2)}, ${best.length_mm.toFixed(1)} mm. Click the map to place the entry.`
        : "No entry keeps every hard limit for this target.",
    );
  }

  #paint(map) {
    const { points, faces } = this.ground.surface;
    this.rgb = colours(this.nearest, map.levels);
    if (!this.actor) {
      this.actor = surfaceActor(this.ground.surface, [255, 255, 255]);
      this.actor.getProperty().setOpacity(1);
      this.view.renderer.addActor(this.actor);
    }
    const mapper = this.actor.getMapper();
    const data = mapper.getInputData();
    data
      .getPointData()
      .setScalars(
        vtkDataArray.newInstance({ name: "risk", numberOfComponents: 3, values: this.rgb }),
      );
    mapper.setScalarVisibility(true);
    mapper.setColorModeToDirectScalars();
    data.modified();
    const risk = Float32Array.from(this.nearest, (n) =>
      n < 0 || map.levels[n] > FEASIBLE ? NaN : map.levels[n] / FEASIBLE,
    );
    this.#lines(isolines(points, faces, risk, STEPS));
    this.theatre.space.veil(this.ground.structure.id);
    this.view.draw();
  }

  #lines(ends) {
    if (this.lines) this.view.renderer.removeActor(this.lines);
    const data = vtkPolyData.newInstance();
    data.getPoints().setData(ends, 3);
    const cells = new Uint32Array(ends.length / 2);
    for (let n = 0; n < ends.length / 6; n += 1) cells.set([2, 2 * n, 2 * n + 1], 3 * n);
    data.getLines().setData(cells);
    const mapper = vtkMapper.newInstance({ scalarVisibility: false });
    mapper.setInputData(data);
    mapper.setResolveCoincidentTopologyToPolygonOffset();
    mapper.setRelativeCoincidentTopologyLineOffsetParameters(-2, -2);
    this.lines = vtkActor.newInstance();
    this.lines.setMapper(mapper);
    const property = this.lines.getProperty();
    property.setColor(0.05, 0.07, 0.09);
    property.setLineWidth(1.5);
    property.setLighting(false);
    this.view.renderer.addActor(this.lines);
  }

  clear() {
    for (const actor of [this.actor, this.lines]) if (actor) this.view?.renderer.removeActor(actor);
    if (this.actor) this.theatre.space.veil(null);
    this.actor = this.lines = this.ground = null;
  }

  /** A case is closed. */
  forget() {
    clearTimeout(this.timer);
    this.asked = "";
    this.clear();
    show(this.legend, false);
  }

  /** The graphics came back anew: what was drawn is gone. */
  again() {
    this.actor = this.lines = this.ground = null;
    this.#draw();
  }
}
