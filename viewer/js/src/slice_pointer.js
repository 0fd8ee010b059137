/** Pointer and wheel in a slice view. */

import { dragged } from "./window.js";

/** @param {import("./slice_view.js").SliceView} view @param {any} acts */
export function slicePointer(view, acts) {
  const { canvas } = view.pane;
  const { store } = view;
  let drag = null;
  let wheel = 0;

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  const kind = (event) => {
    if (event.button === 2 || event.button === 1 || event.shiftKey) return "pan";
    return store.view.mode;
  };

  canvas.addEventListener("contextmenu", (event) => event.preventDefault());

  canvas.addEventListener("pointerdown", (event) => {
    if (!store.scene) return;
    const [x, y] = place(event);
    canvas.setPointerCapture(event.pointerId);
    drag = { kind: kind(event), x, y, window: store.display.window };
    if (drag.kind === "cross" && acts.handles.press(view.plans.view, [x, y])) {
      drag.kind = "path";
      return;
    }
    const point = view.pointAt(x, y);
    const aimed = point && acts.handles.aimed(view.plans.view, point);
    if (aimed && event.button === 0 && acts.placed(aimed)) drag.kind = "placed";
    if (drag.kind === "cross" && point) acts.moveTo(point);
    if ((drag.kind === "distance" || drag.kind === "angle") && point) {
      view.rubber = null;
      acts.addPoint(point);
    }
  });

  canvas.addEventListener("pointermove", (event) => {
    if (!store.scene) return;
    const [x, y] = place(event);
    if (drag?.kind === "path") return acts.handles.move(view.plans.view, [x, y], event);
    const point = view.pointAt(x, y);
    if (!drag) {
      if (event.shiftKey && !event.buttons && point) acts.moveTo(point);
      acts.hover(point);
      acts.handles.hover(view.plans.view, [x, y]);
      if (store.view.arming) store.look({ aim: point });
      if (store.view.drawing.length) {
        view.rubber = point;
        acts.redraw();
      }
      return;
    }
    if (drag.kind === "cross" && point) acts.moveTo(point);
    else if (drag.kind === "pan") view.pan(x - drag.x, y - drag.y);
    else if (drag.kind === "window" && store.scene.volume) {
      drag.window = dragged(drag.window, [x - drag.x, y - drag.y], store.scene.volume.range);
      store.change("window", { window: drag.window });
    }
    [drag.x, drag.y] = [x, y];
    acts.redraw();
  });

  const end = () => {
    if (drag?.kind === "path") acts.handles.release(view.plans.view);
    drag = null;
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  canvas.addEventListener("pointerleave", () => {
    acts.hover(null);
    acts.handles.leave(view.plans.view);
    if (store.view.aim) store.look({ aim: null });
    if (view.rubber) {
      view.rubber = null;
      acts.redraw();
    }
  });

  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      if (!store.scene) return;
      if (event.ctrlKey || event.metaKey) {
        view.zoom(Math.exp(-event.deltaY * 0.002), place(event));
        acts.redraw();
        return;
      }
      wheel += event.deltaMode === 1 ? event.deltaY * 30 : event.deltaY;
      const steps = Math.trunc(wheel / 60);
      if (steps) {
        wheel -= steps * 60;
        acts.scroll(view.plane, -steps);
      }
    },
    { passive: false },
  );
}
