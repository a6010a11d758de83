// One search, from its question to the cards and the reasons on them. What a newer search overtook is aborted and dropped.

import { RequestFailed, search } from "./api.js";
import { open_evidence } from "./evidence.js";
import { has_words } from "./question.js";
import { show_answer, show_failure, show_loading, show_why } from "./states.js";
import { show_request_failure } from "./toast.js";
import { open_viewer, refresh_viewer } from "./viewer.js";

// The newest search's controller. It is the sequence too: an answer whose controller is no longer this one is stale.
let newest = null;

/** Searches and shows what comes of it; `find_similar(result)` is called when more like a result is wanted. */
export async function run_search(question, find_similar) {
  stop_search();
  const mine = (newest = new AbortController());
  const stop_loading = show_loading(question);
  try {
    const asked_at = performance.now();
    const answer = await search(question, mine.signal);
    if (mine === newest) show_hits(question, answer, { duration_ms: performance.now() - asked_at, find_similar });
  } catch (failure) {
    if (mine !== newest) return;
    if (!(failure instanceof RequestFailed)) throw failure;
    show_failure(failure);
  } finally {
    stop_loading();
  }
}

export function stop_search() {
  newest?.abort();
  newest = null;
}

function show_hits(question, answer, { duration_ms, find_similar }) {
  const { results } = answer;
  const evidence = has_words(question) && results.length ? open_evidence(question, results, newest.signal) : null;
  const open = (result) => open_viewer(results, results.indexOf(result), uses);
  const uses = { open, find_similar, ask_heatmap: evidence?.ask_heatmap };
  show_answer(question, answer, { duration_ms, uses, why: evidence ? "awaited" : "known" });
  if (evidence) explain_hits(results, evidence, newest);
}

async function explain_hits(results, evidence, mine) {
  try {
    await evidence.explain_all();
    if (mine !== newest) return;
    show_why(results, "known");
    refresh_viewer();
  } catch (failure) {
    if (mine !== newest) return;
    if (!(failure instanceof RequestFailed)) throw failure;
    show_why(results, "failed");
    show_request_failure("The reasons could not be fetched", failure, () => {
      show_why(results, "awaited");
      explain_hits(results, evidence, mine);
    });
  }
}
