/** The work area: puts the parts together, and draws what changed. */

import { actions } from "./actions.js";
import { Arrivals } from "./arrivals.js";
import { Case } from "./case.js";
import { frame as frameOf } from "./camera.js";
import { clipPlane } from "./clip.js";
import { say, show } from "./dom.js";
import { nearestOf } from "./grid.js";
import { help } from "./help.js";
import { listen } from "./keyboard.js";
import { layout } from "./layout.js";
import { Link } from "./link.js";
import { measureList } from "./measures.js";
import { notices } from "./notices.js";
import { pane, setMessage, setStrip } from "./pane.js";
import { PLANES } from "./planes.js";
import { Book } from "./plan/book.js";
import { planPanel } from "./plan/panel.js";
import { PLANNED } from "./plan/planned.js";
import { PATH_VIEWS, pathViews } from "./plan/path_views.js";
import { RiskMap } from "./plan/risk.js";
import { scrubber } from "./plan/scrubber.js";
import { readScene } from "./scene.js";
import { SliceView } from "./slice_view.js";
import { Space } from "./space.js";
import { describe, statusBar } from "./status.js";
import { Store } from "./store.js";
import { structureList } from "./structures.js";
import { tabs } from "./tabs.js";
import { toolbar } from "./toolbar.js";
import { table, words as windowWords } from "./window.js";
import { readTaste, keepTaste } from "./taste.js";

/** Below this width the side panel is narrower [px]. */
const NARROW_PX = 1200;
/** Below this width the side panel waits until it is asked for [px]. */
const SMALL_PX = 800;

/** While a path is dragged the views along it follow at this pace [ms]. */
const FOLLOW_MS = 150;

/** Changes that no list or button shows. */
const PASSING = new Set([
  "cursor",
  "picked",
  "hover",
  "drawing",
  "slices",
  "overlay",
  "status",
  "lists",
  "space",
  "handle",
  "aim",
  "depth_mm",
]);

/**
 * Open a theatre in an element.
 * @param {HTMLElement} el
 * @param {{send: (message: object) => void, scene?: any}} options
 * @returns {{setScene: (raw: any) => void, receive: (message: any) => void, dispose: () => void}}
 */
export function open(el, { send, scene = {} }) {
  const theatre = new Theatre(el, send);
  theatre.setScene(scene);
  return {
    setScene: (raw) => theatre.setScene(raw),
    receive: (message) => theatre.receive(message),
    dispose: () => theatre.dispose(),
  };
}

class Theatre {
  constructor(el, send) {
    this.send = send;
    this.el = el;
    this.store = new Store(readTaste());
    this.notices = notices();
    /** @type {any} */ this.layers = { volume: null, labels: null, stamp: "", wanted: () => false };
    /** @type {Case | null} */ this.case = null;
    this.dirtySet = new Set();
    this.frame = 0;
    this.book = new Book(this);
    this.acts = actions(this);
    this.link = new Link(this, send);
    this.#build();
    this.unsubscribe = this.store.subscribe((what) => this.#changed(what));
    this.space.begin();
    send({ type: "ready", webgl: this.space.webgl });
  }

  #build() {
    const { store, acts } = this;
    const views = { space: { title: "3D", colour: "#8fa3b0" }, ...PLANES, ...PATH_VIEWS };
    this.panes = Object.fromEntries(
      Object.entries(views).map(([name, { title, colour }]) => [
        name,
        this.#pane(name, title, colour),
      ]),
    );
    this.slices = Object.fromEntries(
      Object.keys(PLANES).map((name) => [
        name,
        new SliceView(/** @type {any} */ (name), this.panes[name], store, this.layers, acts),
      ]),
    );
    this.space = new Space(this.panes.space, this);
    this.risk = new RiskMap(this);
    this.paths = pathViews(this, this.panes);
    this.scrubber = scrubber(this);
    this.tools = toolbar(store, acts);
    this.list = structureList(store, acts, () => this.root.focus());
    this.measures = measureList(store, acts);
    this.plan = planPanel(this);
    this.tabs = tabs(store, { list: this.list, measures: this.measures, plan: this.plan });
    this.status = statusBar(store, acts, this.notices.loading);
    this.help = help(store);
    const element = (part) => part.element;
    Object.assign(
      this,
      layout(this.el, {
        tools: element(this.tools),
        panes: this.panes,
        tabs: this.tabs,
        scrubber: element(this.scrubber),
        status: element(this.status),
        help: element(this.help),
        notices: this.notices,
      }),
    );
    this.unlisten = listen(this.root, (action) => acts.run(action));
    this.observer = new ResizeObserver(() => {
      const width = this.root.clientWidth;
      this.root.classList.toggle("th-narrow", width < NARROW_PX);
      this.root.classList.toggle("th-small-root", width < SMALL_PX);
      if (width && !this.panelChosen) this.side.classList.toggle("th-away", width < SMALL_PX);
      this.dirty("slices", "overlay", "space", "lists", "buttons");
    });
    this.observer.observe(this.views);
    this.observer.observe(this.root);
  }

  #pane(name, title, colour) {
    const { store, acts } = this;
    const onmaximise = () =>
      store.look({ maximised: store.view.maximised ? null : name, active: name });
    return pane({
      name,
      title,
      colour,
      onactive: () => store.view.active !== name && store.look({ active: name }),
      onmaximise,
      onpress: () => acts.press(name),
      ondouble: () => {
        acts.unpress(name);
        onmaximise();
      },
    });
  }

  // --- the case ---

  /** @param {any} raw */
  setScene(raw) {
    const scene = readScene(raw);
    const same = scene && this.store.scene && raw === this.raw;
    if (same) return;
    this.raw = raw;
    this.#clear();
    this.store.clear(scene);
    this.book.begin(scene);
    show(this.empty, !scene);
    this.views.classList.toggle("th-hidden", !scene);
    for (const pane of Object.values(this.panes)) setStrip(pane.strip, scene?.strip ?? "");
    if (!scene) return;
    for (const name of Object.keys(PLANES)) {
      setMessage(
        this.panes[name].message,
        scene.volume ? "Loading the image …" : "This case has no image.",
      );
    }
    this.space.open(scene);
    this.case = new Case(scene, new Arrivals(this));
  }

  /** Nothing of the old case may be seen under the next one's name. */
  #clear() {
    this.case?.stop();
    this.case = null;
    this.acts.forget();
    this.layers.volume = null;
    this.layers.labels = null;
    for (const slice of Object.values(this.slices)) slice.clear();
    this.risk.forget();
    this.space.clear();
    this.notices.clear();
    for (const pane of Object.values(this.panes)) {
      setStrip(pane.strip, "");
      setMessage(pane.message, "");
    }
  }

  // --- what changed is drawn, once a frame ---

  #changed(what) {
    if (["shown", "isolated", "scene"].some((k) => what.has(k))) this.stamp();
    if (what.has("window") && this.layers.volume) {
      table(this.store.display.window, this.store.scene.volume, this.layers.volume.lut);
      this.layers.volume.lutVersion += 1;
    }
    if (
      ["maximised", "active", "scene", "paths", "tab", "plans", "current"].some((k) => what.has(k))
    )
      this.#arrange();
    if (what.has("tab") && this.store.view.tab === "plan") this.send({ type: "room" });
    this.#preference();
    this.space.changed(what);
    this.risk.update(what);
    for (const key of what) this.dirtySet.add(key);
    const planned = [...what].every((key) => PLANNED.has(key));
    if (["plans", "current", "placement", "depth_mm"].some((k) => what.has(k))) this.#follow();
    this.dirty(...(planned ? [] : ["slices", "status"]), "overlay", "lists");
  }

  /** The views along the path: at once, or in a moment while it is dragged. */
  #follow() {
    if (!this.book.dragging) return this.dirty("paths");
    this.following ||= setTimeout(() => {
      this.following = 0;
      this.dirty("paths");
    }, FOLLOW_MS);
  }

  stamp() {
    const key = this.store.scene?.labels?.key ?? {};
    const on = new Set(
      Object.entries(key)
        .filter(([, id]) => this.store.visible(id))
        .map(([n]) => Number(n)),
    );
    this.layers.wanted = (label) => on.has(label);
    this.layers.stamp = [...on].join(" ");
  }

  #arrange() {
    const { maximised, active } = this.store.view;
    this.views.classList.toggle("th-one", Boolean(maximised));
    this.views.classList.toggle("th-paths", this.pathsOpen());
    for (const [name, pane] of Object.entries(this.panes)) {
      pane.element.classList.toggle("th-active", name === active);
      pane.element.classList.toggle("th-away", Boolean(maximised) && name !== maximised);
    }
  }

  dirty(...parts) {
    for (const part of parts) this.dirtySet.add(part);
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.#paint();
    });
  }

  #paint() {
    const what = this.dirtySet;
    this.dirtySet = new Set();
    if (this.store.scene) {
      for (const slice of Object.values(this.slices)) {
        if (what.has("slices")) slice.draw();
        else if (what.has("overlay")) slice.drawPlans();
      }
      if (what.has("slices") || what.has("paths")) this.paths.draw();
      if (what.has("overlay") || what.has("slices")) this.space.drawOverlay();
      this.acts.handles.settle();
      if (what.has("space")) this.space.draw();
    }
    if (what.has("slices")) {
      const text = this.layers.volume ? windowWords(this.store.display.window) : "";
      for (const name of Object.keys(PLANES)) say(this.panes[name].info, text);
    }
    if (what.has("lists") && [...what].some((k) => !PASSING.has(k))) {
      this.tools.update(what);
      this.list.update(what);
      this.measures.update(what);
      this.tabs.update(what);
      this.root.dataset.mode = this.store.view.mode;
    }
    if (what.has("lists")) {
      this.plan.update(what);
      this.scrubber.update();
    }
    if (what.has("status")) this.status.update();
  }

  refresh() {
    this.dirty("lists", "buttons");
  }

  // --- what actions need ---

  camera = () => this.space.camera;
  setCamera = (camera) => this.space.setCamera(camera);
  aspect = () => this.space.aspect();
  fine = () => this.space.fine;
  toggleFine = () => this.space.toggleFine();
  panelOpen = () => !this.side.classList.contains("th-away");
  /** Where the 3D view is cut now; null: nowhere. */
  clipPlane() {
    const { display, view, scene } = this.store;
    const placement = this.book.placement();
    const camera = this.camera();
    const path = placement && camera ? { ...placement, back: frameOf(camera).back } : null;
    return clipPlane(display.clip, view.cursor, scene?.bounds_mm ?? null, path);
  }

  pathsOpen() {
    const { paths, tab } = this.store.view;
    return (
      tab === "plan" && Boolean(this.store.scene?.planning) && (paths ?? Boolean(this.book.current))
    );
  }

  describe = (point, picked = null) =>
    this.store.scene ? describe(point, this.layers, this.store.scene, picked) : "";

  hover(point) {
    this.status.setHover(point ? this.describe(point) : "");
  }

  togglePanel() {
    this.panelChosen = true;
    this.side.classList.toggle("th-away");
    this.dirty("lists", "buttons", "slices", "space");
  }

  searchStructures() {
    this.panelChosen = true;
    this.side.classList.remove("th-away");
    this.refresh();
    this.list.focusSearch();
  }

  reveal(point) {
    for (const slice of Object.values(this.slices)) slice.reveal(point);
    this.dirty("slices");
  }

  /** A point inside a structure, near the centre of its box, by its labels. */
  centre(structure) {
    const { labels } = this.layers;
    const label = Object.entries(this.store.scene?.labels?.key ?? {}).find(
      ([, id]) => id === structure.id,
    )?.[0];
    return labels && label
      ? nearestOf(labels.grid, labels.array, Number(label), structure.bounds_mm)
      : null;
  }

  reset() {
    for (const slice of Object.values(this.slices)) slice.reset();
    const bounds = this.store.scene?.bounds_mm;
    if (bounds) {
      this.store.look({
        cursor: /** @type {any} */ ([0, 1, 2].map((a) => (bounds[2 * a] + bounds[2 * a + 1]) / 2)),
        maximised: null,
      });
    }
    this.space.home();
    this.dirty("slices");
  }

  // --- to and from the server ---

  receive = (message) => this.link.receive(message);
  tellCursor = () => this.link.cursor();

  /** A convention is this person's, not the case's: keep it, and tell it, also when it is undone. */
  #preference() {
    const { convention, nose } = this.store.display;
    const { taste } = this.store;
    if (convention === taste.convention && nose === taste.nose) return;
    this.store.taste = { convention, nose };
    keepTaste(this.store.taste);
    this.send({ type: "preference", convention, sagittal_nose: nose });
  }

  dispose() {
    this.#clear();
    this.unsubscribe();
    clearTimeout(this.following);
    cancelAnimationFrame(this.frame);
    this.observer.disconnect();
    this.unlisten();
    this.link.dispose();
    this.space.dispose();
    this.el.replaceChildren();
  }
}
