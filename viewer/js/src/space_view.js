/** The 3D view: surfaces, slices and volume in one WebGL canvas, drawn when something changed. */

import "@kitware/vtk.js/Rendering/OpenGL/Profiles/Geometry.js";
import vtkOpenGLRenderWindow from "@kitware/vtk.js/Rendering/OpenGL/RenderWindow.js";
import vtkRenderWindow from "@kitware/vtk.js/Rendering/Core/RenderWindow.js";
import vtkRenderWindowInteractor from "@kitware/vtk.js/Rendering/Core/RenderWindowInteractor.js";
import vtkRenderer from "@kitware/vtk.js/Rendering/Core/Renderer.js";
import vtkPlane from "@kitware/vtk.js/Common/DataModel/Plane.js";
import { surfaceActor } from "./space_surface.js";

/** Frames slower than this are not drawn while something else is being dragged [ms]. */
const SLOW_MS = 60;
/** Stillness after which the fine surfaces come back [ms]. */
const STILL_MS = 350;
/** How long a slow view waits for more surfaces, while they come in, before it draws them [ms]. */
const GATHER_MS = 1500;

const BACKGROUND = [0.035, 0.047, 0.06];

/** What the browser can draw with. @returns {{webgl: boolean, software: boolean}} */
export function probe() {
  const canvas = document.createElement("canvas");
  const gl = canvas.getContext("webgl2");
  if (!gl) return { webgl: false, software: true };
  const extension = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(extension ? gl.getParameter(extension.UNMASKED_RENDERER_WEBGL) : "");
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return { webgl: true, software: /swiftshader|llvmpipe|software|basic render/i.test(name) };
}

export class SpaceView {
  /**
   * @param {HTMLElement} stage
   * @param {{onframe: () => void, onlost: () => void, onback: () => void,
   *   onfault: (error: any) => void}} hooks
   */
  constructor(stage, hooks) {
    this.stage = stage;
    this.hooks = hooks;
    this.renderWindow = vtkRenderWindow.newInstance();
    this.renderer = vtkRenderer.newInstance({ background: BACKGROUND });
    this.renderWindow.addRenderer(this.renderer);
    this.gl = vtkOpenGLRenderWindow.newInstance();
    this.gl.setContainer(stage);
    this.renderWindow.addView(this.gl);
    // Bound to nothing: the volume mapper asks it whether something is animating.
    this.interactor = vtkRenderWindowInteractor.newInstance();
    this.interactor.setView(this.gl);
    this.canvas = this.gl.getCanvas();
    this.canvas.classList.add("th-space");
    this.clip = vtkPlane.newInstance();
    this.clipping = false;
    /** @type {Map<string, {coarse?: any, fine?: any, look: any}>} */
    this.surfaces = new Map();
    /** @type {{props: () => any[], moving: (on: boolean) => void}[]} */ this.extras = [];
    /** @type {import("./camera.js").Camera | null} */ this.camera = null;
    this.frame_ms = 0;
    this.timer = 0;
    this.stillTimer = 0;
    this.gatherTimer = 0;
    this.gathering = false;
    this.blank = true;
    this.moving = false;
    this.detail = true;
    this.gone = false;
    this.canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      if (!this.gone) hooks.onlost();
    });
    this.canvas.addEventListener("webglcontextrestored", () => !this.gone && hooks.onback());
  }

  /** Add one level of a structure. @param {import("./types.js").Surface} surface */
  addSurface(id, level, surface, colour) {
    const entry = this.surfaces.get(id) ?? { look: { visible: false, opacity: 1 } };
    const actor = surfaceActor(surface, colour);
    if (this.clipping) actor.getMapper().addClippingPlane(this.clip);
    if (entry[level]) this.renderer.removeActor(entry[level]);
    entry[level] = actor;
    this.surfaces.set(id, entry);
    this.renderer.addActor(actor);
    this.#dress(entry);
    this.draw();
  }

  /** @param {string} id @param {{visible: boolean, opacity: number}} look */
  setLook(id, look) {
    const entry = this.surfaces.get(id);
    if (!entry || (entry.look.visible === look.visible && entry.look.opacity === look.opacity))
      return;
    entry.look = look;
    this.#dress(entry);
    this.draw();
  }

  #dress({ coarse, fine, look }) {
    const useFine = fine && ((this.detail && !this.moving) || !coarse);
    for (const [actor, on] of [
      [coarse, !useFine],
      [fine, useFine],
    ]) {
      if (!actor) continue;
      actor.setVisibility(Boolean(on) && look.visible && look.opacity > 0.01);
      const property = actor.getProperty();
      property.setOpacity(look.opacity);
      property.setBackfaceCulling(look.opacity < 0.99 && !this.clipping);
    }
  }

  #dressAll() {
    for (const entry of this.surfaces.values()) this.#dress(entry);
  }

  /** Use fine surfaces when the view is still. */
  setDetail(on) {
    this.detail = on;
    this.#dressAll();
    this.draw();
  }

  /** @param {{origin_mm: number[], normal: number[]} | null} plane */
  setClip(plane) {
    if (plane) {
      this.clip.setOrigin(...plane.origin_mm);
      this.clip.setNormal(...plane.normal);
    }
    if (this.clipping !== Boolean(plane)) {
      this.clipping = Boolean(plane);
      for (const mapper of this.#mappers()) {
        mapper.removeAllClippingPlanes();
        if (plane) mapper.addClippingPlane(this.clip);
      }
      this.#dressAll();
    }
    this.draw();
  }

  #mappers() {
    const actors = [...this.surfaces.values()].flatMap((e) => [e.coarse, e.fine]).filter(Boolean);
    const volumes = this.extras.flatMap((extra) => extra.clipped?.() ?? []);
    return [...actors.map((a) => a.getMapper()), ...volumes];
  }

  /** @param {import("./camera.js").Camera} camera */
  setCamera(camera) {
    this.camera = camera;
    const it = this.renderer.getActiveCamera();
    it.setPosition(...camera.position);
    it.setFocalPoint(...camera.focus);
    it.setViewUp(...camera.up);
    it.setViewAngle(camera.angle_deg);
    this.draw();
  }

  /** The camera is being dragged: draw light, come back to full detail when still. */
  moved() {
    if (!this.moving) {
      this.moving = true;
      for (const extra of this.extras) extra.moving(true);
      this.#dressAll();
    }
    clearTimeout(this.stillTimer);
    this.stillTimer = setTimeout(
      () => {
        this.moving = false;
        for (const extra of this.extras) extra.moving(false);
        this.#dressAll();
        this.draw();
      },
      Math.max(STILL_MS, 2 * this.frame_ms),
    );
  }

  /** Is a frame too slow to be drawn beside something else that is dragged? */
  get slow() {
    return this.frame_ms > SLOW_MS;
  }

  /** Draw soon; calls in between are one. */
  draw() {
    if (this.timer || this.gone) return;
    if (this.gathering && this.slow && !this.moving) {
      this.gatherTimer ||= setTimeout(() => this.#drawNext(), GATHER_MS);
      return;
    }
    this.#drawNext();
  }

  #drawNext() {
    clearTimeout(this.gatherTimer);
    this.gatherTimer = 0;
    this.timer ||= requestAnimationFrame(() => {
      this.timer = 0;
      this.#drawNow();
    });
  }

  /** More surfaces are coming: a slow view draws them together. @param {boolean} on */
  gather(on) {
    this.gathering = on;
    if (!on && this.gatherTimer) this.#drawNext();
  }

  #drawNow() {
    const { clientWidth: width, clientHeight: height } = this.stage;
    if (this.gone || !this.camera || width < 8 || height < 8) return;
    if (this.blank && !this.renderer.getViewProps().length) return;
    const ratio = this.frame_ms > 200 ? 1 : Math.min(globalThis.devicePixelRatio || 1, 2);
    const size = [Math.round(width * ratio), Math.round(height * ratio)];
    const now = this.gl.getSize();
    if (now[0] !== size[0] || now[1] !== size[1]) this.gl.setSize(...size);
    const start = performance.now();
    try {
      this.renderer.resetCameraClippingRange();
      this.#render();
      this.#settle();
    } catch (error) {
      this.hooks.onfault(error);
      return;
    }
    this.frame_ms = performance.now() - start;
    this.hooks.onframe();
  }

  #render() {
    this.blank = !this.renderer.getViewProps().length;
    this.renderWindow.preRender();
    this.gl.traverseAllPasses();
  }

  /** Wait for the picture, so that slow frames do not pile up behind the slices' frames. */
  #settle() {
    const gl = this.gl.getContext();
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
  }

  /** Remove every surface and draw nothing, now. */
  clear() {
    clearTimeout(this.stillTimer);
    this.gather(false);
    this.moving = false;
    this.renderer.removeAllViewProps();
    const { clientWidth, clientHeight } = this.stage;
    if (!this.blank && clientWidth && clientHeight) this.#render();
    for (const { coarse, fine } of this.surfaces.values()) {
      for (const actor of [coarse, fine]) {
        actor?.getMapper().delete();
        actor?.delete();
      }
    }
    this.surfaces.clear();
    this.setClip(null);
  }

  dispose() {
    this.gone = true;
    cancelAnimationFrame(this.timer);
    clearTimeout(this.stillTimer);
    clearTimeout(this.gatherTimer);
    this.interactor.delete();
    this.renderWindow.removeView(this.gl);
    this.gl.setContainer(null);
    this.gl.delete();
    this.renderer.delete();
    this.renderWindow.delete();
    this.canvas.remove();
  }
}
