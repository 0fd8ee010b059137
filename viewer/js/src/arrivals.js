/** What a case brings, as its files come in: shown, or told where one fails. */

import { imageLayer, jobKey, labelLayer } from "./case.js";
import { setMessage } from "./pane.js";
import { PLANES } from "./planes.js";

export class Arrivals {
  /** @param {any} theatre see theatre.js */
  constructor(theatre) {
    this.theatre = theatre;
  }

  surface(structure, level, surface) {
    this.theatre.space.surface(structure, level, surface);
  }

  volume(array) {
    const { store, layers, space } = this.theatre;
    layers.volume = imageLayer(store.scene.volume, array, store.display.window);
    this.#say("");
    space.imageChanged();
    this.theatre.dirty("slices", "status", "space");
  }

  labels(array) {
    this.theatre.layers.labels = labelLayer(this.theatre.store.scene, array);
    this.theatre.stamp();
    this.theatre.dirty("slices", "status");
  }

  progress(sentence, share) {
    const { notices, layers, store } = this.theatre;
    notices.progress(sentence, share);
    const running = this.theatre.case?.loader.running;
    if (layers.volume || !store.scene?.volume || !running) return;
    const job = [...running].find((j) => j.kind === "volume");
    if (!job) return;
    const percent = job.bytes ? ` ${Math.round((100 * job.done) / job.bytes)} %` : "";
    this.#say(`Loading the image …${percent}`);
  }

  failed(job, key, sentence, offline) {
    const { list, notices, link, send } = this.theatre;
    const retry = () => this.theatre.case?.retry(key);
    if (job.kind === "mesh") list.fail(job.id, sentence, retry);
    if (job.kind === "volume") this.#say(sentence, { words: "Try again", act: retry });
    else notices.tell("caution", sentence, { key, act: { words: "Try again", run: retry } });
    if (offline) link.lost();
    send({ type: "lost", what: "file", sentence });
  }

  recovered(job) {
    const { notices, list, link } = this.theatre;
    notices.drop(jobKey(job));
    if (job.kind === "mesh") list.fail(job.id, "", null);
    if (job.kind === "volume") this.#say("Loading the image …");
    link.back();
  }

  drawn(stage, ms) {
    const { send, space } = this.theatre;
    send({ type: "drawn", stage, ms });
    if (stage === "outline") space.gather(this.theatre.case.coming());
    if (stage === "coarse") space.refine();
  }

  /** More surfaces are coming, or no more. */
  gather(on) {
    this.theatre.space.gather(on);
  }

  /** In place of the three slices. */
  #say(sentence, button) {
    for (const name of Object.keys(PLANES)) {
      setMessage(this.theatre.panes[name].message, sentence, button);
    }
  }
}
