/** What is known of a plan at this moment, and how sure that is: one reading for all sections. */

/**
 * @typedef {object} Judgement
 * @property {"none" | "draft" | "stale" | "certified" | "live" | "pending" | "failed" | "refused"} state
 * @property {string | null} verdict  one of VERDICTS
 * @property {string} sentence
 * @property {number | null} total  0 to 1
 * @property {any[] | null} scores  null: keep what was shown, greyed
 * @property {string[]} vetoes
 * @property {string[]} gaps
 * @property {Set<string>} untold  metrics that only the certified answer tells
 * @property {any} result  certified; null otherwise
 * @property {any} tolerance  of the placement in the hand, while it is live
 */

const NOTHING = {
  verdict: null,
  sentence: "",
  total: null,
  scores: null,
  vetoes: [],
  gaps: [],
  untold: new Set(),
  result: null,
  tolerance: null,
};
const STALE =
  "This plan was made on another reconstruction of this head. It is drawn as it was, and has no score.";

/** @param {import("./book.js").Book} book @param {any} plan @returns {Judgement} */
export function judge(book, plan) {
  if (!plan) return { ...NOTHING, state: book.draft ? "draft" : "none" };
  if (book.stale(plan)) {
    return { ...NOTHING, state: "stale", verdict: "stale", sentence: STALE, scores: [] };
  }
  const result = book.result(plan);
  if (result?.metrics) return certified(result);
  const held = book.dragging?.id === plan.id;
  const live = book.live(plan) ?? (held ? book.lastLive : null);
  if (live && (held || book.pending(plan))) return inHand(live);
  if (!result) return { ...NOTHING, state: "pending", verdict: "pending" };
  const state = result.status === "refused" ? "refused" : "failed";
  return { ...NOTHING, state, verdict: state, sentence: result.sentence, scores: [] };
}

function certified(result) {
  return {
    ...NOTHING,
    state: "certified",
    verdict: result.verdict,
    sentence: result.sentence,
    total: result.total,
    scores: result.metrics,
    vetoes: result.vetoes,
    gaps: result.gaps,
    result,
  };
}

function inHand(live) {
  if (live.refused) {
    return { ...NOTHING, state: "live", verdict: "refused", sentence: live.refused, scores: [] };
  }
  return {
    ...NOTHING,
    state: "live",
    verdict: live.vetoes.length ? "breaking" : "live",
    sentence: live.vetoes[0] ?? "",
    total: live.total,
    scores: live.scores,
    vetoes: live.vetoes,
    gaps: live.gaps,
    untold: new Set(live.untold),
    tolerance: live.tolerance,
  };
}
