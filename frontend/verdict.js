// How well pictures match, in words: of one picture, and of a whole answer. Pure functions; null stands for "not known".

import { count_pictures } from "./facts.js";
import { describe_question } from "./question.js";

const NAMES = { strong: "Strong match", weak: "Weak match", none: "No match" };

/** Returns a probability in percent; of what is only estimated it never says 0 or 100. */
export function describe_probability(probability) {
  const percent = Math.round(probability * 100);
  if (percent < 1) return "<1\u00a0%";
  return percent > 99 ? ">99\u00a0%" : `${percent}\u00a0%`;
}

/** Returns what the badge says, such as "Weak match · 54 %", or "" without a verdict. */
export function describe_verdict({ verdict, match_probability }) {
  const name = NAMES[verdict] ?? "";
  return name && typeof match_probability === "number" ? `${name} · ${describe_probability(match_probability)}` : name;
}

/** Returns the line above the pictures: how many for what, or that none of them will do. */
export function describe_answer(question, { verdict, results }) {
  if (!results.length) return `No pictures ${describe_question(question)}`;
  if (verdict === "none") return `Nothing here matches “${question.query}” well. These come nearest.`;
  if (verdict === "weak") return `No strong match for “${question.query}”. These come nearest.`;
  return `${count_pictures(results.length)} ${describe_question(question)}`;
}
