/** Undo and redo over whole display states; a drag of one slider is one step. */

/** @template T */
export class History {
  /** @param {T} present @param {{limit?: number, merge_ms?: number}} [options] */
  constructor(present, { limit = 200, merge_ms = 700 } = {}) {
    this.present = present;
    this.limit = limit;
    this.merge_ms = merge_ms;
    this.clear();
  }

  /** Forget every step, keep the present. */
  clear() {
    /** @type {{state: T, tag: string}[]} */ this.past = [];
    /** @type {{state: T, tag: string}[]} */ this.future = [];
    this.last = { tag: "", at: -Infinity };
  }

  /**
   * @param {T} state
   * @param {{tag: string, now: number}} step  steps with one tag within `merge_ms` are one
   */
  push(state, { tag, now }) {
    const same = tag === this.last.tag && now - this.last.at < this.merge_ms;
    if (!(same && this.past.length)) {
      this.past.push({ state: this.present, tag });
      if (this.past.length > this.limit) this.past.shift();
    }
    this.last = { tag, at: now };
    this.future = [];
    this.present = state;
  }

  /** Change the present without a step (an answer that arrives late). @param {T} state */
  amend(state) {
    this.present = state;
  }

  /** The steps as they are now, for `forgetSince`. */
  mark() {
    return { past: [...this.past], future: [...this.future] };
  }

  /** Take steps back as if they had never been; the present then is `state`. @param {T} state */
  forgetSince({ past, future }, state) {
    this.past = past;
    this.future = future;
    this.last = { tag: "", at: -Infinity };
    this.present = state;
  }

  /** @returns {string | null} what was undone */
  undo() {
    return this.#step(this.past, this.future);
  }

  /** @returns {string | null} what was done again */
  redo() {
    return this.#step(this.future, this.past);
  }

  #step(from, to) {
    const step = from.pop();
    if (!step) return null;
    to.push({ state: this.present, tag: step.tag });
    this.present = step.state;
    this.last = { tag: "", at: -Infinity };
    return step.tag;
  }
}
