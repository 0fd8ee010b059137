/** Volume rendering of the image, off until it is asked for. */

import "@kitware/vtk.js/Rendering/OpenGL/Profiles/Volume.js";
import vtkColorTransferFunction from "@kitware/vtk.js/Rendering/Core/ColorTransferFunction.js";
import vtkDataArray from "@kitware/vtk.js/Common/Core/DataArray.js";
import vtkImageData from "@kitware/vtk.js/Common/DataModel/ImageData.js";
import vtkPiecewiseFunction from "@kitware/vtk.js/Common/DataModel/PiecewiseFunction.js";
import vtkVolume from "@kitware/vtk.js/Rendering/Core/Volume.js";
import vtkVolumeMapper from "@kitware/vtk.js/Rendering/Core/VolumeMapper.js";
import { reduced } from "./reduce.js";
import { VOLUME_PRESETS } from "./volume_presets.js";

/** Voxels that software GL can still draw in seconds. */
const SOFTWARE_VOXELS = 96 ** 3;
const GPU_VOXELS = 512 ** 3;
const SLOW =
  "Volume rendering without a graphics processor: one picture takes seconds, and it is drawn coarsely.";

export class SpaceVolume {
  /**
   * @param {import("./space_view.js").SpaceView} view
   * @param {import("./store.js").Store} store
   * @param {any} theatre
   * @param {boolean} software
   */
  constructor(view, store, theatre, software) {
    this.view = view;
    this.store = store;
    this.theatre = theatre;
    this.software = software;
    /** @type {any} */ this.volume = null;
    view.extras.push({
      props: () => [],
      moving: (on) => this.#moving(on),
      clipped: () => this.#mapper(),
    });
  }

  #mapper() {
    return this.volume ? [this.volume.getMapper()] : [];
  }

  /** A slow rendering leaves while the camera moves. */
  #moving(on) {
    if (this.volume && this.software) this.volume.setVisibility(!on);
  }

  clear() {
    if (!this.volume) return;
    this.view.renderer.removeVolume(this.volume);
    this.volume.getMapper().delete();
    this.volume.delete();
    this.volume = null;
  }

  update() {
    const preset = VOLUME_PRESETS.find((p) => p.id === this.store.display.volume);
    const { volume: layer } = this.theatre.layers;
    if (!preset || !layer) {
      if (this.volume) {
        this.clear();
        this.view.draw();
      }
      return;
    }
    try {
      if (!this.volume) this.volume = this.#build(layer);
      this.#dress(preset, layer.grid);
      if (this.software) this.theatre.notices.tell("note", SLOW, { key: "volume" });
    } catch (error) {
      this.refuse(error);
    }
    this.view.draw();
  }

  /** The volume cannot be drawn here: take it away and say so. @param {any} error */
  refuse(error) {
    this.clear();
    this.store.amend({ volume: "off" });
    this.theatre.notices.tell(
      "caution",
      `This graphics system cannot draw the volume (${error.message}). Surfaces and slices work as usual.`,
      { key: "volume" },
    );
  }

  #build(layer) {
    const largest = this.view.gl.getContext().getParameter(0x8073); // MAX_3D_TEXTURE_SIZE
    const { shape, spacing_mm, origin_mm, values } = reduced(
      layer.grid,
      layer.array,
      this.store.scene.volume,
      this.software ? SOFTWARE_VOXELS : GPU_VOXELS,
      largest,
    );
    const image = vtkImageData.newInstance({ spacing: spacing_mm, origin: origin_mm });
    image.setDimensions(...shape);
    image.getPointData().setScalars(vtkDataArray.newInstance({ name: "image", values }));
    const mapper = vtkVolumeMapper.newInstance();
    mapper.setInputData(image);
    mapper.setSampleDistance(Math.min(...spacing_mm) * (this.software ? 1 : 0.7));
    mapper.setMaximumSamplesPerRay(2000);
    if (this.view.clipping) mapper.addClippingPlane(this.view.clip);
    const volume = vtkVolume.newInstance();
    volume.setMapper(mapper);
    this.view.renderer.addVolume(volume);
    return volume;
  }

  #dress(preset, grid) {
    const opacity = vtkPiecewiseFunction.newInstance();
    for (const [share, value] of preset.opacity) opacity.addPoint(255 * share, value);
    const colour = vtkColorTransferFunction.newInstance();
    for (const [share, r, g, b] of preset.colour) colour.addRGBPoint(255 * share, r, g, b);
    const mapper = this.volume.getMapper();
    if (preset.mip) mapper.setBlendModeToMaximumIntensity();
    else mapper.setBlendModeToComposite();
    const property = this.volume.getProperty();
    property.setRGBTransferFunction(0, colour);
    property.setScalarOpacity(0, opacity);
    property.setScalarOpacityUnitDistance(0, Math.min(...grid.spacing_mm) * 2);
    property.setInterpolationTypeToLinear();
    property.setShade(!preset.mip);
    property.setAmbient(0.25);
    property.setDiffuse(0.75);
    property.setSpecular(0.15);
  }
}
