/** Pointer and wheel in the 3D view. */

import { dolly, orbit, pan, ray } from "./camera.js";

/** A press that moves less than this is a click [px]. */
const CLICK_PX = 4;

/**
 * @param {HTMLElement} stage
 * @param {{camera: () => any, setCamera: (c: any) => void, pick: (ray: any) => void,
 *   paths: any, handles: import("./plan/pointer.js").Handles}} acts
 */
export function spacePointer(stage, acts) {
  let drag = null;
  const place = (event) => {
    const box = stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  stage.addEventListener("contextmenu", (event) => event.preventDefault());

  stage.addEventListener("pointerdown", (event) => {
    if (!acts.camera()) return;
    stage.setPointerCapture(event.pointerId);
    const [x, y] = place(event);
    const plain = event.button === 0 && !event.shiftKey && !event.ctrlKey;
    if (plain && acts.handles.press(acts.paths, [x, y])) {
      drag = { path: true, travelled: true };
      return;
    }
    const moves = event.button !== 0 || event.shiftKey;
    drag = { x, y, fromX: x, fromY: y, pan: moves, zoom: event.ctrlKey, travelled: false };
  });

  stage.addEventListener("pointermove", (event) => {
    const [x, y] = place(event);
    if (!drag) return acts.handles.hover(acts.paths, [x, y]);
    if (drag.path) return acts.handles.move(acts.paths, [x, y], event);
    if (Math.hypot(x - drag.fromX, y - drag.fromY) > CLICK_PX) drag.travelled = true;
    if (!drag.travelled) return;
    const [dx, dy] = [x - drag.x, y - drag.y];
    const camera = acts.camera();
    if (drag.pan) acts.setCamera(pan(camera, dx, dy, stage.clientHeight));
    else if (drag.zoom) acts.setCamera(dolly(camera, Math.exp(-dy * 0.01)));
    else acts.setCamera(orbit(camera, dx, dy));
    [drag.x, drag.y] = [x, y];
  });

  stage.addEventListener("pointerup", (event) => {
    if (drag?.path) acts.handles.release(acts.paths);
    if (drag && !drag.travelled && event.button === 0 && !event.shiftKey) {
      acts.pick(
        ray(acts.camera(), [drag.fromX, drag.fromY], [stage.clientWidth, stage.clientHeight]),
      );
    }
    drag = null;
  });
  stage.addEventListener("pointercancel", () => {
    if (drag?.path) acts.handles.release(acts.paths);
    drag = null;
  });
  stage.addEventListener("pointerleave", () => acts.handles.leave(acts.paths));

  stage.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const camera = acts.camera();
      if (camera) acts.setCamera(dolly(camera, Math.exp(-event.deltaY * 0.0015)));
    },
    { passive: false },
  );
}
