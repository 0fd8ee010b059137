/** The plans of a case: edits, what the engine says of them, and what is kept. */

import { answers } from "./answers.js";
import { contentOf, first, keyOf, nextLook, rounded } from "./plan.js";

/**
 * @typedef {import("../types.js").Point} Point
 * @typedef {import("./plan.js").Plan} Plan
 * @typedef {import("./plan.js").Placement} Placement
 */

const NOTHING_OFFERED =
  "No procedure can be judged on this twin: the plan panel says what each of them lacks.";

export class Book {
  /** @param {any} theatre see theatre.js */
  constructor(theatre) {
    this.theatre = theatre;
    this.store = theatre.store;
    this.begin(null);
  }

  /** Begin anew with a case. @param {any} scene */
  begin(scene) {
    this.catalogue = scene?.planning ?? null;
    this.anatomy = scene?.anatomy ?? "";
    this.frame = scene?.frame ?? "";
    /** @type {Map<string, any>} certified, by key */ this.results = new Map();
    /** @type {Map<string, any>} while dragging, by key */ this.lives = new Map();
    /** Keys asked and not yet answered. */ this.asked = new Set();
    /** @type {Map<string, string>} content that the server keeps, by plan */ this.saved =
      new Map();
    /** @type {Map<string, any>} saved_s, stale, history */ this.records = new Map();
    /** Plans whose last save was not confirmed. */ this.unsaved = new Set();
    this.trash = [];
    this.flying = null;
    this.waiting = null;
    this.dragging = null;
    this.found = null;
    /** What the last search was asked. */
    this.sought = null;
    this.job = null;
    this.map = null;
    this.entries = null;
    this.run = this.runRefused = null;
    this.forms = this.formsRefused = null;
    /** The last answer to what is in the hand: `Live`, or `refused` with its sentence. */
    this.lastLive = null;
    /** Files that were made to be taken away, by kind and plan. */
    this.exported = null;
    /** What is being begun before both its ends are placed. */
    this.draft = null;
    this.wanted = first(this.catalogue);
    if (this.catalogue) this.theatre.send({ type: "plan_open" });
  }

  /** @returns {Plan[]} */
  get plans() {
    return this.store.display.plans;
  }

  /** @returns {Plan | null} */
  get current() {
    return this.plans.find((plan) => plan.id === this.store.display.current) ?? null;
  }

  /** @returns {Placement | null} the one that is edited */
  placement() {
    const plan = this.current;
    return plan?.placements[this.store.view.placement] ?? plan?.placements[0] ?? null;
  }

  keyOf(plan) {
    return keyOf(plan);
  }

  /** A plan as the engine reads it. @param {Plan} plan */
  wire(plan) {
    const { look, ...wire } = plan;
    return wire;
  }

  /** Made on another reconstruction of this head: drawn, never scored. */
  stale(plan) {
    return plan.anatomy !== this.anatomy;
  }

  /** The certified result of exactly this content. */
  result(plan) {
    return plan && !this.stale(plan) ? (this.results.get(keyOf(plan)) ?? null) : null;
  }

  /** The uncertified one of exactly this content. */
  live(plan) {
    return plan && !this.stale(plan) ? (this.lives.get(keyOf(plan)) ?? null) : null;
  }

  pending(plan) {
    return Boolean(plan) && this.asked.has(keyOf(plan));
  }

  device(id) {
    return this.catalogue?.devices.find((device) => device.id === id) ?? null;
  }

  procedure(id) {
    return this.catalogue?.procedures.find((one) => one.id === id) ?? null;
  }

  /** What is planned now or next: of the plan that is begun, else of the open one, else as wanted. */
  get choice() {
    const { draft, current: plan } = this;
    if (draft || !plan) return draft ?? this.wanted;
    const { procedure, delivery, profile } = plan;
    return { procedure, device: this.placement().device, delivery, profile };
  }

  // --- edits ---

  /** Begin a plan; with only one end it waits for the other. */
  begun(patch) {
    if (!this.wanted.procedure) {
      this.theatre.notices.tell("caution", NOTHING_OFFERED, { key: "plan" });
      return;
    }
    this.draft = { ...this.wanted, ...this.draft, ...patch };
    const { procedure, device, entry_mm, target_mm } = this.draft;
    if (procedure && device && entry_mm && target_mm) this.create(this.draft);
    else this.store.tell("plans");
  }

  /** Leave what was begun. */
  forsake() {
    this.draft = null;
    this.store.look({ arming: null });
    this.store.tell("plans");
  }

  /**
   * Choose a procedure, a device, a way of delivery or a profile. Another procedure begins another
   * plan; all else changes the plan that is open.
   * @param {{procedure?: string, device?: string, delivery?: string, profile?: string}} patch
   */
  want(patch) {
    const { choice, draft, current: plan } = this;
    const chosen = { ...choice, ...patch };
    const fit = this.procedure(chosen.procedure)?.devices ?? [];
    if (!fit.includes(chosen.device)) chosen.device = fit[0];
    const { procedure, device, delivery, profile } = chosen;
    this.wanted = { procedure, device, delivery, profile };
    if (draft || (plan && procedure !== plan.procedure)) return this.begun(this.wanted);
    if (!plan) return this.store.tell("plans");
    if (this.stale(plan)) return;
    if (device !== choice.device) {
      const n = Math.min(this.store.view.placement, plan.placements.length - 1);
      const depth_mm = this.#depth(procedure, device);
      this.place(plan.id, n, { device, depth_mm }, { reason: "another device" });
    }
    if (delivery !== plan.delivery)
      this.edit(plan.id, { delivery }, { reason: "delivery changed" });
    if (profile !== plan.profile) this.edit(plan.id, { profile }, { reason: "profile changed" });
  }

  /** A plan as it would be, which is not kept yet. */
  shape({ procedure, device, entry_mm, target_mm, placements, delivery, profile }) {
    return {
      format: "theatrum-plan",
      version: 1,
      id: this.#fresh(procedure),
      rev: 1,
      parent: null,
      procedure,
      anatomy: this.anatomy,
      frame: this.frame,
      placements: placements ?? [
        { device, entry_mm, target_mm, depth_mm: this.#depth(procedure, device), roll_rad: 0 },
      ],
      delivery: delivery ?? this.wanted.delivery,
      profile: profile ?? this.wanted.profile,
      author: "",
      note: "",
    };
  }

  create({ name, reason, ...given }) {
    const made = this.shape(given);
    const { id, procedure, delivery, profile } = made;
    const look = { ...nextLook(this.plans), hidden: false, ...(name ? { name } : {}) };
    const plan = { ...made, look };
    this.draft = null;
    this.wanted = { procedure, device: plan.placements[0].device, delivery, profile };
    this.store.change(`new ${id}`, { plans: [...this.plans, plan], current: id });
    this.store.look({ placement: 0, depth_mm: null });
    if (reason) this.#goTo();
    this.settle(reason ?? "placed");
    return plan;
  }

  /** Where contacts are asked for, the first contact's centre lies at the target. */
  #depth(procedure, device) {
    const contacts = this.device(device)?.contacts ?? [];
    const by_contact = this.procedure(procedure)?.by_contact;
    return by_contact && contacts.length ? contacts[0].centre_mm : 0;
  }

  /** An id that no other tab makes. */
  #fresh(procedure) {
    return `${procedure}_${Math.random().toString(36).slice(2, 8)}`;
  }

  /** Change a plan as one undoable step. */
  edit(id, patch, { tag = `edit ${id}`, reason = "edited" } = {}) {
    this.store.change(tag, { plans: this.#with(id, patch) });
    this.settle(reason);
  }

  #with(id, patch) {
    return this.plans.map((plan) => (plan.id === id ? { ...plan, ...patch } : plan));
  }

  /** Change one placement; while it is dragged, all moves are one step. */
  place(id, n, patch, { dragging = false, reason = "moved" } = {}) {
    const plan = this.plans.find((one) => one.id === id);
    if (!plan || this.stale(plan)) return;
    const placements = plan.placements.map((one, i) => (i === n ? { ...one, ...patch } : one));
    const plans = this.#with(id, { placements });
    if (!dragging) {
      this.store.change(`place ${id} ${n} ${performance.now()}`, { plans });
      this.settle(reason);
      return;
    }
    if (this.dragging) this.store.amend({ plans });
    else {
      this.dragging = { id, n, reason };
      this.lastLive = this.flying = null;
      this.store.change(`drag ${id} ${performance.now()}`, { plans });
    }
    this.#ask(n);
  }

  /** @param {"entry" | "target"} end @param {Point} point */
  moveEnd(id, n, end, point, options) {
    this.place(
      id,
      n,
      { [`${end}_mm`]: point.map(rounded) },
      { reason: `${end} moved`, ...options },
    );
  }

  /** Move a whole path. @param {Point} delta mm */
  moveWhole(id, n, from, delta, options) {
    const moved = (point) => point.map((x, axis) => rounded(x + delta[axis]));
    const patch = { entry_mm: moved(from.entry_mm), target_mm: moved(from.target_mm) };
    this.place(id, n, patch, { reason: "path moved", ...options });
  }

  /** A drag has ended: certify and keep. */
  drop() {
    const reason = this.dragging?.reason ?? "moved";
    this.dragging = null;
    this.settle(reason);
  }

  choose(id) {
    this.store.amend({ current: id });
    this.store.look({ placement: 0, depth_mm: null, handle: null });
    this.#goTo();
    this.settle("opened");
  }

  /** All views to the target of the plan that is edited. */
  #goTo() {
    const placement = this.placement();
    if (placement) this.theatre.acts.goToPoint(placement.target_mm);
  }

  remove(id) {
    const left = this.plans.filter((plan) => plan.id !== id);
    const current = this.store.display.current === id ? (left.at(-1)?.id ?? null) : undefined;
    this.store.change(`remove ${id}`, {
      plans: left,
      ...(current === undefined ? {} : { current }),
    });
    this.settle("removed");
  }

  duplicate(id, reason = "copied") {
    const plan = this.plans.find((one) => one.id === id);
    if (!plan) return;
    this.create({ ...plan, name: `${plan.look.name} (copy)`, reason });
  }

  /** One more electrode: the other side's for the second of two, else 10 mm in front of the last. */
  addPlacement(id) {
    const plan = this.plans.find((one) => one.id === id);
    const most = this.procedure(plan?.procedure)?.most_placements ?? 1;
    if (!plan || this.stale(plan) || plan.placements.length >= most) return;
    const last = plan.placements.at(-1);
    const moved = most === 2 ? ([r, a, s]) => [-r, a, s] : ([r, a, s]) => [r, a + 10, s];
    const one = { ...last, entry_mm: moved(last.entry_mm), target_mm: moved(last.target_mm) };
    this.edit(id, { placements: [...plan.placements, one] }, { reason: "electrode added" });
    this.store.look({ placement: plan.placements.length, depth_mm: null });
  }

  removePlacement(id, n) {
    const plan = this.plans.find((one) => one.id === id);
    if (!plan || this.stale(plan) || plan.placements.length < 2) return;
    const placements = plan.placements.filter((_, place) => place !== n);
    this.edit(id, { placements }, { reason: "electrode removed" });
    this.store.look({ placement: Math.min(n, placements.length - 1), depth_mm: null });
  }

  // --- what the engine and the library are asked ---

  /** After any change but a move of a drag: keep what changed, and judge what is not judged yet. */
  settle(reason) {
    if (this.dragging || !this.catalogue) return;
    const here = new Set(this.plans.map((plan) => plan.id));
    for (const id of [...this.saved.keys()].filter((one) => !here.has(one))) {
      this.saved.delete(id);
      this.theatre.send({ type: "plan_remove", id });
    }
    for (const plan of this.plans) {
      const content = contentOf(plan);
      if (this.saved.get(plan.id) === content) continue;
      this.saved.set(plan.id, content);
      this.unsaved.add(plan.id);
      const { look } = plan;
      this.theatre.send({ type: "plan_save", plan: this.wire(plan), look, reason });
    }
    for (const plan of this.plans) this.certify(plan);
  }

  /** Ask for the certified result of a plan that has none. */
  certify(plan) {
    const key = keyOf(plan);
    if (this.stale(plan) || this.results.has(key) || this.asked.has(key)) return;
    this.asked.add(key);
    this.theatre.send({ type: "plan_score", key, plan: this.wire(plan) });
    this.store.tell("results");
  }

  /** The server is back: say and ask again what it may not have heard. */
  resume() {
    this.flying = null;
    this.asked.clear();
    for (const id of this.unsaved) this.saved.delete(id);
    this.settle("saved again");
  }

  /** Ask anew where the engine gave no number. */
  again(plan) {
    this.results.delete(keyOf(plan));
    this.certify(plan);
  }

  /** The live score of what is dragged: one question in flight, the latest next. */
  #ask(moved) {
    const plan = /** @type {Plan} */ (this.current);
    this.waiting = { type: "plan_live", key: keyOf(plan), plan: this.wire(plan), moved };
    if (!this.flying) this.fly();
  }

  fly() {
    this.flying = this.waiting;
    this.waiting = null;
    if (this.flying) this.theatre.send(this.flying);
  }

  /** Ask for something once, by its type. */
  ask(message) {
    this.theatre.send(message);
  }

  /** Search plans. @param {any} order fields of plan_search but job */
  search(order) {
    this.job = { id: `job${performance.now()}`, share: 0, sentence: "Waiting for the engine." };
    this.found = null;
    this.sought = order;
    this.theatre.send({ type: "plan_search", job: this.job.id, ...order });
    this.store.tell("found");
  }

  stop() {
    if (this.job) this.theatre.send({ type: "plan_stop", job: this.job.id });
  }

  // --- what they answer ---

  /** @param {any} message @returns {boolean} whether it was one of ours */
  receive(message) {
    const hear = answers[message?.type];
    hear?.(this, message);
    return Boolean(hear);
  }
}
