// Runs one search: from its request to the cards and their explanations. A new search aborts the one before it.

import { RequestFailed, search } from "../page/api.js";
import { open_evidence } from "./evidence.js";
import { has_words } from "../request/search_request.js";
import { show_answer, show_busy, show_failure, show_loading, show_why } from "./states.js";
import { show_request_failure } from "../page/toast.js";
import { focus_card } from "../page/keyboard.js";
import { list_of, open_linked_photo, open_viewer, refresh_viewer } from "../viewer/viewer.js";

// The abort controller of the newest search. An answer that belongs to another controller is out of date and is dropped.
let newest = null;

/** Searches, and shows the results or the failure; calls `find_similar(result)` when the user asks for more like a result. */
export async function run_search(request, find_similar) {
  stop_search();
  const mine = (newest = new AbortController());
  const stop_loading = show_loading(request);
  const tell_busy = (wait_s) => {
    stop_loading();
    if (mine === newest) show_busy(wait_s);
  };
  try {
    const started_at = performance.now();
    const answer = await search(request, mine.signal, tell_busy);
    if (mine === newest) show_hits(request, answer, { duration_ms: performance.now() - started_at, find_similar });
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

function show_hits(request, answer, { duration_ms, find_similar }) {
  const { results } = answer;
  const evidence = has_words(request) && results.length ? open_evidence(request, results, newest.signal) : null;
  const open = (result, how) => open_viewer(list_of(results), results.indexOf(result), { ...uses, ...how });
  const uses = { open, find_similar, fetch_heatmap: evidence?.fetch_heatmap, close: focus_card };
  show_answer(request, answer, { duration_ms, uses, why: evidence ? "pending" : "known" });
  open_linked_photo(results, { ...uses, explain: evidence?.explain_one });
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
    show_request_failure("The explanations could not be fetched", failure, () => {
      show_why(results, "pending");
      explain_hits(results, evidence, mine);
    });
  }
}
