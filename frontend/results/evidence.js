// Fetches the evidence of one search's hits: the explanations of those that are shown, and a heatmap when it is asked for.

import { explain } from "../page/api.js";

/**
 * Returns `{explain_all, fetch_heatmap, is_explained}` for one search; the first two add what they fetch to the results given.
 *
 * Each heatmap is fetched once, and again after a failure. Once `signal` is aborted, they throw its error.
 */
export function open_evidence({ query }, signal) {
  const heatmaps = new Map();
  // Those whose explanation is known or pending: it must not be made a second time, as it may come from a language model.
  const explained = new Set();

  async function ask(results, heatmap) {
    const unexplained = results.filter((result) => !explained.has(result));
    unexplained.forEach((result) => explained.add(result));
    try {
      const answer = await explain({ query, ids: results.map(({ id }) => id), heatmap, explain: unexplained.length > 0 }, signal);
      for (const result of results) merge_evidence(result, answer);
    } catch (failure) {
      unexplained.forEach((result) => explained.delete(result));
      throw failure;
    }
  }

  function fetch_heatmap(result) {
    if (!heatmaps.has(result)) {
      const pending = ask([result], true);
      heatmaps.set(result, pending);
      pending.catch(() => heatmaps.delete(result));
    }
    return heatmaps.get(result);
  }

  return { explain_all: (results) => ask(results, false), fetch_heatmap, is_explained: (result) => explained.has(result) };
}

// Empty fields of an answer (null, no words, no explanation) must not overwrite those of an earlier one.
function merge_evidence(result, { results }) {
  const { id, explanation, explanation_source, evidence, ...verdict } = results.find(({ id }) => id === result.id) ?? {};
  Object.assign(result, known(verdict));
  if (explanation) Object.assign(result, { explanation, explanation_source });
  result.evidence = { ...result.evidence, ...known(evidence ?? {}) };
}

function known(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value.length !== 0));
}
