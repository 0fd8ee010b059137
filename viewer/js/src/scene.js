/** A scene as the server sends it, made safe to draw: every field present, nothing trusted. */

/** @typedef {import("./types.js").Scene} Scene @typedef {import("./types.js").Structure} Structure */

export const INTENDED_USE = "Research, planning rehearsal and education. Not a medical device.";

/** Ids that give a first outline of the head, in the order of their loading. */
export const OUTLINE = ["scalp", "brain"];

const text = (value, fallback = "") => (typeof value === "string" ? value : fallback);
const number = (value, fallback) =>
  typeof value === "number" && Number.isFinite(value) ? value : fallback;
const numbers = (value, n) =>
  Array.isArray(value) && value.length === n && value.every((x) => Number.isFinite(x))
    ? value
    : null;

/** @param {any} raw @returns {Scene | null} null: the empty theatre */
export function readScene(raw) {
  if (!raw || typeof raw !== "object" || !(raw.volume || raw.structures?.length)) return null;
  const structures = (Array.isArray(raw.structures) ? raw.structures : []).map(readStructure);
  const volume = readVolume(raw.volume);
  return {
    case: text(raw.case),
    title: text(raw.title, "Untitled case"),
    strip: text(raw.strip) || text(raw.title, "Untitled case"),
    volume,
    labels: raw.labels?.url && volume ? { url: raw.labels.url, key: raw.labels.key ?? {} } : null,
    structures,
    bounds_mm: numbers(raw.bounds_mm, 6) ?? union(structures.map((s) => s.bounds_mm)),
    anatomy: text(raw.anatomy),
    frame: text(raw.frame),
    planning: raw.planning?.procedures?.length ? raw.planning : null,
  };
}

/** @returns {Structure} */
function readStructure(raw) {
  const colour = numbers(raw.colour, 3) ?? [200, 200, 200];
  return {
    id: text(raw.id),
    title: text(raw.title) || text(raw.id, "unnamed"),
    code: text(raw.code),
    side: text(raw.side) || null,
    group: text(raw.group) || "Other",
    colour: /** @type {any} */ (colour.map((c) => Math.min(255, Math.max(0, Math.round(c))))),
    opacity: number(raw.opacity, 1),
    visible: raw.visible !== false,
    estimated: raw.estimated === true || raw.origin === "estimated",
    origin: text(raw.origin, "unknown"),
    sigma_mm: number(raw.sigma_mm, null),
    volume_ml: number(raw.volume_ml, null),
    surface_volume_ml: number(raw.surface_volume_ml, null),
    surface_p95_mm: number(raw.surface_p95_mm, null),
    triangles: number(raw.triangles, null),
    watertight: typeof raw.watertight === "boolean" ? raw.watertight : null,
    note: text(raw.note),
    bounds_mm: numbers(raw.bounds_mm, 6),
    meshes: (Array.isArray(raw.meshes) ? raw.meshes : []).filter((m) => text(m?.url)),
  };
}

function readVolume(raw) {
  if (!raw?.url) return null;
  const shape = numbers(raw.shape, 3);
  const spacing_mm = numbers(raw.spacing_mm, 3);
  const origin_mm = numbers(raw.origin_mm, 3);
  if (!shape || !spacing_mm || !origin_mm || spacing_mm.some((s) => s <= 0)) return null;
  const range = numbers(raw.range, 2) ?? [0, 1];
  return {
    url: raw.url,
    shape,
    spacing_mm,
    origin_mm,
    slope: number(raw.slope, 1),
    inter: number(raw.inter, 0),
    range,
    window: numbers(raw.window, 2) ?? range,
    presets: (Array.isArray(raw.presets) ? raw.presets : [])
      .filter((p) => numbers([p?.low, p?.high], 2))
      .map((p) => ({ id: text(p.id), title: text(p.title, p.id), low: p.low, high: p.high })),
  };
}

function union(boxes) {
  const known = boxes.filter(Boolean);
  if (!known.length) return null;
  return [0, 1, 2, 3, 4, 5].map((i) => (i % 2 ? Math.max : Math.min)(...known.map((b) => b[i])));
}

/** Structures by group, both in the order of the scene. @param {Structure[]} structures */
export function grouped(structures) {
  /** @type {Map<string, Structure[]>} */
  const groups = new Map();
  for (const structure of structures) {
    const list = groups.get(structure.group);
    if (list) list.push(structure);
    else groups.set(structure.group, [structure]);
  }
  return groups;
}

/** Does a structure answer a search? Every word must occur in its title, id or group. */
export function matches(structure, search) {
  const hay =
    `${structure.title} ${structure.id} ${structure.group} ${structure.origin}`.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => hay.includes(word));
}
