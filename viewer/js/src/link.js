/** The conversation with the server: what it says, what it is told, and what if it falls silent. */

/** The cursor is told to the server at most this often [ms]. */
const CURSOR_MS = 200;

const SILENT =
  "The server does not answer. What is drawn stays as it is; clicks in 3D and new cases wait until it is back.";

export class Link {
  /** @param {any} theatre @param {(message: object) => void} send */
  constructor(theatre, send) {
    this.theatre = theatre;
    this.send = send;
    this.timer = 0;
    this.silent = false;
    this.onoffline = (event) => this.lost(event?.detail?.sentence);
    this.ononline = () => this.back();
    window.addEventListener("theatrum:offline", this.onoffline);
    window.addEventListener("theatrum:online", this.ononline);
  }

  /** @param {any} message from the server */
  receive(message) {
    const { acts, book, store, list, notices } = this.theatre;
    if (book.receive(message)) return;
    const table = {
      picked: () => acts.receivePicked(message),
      measured: () => acts.receiveMeasured(message),
      goto: () => acts.goToPoint(message.point_mm),
      highlight: () => {
        store.look({ selected: message.structure });
        requestAnimationFrame(() => list.reveal(message.structure));
      },
      say: () => notices.tell(message.level, message.sentence),
    };
    table[message?.type]?.();
  }

  cursor() {
    if (this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = 0;
      const { store } = this.theatre;
      if (store.scene) this.send({ type: "cursor", point_mm: store.view.cursor });
    }, CURSOR_MS);
  }

  /** @param {string} [sentence] */
  lost(sentence) {
    this.silent = true;
    this.theatre.notices.setOffline(sentence || SILENT);
  }

  /** An answer came: what failed is fetched again. */
  back() {
    if (!this.silent) return;
    this.silent = false;
    this.theatre.notices.setOffline("");
    this.theatre.case?.retryAll();
    this.theatre.book.resume();
  }

  dispose() {
    clearTimeout(this.timer);
    window.removeEventListener("theatrum:offline", this.onoffline);
    window.removeEventListener("theatrum:online", this.ononline);
  }
}
