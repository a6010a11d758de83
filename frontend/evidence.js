// What the server says of one search's hits after it found them: all sentences in one go, each heatmap when it is asked for.

import { explain } from "./api.js";

/**
 * Returns `{explain_all, ask_heatmap}` for the hits of one search; both add what they learn to the results themselves.
 *
 * Each heatmap is asked for once; one that failed is asked for again. Once `signal` is aborted, both throw its error.
 */
export function open_evidence({ query }, results, signal) {
  const heatmaps = new Map();
  let sentences_failed = false;

  async function explain_all() {
    try {
      sentences_failed = false;
      const answer = await explain({ query, ids: results.map(({ id }) => id), heatmap: false }, signal);
      for (const result of results) add_facts(result, answer);
    } catch (failure) {
      sentences_failed = true;
      throw failure;
    }
  }

  async function explain_one(result) {
    // A sentence that is there or on its way needs no language model a second time.
    const answer = await explain({ query, ids: [result.id], heatmap: true, explain: sentences_failed }, signal);
    add_facts(result, answer);
  }

  function ask_heatmap(result) {
    if (!heatmaps.has(result.id)) {
      const asked = explain_one(result);
      heatmaps.set(result.id, asked);
      asked.catch(() => heatmaps.delete(result.id));
    }
    return heatmaps.get(result.id);
  }

  return { explain_all, ask_heatmap };
}

// What an answer leaves open (null, no words, no sentence) must not undo what an earlier one said.
function add_facts(result, { results }) {
  const { id, explanation, explanation_source, evidence, ...verdict } = results.find(({ id }) => id === result.id) ?? {};
  Object.assign(result, known(verdict));
  if (explanation) Object.assign(result, { explanation, explanation_source });
  result.evidence = { ...result.evidence, ...known(evidence ?? {}) };
}

function known(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value.length !== 0));
}
