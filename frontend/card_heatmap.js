// When a card shows its heatmap: while the pointer rests on the picture or the keyboard is at it, and as long as "Where?" is on.

import { RequestFailed } from "./api.js";
import { describe_heatmap } from "./heatmap.js";
import { lay_heatmap } from "./picture.js";
import { announce, show_request_failure } from "./toast.js";

// Who only passes by asks for nothing.
const INTENT_MS = 250;
const NO_HEATMAP = "There is no heatmap of this picture";

/** Connects a card's picture and its "Where?" button; `ask_heatmap(result)` adds the heatmap to the result's evidence. */
export function listen_for_glances(card, result, ask_heatmap) {
  const frame = card.querySelector(".picture");
  const where = card.querySelector(".where");
  let timer = 0;

  const is_pinned = () => where.getAttribute("aria-pressed") === "true";
  const pin = (on) => where.setAttribute("aria-pressed", String(on));

  async function look() {
    frame.toggleAttribute("data-looking", true);
    if (frame.dataset.heatmap === "ready") return;
    frame.dataset.heatmap = "loading";
    await ask_heatmap(result);
    const { heatmap } = result.evidence;
    frame.setAttribute("aria-description", heatmap ? describe_heatmap(heatmap) : NO_HEATMAP);
    if (heatmap) await lay_heatmap(frame, heatmap);
    else delete frame.dataset.heatmap;
  }

  function look_away() {
    clearTimeout(timer);
    pin(false);
    frame.toggleAttribute("data-looking", false);
  }

  function glance() {
    clearTimeout(timer);
    // A glance that fails is no loss; who wants to know presses the button.
    timer = setTimeout(() => look().catch((failure) => stop_looking(failure)), INTENT_MS);
  }

  function stop_looking(failure) {
    look_away();
    delete frame.dataset.heatmap;
    if (!(failure instanceof RequestFailed) && failure.name !== "AbortError") throw failure;
  }

  async function look_on_purpose() {
    pin(true);
    try {
      await look();
      announce(frame.getAttribute("aria-description"));
    } catch (failure) {
      stop_looking(failure);
      if (failure instanceof RequestFailed) show_request_failure("The heatmap could not be fetched", failure, look_on_purpose);
    }
  }

  const leave = () => (is_pinned() ? clearTimeout(timer) : look_away());
  frame.addEventListener("pointerenter", glance);
  frame.addEventListener("pointerleave", leave);
  frame.addEventListener("focus", () => frame.matches(":focus-visible") && glance());
  frame.addEventListener("blur", leave);
  where.addEventListener("click", () => (is_pinned() ? look_away() : look_on_purpose()));
}
