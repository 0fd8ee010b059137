/** The three slices, standing in the 3D view where they were cut. */

import vtkActor from "@kitware/vtk.js/Rendering/Core/Actor.js";
import vtkDataArray from "@kitware/vtk.js/Common/Core/DataArray.js";
import vtkMapper from "@kitware/vtk.js/Rendering/Core/Mapper.js";
import vtkPolyData from "@kitware/vtk.js/Common/DataModel/PolyData.js";
import vtkTexture from "@kitware/vtk.js/Rendering/Core/Texture.js";
import { cut, gridBounds, sliceIndex, slicePosition } from "./grid.js";
import { PLANES } from "./planes.js";

export class SpacePlanes {
  /**
   * @param {import("./space_view.js").SpaceView} view
   * @param {import("./store.js").Store} store
   * @param {any} theatre
   */
  constructor(view, store, theatre) {
    this.view = view;
    this.store = store;
    this.theatre = theatre;
    /** @type {any[]} */ this.quads = [];
  }

  clear() {
    for (const { actor, texture } of this.quads) {
      this.view.renderer.removeActor(actor);
      actor.delete();
      texture.delete();
    }
    this.quads = [];
  }

  update() {
    const on = this.store.display.planes && this.theatre.layers.volume;
    if (!on) {
      if (this.quads.length) {
        this.clear();
        this.view.draw();
      }
      return;
    }
    if (!this.quads.length) this.quads = Object.values(PLANES).map((plane) => this.#quad(plane));
    for (const quad of this.quads) this.#place(quad);
    this.view.draw();
  }

  #quad(plane) {
    const data = vtkPolyData.newInstance();
    data.getPoints().setData(new Float32Array(12), 3);
    data.getPolys().setData(new Uint32Array([4, 0, 1, 2, 3]));
    data.getPointData().setTCoords(
      vtkDataArray.newInstance({
        name: "TextureCoordinates",
        numberOfComponents: 2,
        values: new Float32Array([0, 1, 1, 1, 1, 0, 0, 0]), // pictures are stored top row first
      }),
    );
    const mapper = vtkMapper.newInstance({ scalarVisibility: false });
    mapper.setInputData(data);
    const texture = vtkTexture.newInstance({ interpolate: true, resizable: true });
    const actor = vtkActor.newInstance();
    actor.setMapper(mapper);
    actor.addTexture(texture);
    actor.setForceOpaque(true); // what lies outside is dropped by its zero alpha, not blended
    actor.getProperty().setLighting(false);
    actor.getProperty().setColor(1, 1, 1);
    this.view.renderer.addActor(actor);
    return { plane, data, texture, actor };
  }

  /** The slice's picture; outside the head, where labels tell it, nothing. */
  #pixels(canvas, plane, index) {
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const { labels } = this.theatre.layers;
    if (!labels) return pixels;
    const { values } = cut(labels.grid, labels.array, plane, index);
    for (let i = 0; i < values.length; i += 1) if (values[i] === 0) pixels.data[4 * i + 3] = 0;
    return pixels;
  }

  #place({ plane, data, texture }) {
    const grid = this.store.scene.volume;
    const bounds = gridBounds(grid);
    const { across: u, upward: v, through: w } = plane;
    const slice = this.theatre.slices[plane.name];
    const index = sliceIndex(grid, w, this.store.view.cursor[w]);
    slice.image.draw(this.theatre.layers.volume, index);
    const points = new Float32Array(12);
    const corners = [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 1],
    ];
    corners.forEach(([a, b], i) => {
      points[3 * i + u] = bounds[2 * u + a];
      points[3 * i + v] = bounds[2 * v + b];
      points[3 * i + w] = slicePosition(grid, w, index);
    });
    data.getPoints().setData(points, 3);
    data.modified();
    texture.setJsImageData(this.#pixels(slice.image.canvas, plane, index));
    texture.modified();
  }
}
