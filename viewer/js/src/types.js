/**
 * Shapes that travel through the theatre. Points are RAS millimetres: [right, anterior, superior].
 *
 * @typedef {[number, number, number]} Point
 * @typedef {"axial" | "sagittal" | "coronal"} PlaneName
 * @typedef {"radiological" | "neurological"} Convention
 * @typedef {"left" | "right"} Nose  side of the screen that the nose points to in sagittal views
 *
 * @typedef {object} GridSpec  an axis-aligned RAS grid, i fastest
 * @property {Point} shape         voxels along R, A, S
 * @property {Point} spacing_mm
 * @property {Point} origin_mm     centre of voxel 0, 0, 0
 *
 * @typedef {object} MeshFile
 * @property {"coarse" | "fine"} level
 * @property {string} url
 * @property {number} triangles
 * @property {number} bytes  on the wire
 *
 * @typedef {object} Structure
 * @property {string} id
 * @property {string} title
 * @property {string} code   SNOMED CT, empty: none
 * @property {string | null} side
 * @property {string} group
 * @property {[number, number, number]} colour  0..255
 * @property {number} opacity  0..1
 * @property {boolean} visible
 * @property {boolean} estimated
 * @property {string} origin
 * @property {number | null} sigma_mm
 * @property {number | null} volume_ml
 * @property {number | null} surface_volume_ml
 * @property {number | null} surface_p95_mm
 * @property {number | null} triangles
 * @property {boolean | null} watertight
 * @property {string} note
 * @property {number[] | null} bounds_mm
 * @property {MeshFile[]} meshes
 *
 * @typedef {object} Preset
 * @property {string} id
 * @property {string} title
 * @property {number} low
 * @property {number} high
 *
 * @typedef {GridSpec & {url: string, slope: number, inter: number, range: [number, number],
 *   window: [number, number], presets: Preset[]}} VolumeSpec
 *
 * @typedef {object} Scene
 * @property {string} case
 * @property {string} title
 * @property {string} strip  the patient strip's text
 * @property {VolumeSpec | null} volume
 * @property {{url: string, key: Record<string, string>} | null} labels
 * @property {Structure[]} structures
 * @property {number[] | null} bounds_mm
 * @property {string} anatomy  digest that plans pin
 * @property {string} frame
 * @property {any} planning  procedures, devices, deliveries and profiles; null: none
 *
 * @typedef {object} Surface
 * @property {Float32Array} points  3 n, mm
 * @property {Uint32Array} faces    3 m
 * @property {object} head
 *
 * @typedef {object} Measure
 * @property {string} id
 * @property {"distance" | "angle"} kind
 * @property {Point[]} points_mm
 * @property {string} text  the answer, with its unit
 * @property {boolean} confirmed  true once the server has answered
 */

export {};
