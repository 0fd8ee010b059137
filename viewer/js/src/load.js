/** Files of a case: fetched a few at a time, outlines first, each able to fail and to be retried. */

import { decode } from "./mesh.js";
import { OUTLINE } from "./scene.js";

/**
 * @typedef {import("./types.js").Scene} Scene
 * @typedef {object} Job
 * @property {string} kind   "volume" | "labels" | "mesh"
 * @property {string} title  what people read
 * @property {string} url
 * @property {number} bytes  expected, 0 when unknown
 * @property {string} [id]
 * @property {"coarse" | "fine"} [level]
 * @property {number} rank   lower is sooner
 * @property {number} done   bytes so far
 */

const AT_ONCE = 4;

export class Loader {
  /**
   * @param {{onFile: (job: Job, value: any) => void, onFail: (job: Job, reason: string,
   *   offline: boolean) => void, onProgress: (loader: Loader) => void}} hooks
   */
  constructor(hooks) {
    this.hooks = hooks;
    this.abort = new AbortController();
    /** @type {Job[]} */ this.waiting = [];
    /** @type {Set<Job>} */ this.running = new Set();
    this.finished = { files: 0, bytes: 0 };
    this.stopped = false;
  }

  /** Drop everything that is under way; nothing of it will be heard of again. */
  stop() {
    this.stopped = true;
    this.abort.abort();
    this.waiting = [];
    this.running.clear();
  }

  /** @param {Job[]} jobs */
  add(jobs) {
    this.waiting.push(...jobs);
    this.waiting.sort((a, b) => a.rank - b.rank);
    this.#next();
    this.hooks.onProgress(this);
  }

  #next() {
    while (!this.stopped && this.running.size < AT_ONCE && this.waiting.length) {
      const job = /** @type {Job} */ (this.waiting.shift());
      this.running.add(job);
      this.#run(job);
    }
  }

  /** @param {Job} job */
  async #run(job) {
    let failure = null;
    try {
      job.done = 0;
      const buffer = await this.#fetch(job);
      if (this.stopped) return;
      this.hooks.onFile(job, job.kind === "mesh" ? decode(buffer) : buffer);
      this.finished.files += 1;
      this.finished.bytes += job.done;
    } catch (error) {
      failure = error;
    }
    if (this.stopped) return;
    this.running.delete(job);
    if (failure) {
      const offline = failure instanceof TypeError;
      const reason = offline ? "The server does not answer." : String(failure.message ?? failure);
      this.hooks.onFail(job, reason, offline);
    }
    this.#next();
    this.hooks.onProgress(this);
  }

  /** @param {Job} job @returns {Promise<ArrayBuffer>} */
  async #fetch(job) {
    const answer = await fetch(job.url, { signal: this.abort.signal });
    if (!answer.ok || !answer.body) {
      throw new Error(
        answer.status === 404
          ? "The file is not on the server."
          : `The server refused the file (${answer.status}).`,
      );
    }
    const chunks = [];
    const reader = answer.body.getReader();
    let told = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(value);
      job.done += value.byteLength;
      if (job.done - told > 1 << 20) {
        told = job.done;
        this.hooks.onProgress(this);
      }
    }
    return join(chunks, job.done);
  }
}

function join(chunks, size) {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole.buffer;
}

/** What a scene needs at once: outlines, image, the other coarse surfaces, labels. @param {Scene} scene */
export function firstJobs(scene) {
  const jobs = meshJobs(scene, "coarse");
  if (scene.volume) {
    const bytes = 2 * scene.volume.shape[0] * scene.volume.shape[1] * scene.volume.shape[2];
    jobs.push(job({ kind: "volume", title: "the image", url: scene.volume.url, bytes, rank: 10 }));
    if (scene.labels) {
      jobs.push(
        job({ kind: "labels", title: "the label map", url: scene.labels.url, bytes, rank: 30 }),
      );
    }
  }
  return jobs;
}

/** @param {Scene} scene @param {"coarse" | "fine"} level @param {(id: string) => boolean} [wanted] */
export function meshJobs(scene, level, wanted = () => true) {
  return scene.structures.flatMap((structure) => {
    const file = structure.meshes.find((m) => m.level === level);
    if (!file || !wanted(structure.id)) return [];
    const outline = OUTLINE.indexOf(structure.id);
    const rank = level === "fine" ? 40 : outline >= 0 ? outline : structure.visible ? 20 : 25;
    return [
      job({
        kind: "mesh",
        title: structure.title,
        url: file.url,
        bytes: 0,
        rank,
        id: structure.id,
        level,
      }),
    ];
  });
}

/** @returns {Job} */
const job = (parts) => ({ done: 0, ...parts });
