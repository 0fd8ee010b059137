/** The 3D pane as the theatre uses it: surfaces, camera, pointer, and what to do when WebGL fails. */

import { oblique } from "./camera.js";
import { h } from "./dom.js";
import { gridBounds } from "./grid.js";
import { hint } from "./keys.js";
import { setMessage } from "./pane.js";
import { spaceSight } from "./plan/geometry.js";
import { SpacePlans } from "./plan/space_plans.js";
import { SpaceOverlay } from "./space_overlay.js";
import { SpacePlanes } from "./space_planes.js";
import { spacePointer } from "./space_pointer.js";
import { SpaceView, probe } from "./space_view.js";
import { SpaceVolume } from "./space_volume.js";

const NO_WEBGL =
  "This browser gives no WebGL 2, so the 3D view cannot be drawn. The three slices work as usual.";
const LOST = "The graphics driver dropped the 3D view. It comes back by itself in a moment.";
const VIEWS = {
  A: "the front",
  P: "behind",
  L: "the patient's left",
  R: "the patient's right",
  S: "above",
  I: "below",
};

/** How long a lost context is waited for before a new one is made [ms]. */
const PATIENCE_MS = 1500;

export class Space {
  /** @param {ReturnType<import("./pane.js").pane>} pane @param {any} theatre */
  constructor(pane, theatre) {
    this.pane = pane;
    this.theatre = theatre;
    this.store = theatre.store;
    this.camera = null;
    const { handles } = theatre.acts;
    const paths = { name: "space", plane: null, stage: pane.stage, sight: () => this.#sight() };
    this.overlay = new SpaceOverlay(pane, this.store, paths, handles);
    this.clipTimer = 0;
    /** Decoded surfaces, kept so that a lost context can be filled again. */
    this.kept = new Map();
    Object.assign(this, { webgl: false, software: true }, probe());
    this.wantFine = !this.software;
    spacePointer(pane.stage, {
      camera: () => (this.view ? this.camera : null),
      setCamera: (camera) => this.setCamera(camera, true),
      pick: (ray) => theatre.acts.pick(ray),
      paths,
      handles,
    });
    const buttons = Object.entries(VIEWS).map(([letter, from]) =>
      h(
        "button",
        {
          class: "th-button th-small th-lettered",
          type: "button",
          title: hint(`view_${letter}`, `Look from ${from}`),
          "aria-label": `Look from ${from}`,
          "data-action": `view_${letter}`,
          onclick: () => theatre.acts.run(`view_${letter}`),
        },
        letter,
      ),
    );
    pane.tools.prepend(...buttons);
  }

  #sight() {
    const { clientWidth, clientHeight } = this.pane.stage;
    if (!this.view || !this.camera || clientWidth < 8 || clientHeight < 8) return null;
    return spaceSight(this.camera, [clientWidth, clientHeight]);
  }

  /** Make the WebGL view, or say why there is none. */
  begin() {
    if (!this.webgl) {
      this.theatre.send({ type: "lost", what: "webgl", sentence: NO_WEBGL });
      return;
    }
    this.view = new SpaceView(this.pane.stage, {
      onframe: () => {
        this.overlay.draw(this.camera);
        this.theatre.case?.framed();
      },
      onlost: () => this.#lost(),
      onback: () => this.#again(),
      onfault: (error) => this.#fault(error),
    });
    this.planes = new SpacePlanes(this.view, this.store, this.theatre);
    this.volume = new SpaceVolume(this.view, this.store, this.theatre, this.software);
    this.plans = new SpacePlans(this.view, this.theatre);
    this.view.detail = this.fine;
  }

  /** Begin a case: its camera, and the message when there is no WebGL. */
  open(scene) {
    if (!this.webgl) setMessage(this.pane.message, NO_WEBGL);
    this.home(scene);
  }

  home(scene = this.store.scene) {
    const bounds = scene?.bounds_mm ?? (scene?.volume ? gridBounds(scene.volume) : null);
    if (bounds) this.setCamera(oblique(bounds, this.aspect()));
  }

  aspect() {
    const { clientWidth, clientHeight } = this.pane.stage;
    return clientHeight ? clientWidth / clientHeight : 1;
  }

  setCamera(camera, dragged = false) {
    this.camera = camera;
    if (!this.view) return;
    if (dragged) this.view.moved();
    this.view.setCamera(camera);
    if (this.store.display.clip.on && this.store.display.clip.axis === "path") this.#soon();
    if (dragged && !this.view.slow) return;
    this.overlay.draw(camera);
  }

  surface(structure, level, surface) {
    this.kept.set(`${structure.id} ${level}`, { structure, level, surface });
    if (!this.view) return;
    this.view.addSurface(structure.id, level, surface, structure.colour);
    this.#look(structure.id);
  }

  #look(id) {
    const { display } = this.store;
    const alone = display.isolated === id;
    const opacity = alone ? Math.max(display.opacity[id] ?? 1, 0.6) : (display.opacity[id] ?? 1);
    const wanted = (display.volume === "off" || display.volume_surfaces) && id !== this.veiled;
    this.view?.setLook(id, { visible: wanted && this.store.visible(id), opacity });
  }

  /** Leave a structure undrawn while something else is drawn in its place. @param {string | null} id */
  veil(id) {
    if (this.veiled === id) return;
    this.veiled = id;
    for (const structure of this.store.scene?.structures ?? []) this.#look(structure.id);
  }

  imageChanged() {
    this.planes?.update();
    this.volume?.update();
  }

  /** @param {Set<string>} what */
  changed(what) {
    if (!this.view || !this.store.scene) return;
    if (["shown", "opacity", "isolated", "volume", "volume_surfaces"].some((k) => what.has(k))) {
      for (const { id } of this.store.scene.structures) this.#look(id);
      if (this.theatre.case?.told.has("coarse")) this.refine();
    }
    const { clip, planes } = this.store.display;
    if (what.has("clip")) this.#clip();
    else if (what.has("cursor") && clip.on && clip.follow) this.#soon();
    else if (what.has("plans") && clip.on && clip.axis === "path") this.#soon();
    if (what.has("planes") || what.has("window") || (what.has("cursor") && planes)) this.#soon();
    if (what.has("volume")) this.volume.update();
    this.plans.update(what);
  }

  /** Follow the crosshair in 3D at once when frames are quick, else when it rests. */
  #soon() {
    clearTimeout(this.clipTimer);
    const wait = this.view.slow ? 180 : 0;
    this.clipTimer = setTimeout(() => {
      this.#clip();
      this.planes.update();
    }, wait);
  }

  #clip() {
    this.view.setClip(this.theatre.clipPlane());
  }

  get fine() {
    return this.wantFine;
  }

  toggleFine() {
    this.wantFine = !this.wantFine;
    this.view?.setDetail(this.wantFine);
    this.refine();
    if (this.wantFine && this.software) {
      this.theatre.notices.tell(
        "note",
        "Fine surfaces are drawn without a graphics processor here: expect slow turns.",
      );
    }
    this.theatre.refresh();
  }

  /** Fetch the fine surfaces of what is shown, where they are wanted. */
  refine() {
    if (this.wantFine && this.view) this.theatre.case?.refine((id) => this.store.visible(id));
  }

  draw() {
    this.view?.draw();
  }

  /** Are more surfaces on their way? @param {boolean} on */
  gather(on) {
    this.view?.gather(on);
  }

  drawOverlay() {
    this.overlay.draw(this.camera);
  }

  /** A frame failed: without the volume if there is one, else in words. */
  #fault(error) {
    console.warn("A 3D frame could not be drawn.", error);
    if (this.volume?.volume) {
      this.volume.refuse(error);
      this.view.draw();
      return;
    }
    const sentence = `The 3D view could not be drawn (${error.message}). The slices work as usual.`;
    this.theatre.notices.tell("caution", sentence, { key: "3d" });
  }

  /** The pane itself says so: the page around it hears only of what stays lost. */
  #lost() {
    setMessage(this.pane.message, LOST);
    this.patience = setTimeout(() => this.#again(), PATIENCE_MS);
  }

  /** Make a new view and fill it with what is known. */
  #again() {
    clearTimeout(this.patience);
    this.view?.dispose();
    this.view = null;
    Object.assign(this, probe());
    this.begin();
    setMessage(this.pane.message, this.webgl ? "" : NO_WEBGL);
    if (!this.store.scene || !this.view) return;
    if (this.camera) this.view.setCamera(this.camera);
    for (const { structure, level, surface } of this.kept.values()) {
      this.view.addSurface(structure.id, level, surface, structure.colour);
      this.#look(structure.id);
    }
    this.#clip();
    this.imageChanged();
    this.plans.update(new Set(["plans"]));
    this.theatre.risk.again();
    this.theatre.notices.tell("note", "The 3D view is back.");
  }

  clear() {
    clearTimeout(this.clipTimer);
    this.kept.clear();
    this.camera = null;
    this.planes?.clear();
    this.volume?.clear();
    this.plans?.clear();
    this.view?.clear();
    this.overlay.clear();
  }

  dispose() {
    clearTimeout(this.clipTimer);
    clearTimeout(this.patience);
    this.view?.dispose();
    this.view = null;
  }
}
