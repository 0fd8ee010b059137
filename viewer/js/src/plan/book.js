/** The plans of a case: edits, what the engine says of them, and what is kept. */

/**
 * @typedef {import("../types.js").Point} Point
 * @typedef {object} Placement
 * @property {string} device
 * @property {Point} entry_mm
 * @property {Point} target_mm
 * @property {number} depth_mm  tip beyond the target, along the path
 * @property {number} roll_rad
 * @typedef {object} Look
 * @property {string} name
 * @property {string} colour
 * @property {string} shape   one of SHAPES: colour is never alone
 * @property {boolean} hidden
 * @typedef {object} Plan  as docs/plan.schema.json has it, with its look
 * @property {string} id
 * @property {number} rev
 * @property {number | null} parent
 * @property {string} procedure
 * @property {string} anatomy
 * @property {string} frame
 * @property {Placement[]} placements
 * @property {string} delivery
 * @property {string} profile
 * @property {string} note
 * @property {Look} look
 */

/** Okabe and Ito's colours that stay apart from anatomy, each with a shape. */
export const LOOKS = [
  { colour: "#f0e442", shape: "circle" },
  { colour: "#ff9d5c", shape: "square" },
  { colour: "#63e6be", shape: "triangle" },
  { colour: "#e08bd8", shape: "diamond" },
  { colour: "#9ec9ff", shape: "cross" },
  { colour: "#ffffff", shape: "star" },
];
export const SHAPES = LOOKS.map((look) => look.shape);
/** Answers of the engine that are remembered, the oldest forgotten first. */
const KEPT = 400;

/** What the engine judges of a plan: a result belongs to this very content. @param {Plan} plan */
export const keyOf = ({ procedure, delivery, profile, placements }) =>
  JSON.stringify([procedure, delivery, profile, placements]);

const contentOf = (plan) => JSON.stringify([keyOf(plan), plan.look, plan.note]);

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
    this.trash = [];
    this.flying = null;
    this.waiting = null;
    this.dragging = null;
    this.found = null;
    this.job = null;
    this.map = null;
    this.entries = null;
    this.run = null;
    this.forms = null;
    /** What is being begun before both its ends are placed. */
    this.draft = null;
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

  // --- edits ---

  /** Begin a plan; with only one end it waits for the other. */
  begun(patch) {
    this.draft = { ...this.draft, ...patch };
    const { procedure, device, entry_mm, target_mm } = this.draft;
    if (procedure && device && entry_mm && target_mm) this.create(this.draft);
    else this.store.tell("plans");
  }

  create({ procedure, device, entry_mm, target_mm, placements, delivery, profile, name, reason }) {
    const id = this.#fresh(procedure);
    const number = this.plans.length;
    const title = this.procedure(procedure)?.title ?? procedure;
    const plan = {
      format: "theatrum-plan",
      version: 1,
      id,
      rev: 1,
      parent: null,
      procedure,
      anatomy: this.anatomy,
      frame: this.frame,
      placements: placements ?? [
        { device, entry_mm, target_mm, depth_mm: this.#depth(procedure, device), roll_rad: 0 },
      ],
      delivery: delivery ?? this.draft?.delivery ?? "frame",
      profile: profile ?? this.draft?.profile ?? "default",
      author: "",
      note: "",
      look: { name: name ?? `${title} ${number + 1}`, hidden: false, ...this.#look() },
    };
    this.draft = null;
    this.store.change(`new ${id}`, { plans: [...this.plans, plan], current: id });
    this.store.look({ placement: 0, depth_mm: null });
    this.settle(reason ?? "placed");
    return plan;
  }

  /** Where contacts are asked for, the first contact's centre lies at the target. */
  #depth(procedure, device) {
    const contacts = this.device(device)?.contacts ?? [];
    const by_contact = this.procedure(procedure)?.by_contact;
    return by_contact && contacts.length ? contacts[0].centre_mm : 0;
  }

  /** The next pair of colour and shape that no plan wears. */
  #look() {
    const worn = new Set(this.plans.map((plan) => plan.look.shape));
    return LOOKS.find((look) => !worn.has(look.shape)) ?? LOOKS[this.plans.length % LOOKS.length];
  }

  #fresh(procedure) {
    const taken = new Set([...this.plans, ...this.trash].map((plan) => plan.id));
    for (let n = 1; ; n += 1) if (!taken.has(`${procedure}_${n}`)) return `${procedure}_${n}`;
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
    this.settle("opened");
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
      const { look, ...wire } = plan;
      this.theatre.send({ type: "plan_save", plan: wire, look, reason });
    }
    for (const plan of this.plans) this.certify(plan);
  }

  /** Ask for the certified result of a plan that has none. */
  certify(plan) {
    const key = keyOf(plan);
    if (this.stale(plan) || this.results.has(key) || this.asked.has(key)) return;
    this.asked.add(key);
    const { look, ...wire } = plan;
    this.theatre.send({ type: "plan_score", key, plan: wire });
    this.store.tell("results");
  }

  /** The live score of what is dragged: one question in flight, the latest next. */
  #ask(moved) {
    const { look, ...wire } = /** @type {any} */ (this.current);
    this.waiting = { type: "plan_live", key: keyOf(wire), plan: wire, moved };
    if (!this.flying) this.#fly();
  }

  #fly() {
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
    this.theatre.send({ type: "plan_search", job: this.job.id, ...order });
    this.store.tell("found");
  }

  stop() {
    if (this.job) this.theatre.send({ type: "plan_stop", job: this.job.id });
  }

  // --- what they answer ---

  /** @param {any} message @returns {boolean} whether it was one of ours */
  receive(message) {
    const table = {
      plans: () => this.#listed(message),
      plan_saved: () => this.#kept(message),
      plan_lived: () => this.#lived(message),
      plan_scored: () => this.#scored(message),
      plan_progress: () => this.#progress(message),
      plan_found: () => this.#came(message),
      plan_mapped: () => this.#mapped(message),
      plan_ran: () => this.#told("run", message),
      plan_formed: () => this.#told("forms", message),
      plan_refused: () => this.#refused(message),
    };
    if (!(message?.type in table)) return false;
    table[message.type]();
    return true;
  }

  #listed({ plans, trash }) {
    const mine = plans.map(({ plan, look }, n) => ({
      ...plan,
      look: { ...LOOKS[n % LOOKS.length], hidden: false, name: plan.id, ...look },
    }));
    this.trash = trash ?? [];
    for (const { plan, saved_s, stale, history } of plans) {
      this.records.set(plan.id, { saved_s, stale, history });
    }
    for (const plan of mine) this.saved.set(plan.id, contentOf(plan));
    const { current } = this.store.display;
    const there = mine.some((plan) => plan.id === current);
    this.store.amend({ plans: mine, current: there ? current : (mine.at(-1)?.id ?? null) });
    for (const plan of mine) this.certify(plan);
  }

  #kept({ id, rev, saved_s, history }) {
    this.records.set(id, { ...this.records.get(id), saved_s, history });
    this.store.amend({
      plans: this.plans.map((plan) => (plan.id === id ? { ...plan, rev } : plan)),
    });
  }

  #lived({ key, live, ms }) {
    this.lives.set(key, live);
    forget(this.lives, 40);
    this.lastLive = { key, live, ms };
    this.#fly();
    this.store.tell("results");
  }

  #scored({ key, status, sentence, result }) {
    this.asked.delete(key);
    this.results.set(key, { status, sentence, ...result });
    forget(this.results, KEPT);
    this.store.tell("results");
  }

  #progress({ job, share, sentence }) {
    if (this.job?.id !== job) return;
    Object.assign(this.job, { share, sentence });
    this.store.tell("found");
  }

  #came(message) {
    if (this.job?.id !== message.job) return;
    this.job = null;
    this.found = message.stopped ? null : message;
    for (const { plan, result } of message.plans ?? []) {
      this.results.set(keyOf(plan), { status: "ok", ...result });
    }
    this.store.tell("found");
  }

  #mapped(message) {
    if (message.entries) this.entries = floats(message.entries);
    this.map = { ...message, entries: this.entries, levels: bytes(message.levels) };
    this.store.tell("map");
  }

  #told(what, message) {
    this[what] = message;
    this.store.tell(what);
  }

  #refused({ key, job, sentence }) {
    if (key && this.flying?.key === key) this.#fly();
    if (key && this.asked.delete(key)) this.results.set(key, { status: "refused", sentence });
    if (job && this.job?.id === job) this.job = null;
    if (!key) this.theatre.notices.tell("caution", sentence, { key: "plan" });
    this.store.tell("results", "found");
  }
}

/** Micrometres are finer than any image. */
const rounded = (x) => Math.round(x * 1000) / 1000;

/** Forget the oldest entries of a map beyond a number. */
function forget(map, most) {
  for (const key of [...map.keys()].slice(0, Math.max(0, map.size - most))) map.delete(key);
}

const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const floats = (text) => new Float32Array(bytes(text).buffer);
