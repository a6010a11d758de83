// Fetches the evidence of one search's hits: all explanations in one request, each heatmap when it is needed.

import { explain } from "../page/api.js";

/**
 * Returns `{explain_all, explain_one, fetch_heatmap}` for the hits of one search; they add the evidence to the results themselves.
 *
 * Each heatmap is fetched once, and again after a failure. Once `signal` is aborted, they throw its error.
 */
export function open_evidence({ query }, results, signal) {
  const heatmaps = new Map();
  let explanations_failed = false;

  async function explain_all() {
    try {
      explanations_failed = false;
      const answer = await explain({ query, ids: results.map(({ id }) => id), heatmap: false }, signal);
      for (const result of results) merge_evidence(result, answer);
    } catch (failure) {
      explanations_failed = true;
      throw failure;
    }
  }

  /** Explains a hit that is not of `results`. */
  async function explain_one(result) {
    if (!results.includes(result)) merge_evidence(result, await explain({ query, ids: [result.id], heatmap: false }, signal));
  }

  async function add_heatmap(result) {
    // An explanation that is known or pending must not be made a second time: it may come from a language model.
    const answer = await explain({ query, ids: [result.id], heatmap: true, explain: explanations_failed }, signal);
    merge_evidence(result, answer);
  }

  function fetch_heatmap(result) {
    if (!heatmaps.has(result.id)) {
      const pending = add_heatmap(result);
      heatmaps.set(result.id, pending);
      pending.catch(() => heatmaps.delete(result.id));
    }
    return heatmaps.get(result.id);
  }

  return { explain_all, explain_one, fetch_heatmap };
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
