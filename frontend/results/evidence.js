// Fetches explanations of the results that are shown, and a heatmap when it is asked for.

import { explain } from "../page/api.js";

/** Returns functions that add what they fetch to the results that they are given. */
export function open_evidence({ query }, signal) {
  const heatmaps = new Map();
  // None is made a second time, as it may come from a language model.
  const explained = new Set();

  async function ask(results, heatmap) {
    const unexplained = results.filter((result) => !explained.has(result));
    unexplained.forEach((result) => explained.add(result));
    try {
      const answer = await explain({ query, ids: results.map(({ id }) => id), heatmap, explain: unexplained.length > 0 }, signal);
      for (const result of results) merge_evidence(result, answer.results.find(({ id }) => id === result.id) ?? {});
    } catch (failure) {
      unexplained.forEach((result) => explained.delete(result));
      heatmaps.delete(results[0]);
      throw failure;
    }
  }

  function fetch_heatmap(result) {
    if (!heatmaps.has(result)) heatmaps.set(result, ask([result], true));
    return heatmaps.get(result);
  }

  return { explain_all: (results) => ask(results, false), fetch_heatmap, is_explained: (result) => explained.has(result) };
}

// Empty fields must not overwrite those of an earlier answer.
function merge_evidence(result, { explanation, explanation_source, evidence = {}, ...verdict }) {
  Object.assign(result, known(verdict), explanation && { explanation, explanation_source });
  result.evidence = { ...result.evidence, ...known(evidence) };
}

const known = (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value.length !== 0));
