/** One case on its way into the views: its files, their progress and their failures. */

import { megabytes } from "./format.js";
import { Loader, firstJobs, meshJobs } from "./load.js";
import { OUTLINE } from "./scene.js";
import { table } from "./window.js";

export class Case {
  /**
   * @param {import("./types.js").Scene} scene
   * @param {any} stage  what the theatre offers: layers, surface(), imageChanged(), labelsChanged(),
   *   progress(), failed(), recovered(), drawn(), gather()
   */
  constructor(scene, stage) {
    this.scene = scene;
    this.stage = stage;
    this.start = performance.now();
    this.told = new Set();
    /** @type {Map<string, import("./load.js").Job>} */ this.broken = new Map();
    /** Ids still missing at each level. */
    this.missing = { coarse: new Set(), fine: new Set() };
    this.have = { coarse: new Set(), fine: new Set() };
    this.loader = new Loader({
      onFile: (job, value) => this.#arrived(job, value),
      onFail: (job, reason, offline) => this.#failed(job, reason, offline),
      onProgress: () => this.#progress(),
    });
    const jobs = firstJobs(scene);
    this.expected = jobs.length;
    for (const job of jobs) if (job.level) this.missing.coarse.add(job.id);
    this.loader.add(jobs);
  }

  stop() {
    this.loader.stop();
  }

  /** Fetch fine surfaces of what is shown, once each. @param {(id: string) => boolean} wanted */
  refine(wanted) {
    const jobs = meshJobs(
      this.scene,
      "fine",
      (id) =>
        wanted(id) &&
        !this.have.fine.has(id) &&
        !this.missing.fine.has(id) &&
        !this.broken.has(`fine ${id}`),
    );
    for (const job of jobs) this.missing.fine.add(job.id);
    this.expected += jobs.length;
    if (jobs.length) this.loader.add(jobs);
  }

  /** Are coarse surfaces still on their way? */
  coming() {
    return this.missing.coarse.size > this.broken.size;
  }

  /** @param {string} key of a broken job */
  retry(key) {
    const job = this.broken.get(key);
    if (!job) return;
    this.broken.delete(key);
    this.stage.recovered(job);
    this.loader.add([job]);
  }

  retryAll() {
    for (const key of [...this.broken.keys()]) this.retry(key);
  }

  #arrived(job, value) {
    this.stage.recovered(job);
    if (job.kind === "mesh") {
      const structure = this.scene.structures.find((s) => s.id === job.id);
      this.stage.surface(structure, job.level, value);
      this.missing[job.level].delete(job.id);
      this.have[job.level].add(job.id);
      if (!this.missing.coarse.size) this.stage.gather(false);
      return;
    }
    const [i, j, k] = /** @type {any} */ (this.scene.volume).shape;
    const words = job.kind === "volume" ? Int16Array : Uint16Array;
    if (value.byteLength !== 2 * i * j * k)
      throw new Error("The file is not as long as the scene says.");
    this.stage[job.kind](new words(value));
  }

  #failed(job, reason, offline) {
    const key = jobKey(job);
    this.broken.set(key, job);
    this.stage.failed(job, key, `${capital(job.title)} could not be loaded. ${reason}`, offline);
  }

  #progress() {
    const { loader } = this;
    const left = loader.waiting.length + loader.running.size;
    if (!left) {
      this.stage.gather(false);
      return this.stage.progress("", 1);
    }
    const current = [...loader.running].sort((a, b) => b.bytes - a.bytes || a.rank - b.rank)[0];
    const files = `${this.expected - left + 1} of ${this.expected}`;
    const bytes = current?.done ? ` · ${megabytes(current.done, current.bytes)}` : "";
    const fine = current?.level === "fine" ? ", fine surface" : current?.level ? ", surface" : "";
    const share = (this.expected - left + 0.5) / this.expected;
    this.stage.progress(`Loading ${current ? current.title : ""}${fine} (${files})${bytes}`, share);
  }

  /** A frame of the 3D view is on screen: say which stage it completes. */
  framed() {
    const ms = Math.round(performance.now() - this.start);
    const { have, missing, scene } = this;
    const outlines = OUTLINE.filter((id) =>
      scene.structures.some((s) => s.id === id && s.meshes.length),
    );
    const first = outlines.length
      ? outlines.some((id) => have.coarse.has(id))
      : have.coarse.size > 0;
    if (first) this.#tell("outline", ms);
    if (have.coarse.size && !missing.coarse.size) this.#tell("coarse", ms);
    if (have.fine.size && !missing.fine.size) this.#tell("fine", ms);
  }

  #tell(stage, ms) {
    if (this.told.has(stage)) return;
    this.told.add(stage);
    this.stage.drawn(stage, ms);
  }
}

export const jobKey = (job) => `${job.level ?? job.kind} ${job.id ?? ""}`.trim();

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** The image as the slices want it. */
export function imageLayer(volume, array, window) {
  return { grid: volume, array, lut: table(window, volume), lutVersion: 1 };
}

/** The label map as the slices want it: a colour for each label. */
export function labelLayer(scene, array) {
  const colours = new Map();
  const numbers = new Map(Object.entries(scene.labels.key).map(([n, id]) => [id, Number(n)]));
  for (const [label, id] of Object.entries(scene.labels.key)) {
    const structure = scene.structures.find((s) => s.id === id);
    if (structure) colours.set(Number(label), structure.colour);
  }
  return { grid: scene.volume, array, colours, numbers };
}
