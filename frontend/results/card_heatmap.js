// Shows a card's heatmap while the pointer or the keyboard focus is on the picture, and as long as "Where?" is pressed.

import { RequestFailed } from "../page/api.js";
import { describe_heatmap } from "../viewer/heatmap.js";
import { draw_heatmap } from "../page/picture.js";
import { announce, show_request_failure } from "../page/toast.js";

// A pointer that only crosses a card must not cause a request.
const HOVER_DELAY_MS = 250;
const NO_HEATMAP = "There is no heatmap of this picture";

/** Connects a card's picture and its "Where?" button. `fetch_heatmap(result)` adds the heatmap to the result's evidence. */
export function show_heatmap_on_hover(card, result, fetch_heatmap) {
  const frame = card.querySelector(".picture");
  const where = card.querySelector(".where");
  let timer = 0;

  const is_pinned = () => where.getAttribute("aria-pressed") === "true";
  const pin = (on) => where.setAttribute("aria-pressed", String(on));

  async function show() {
    frame.toggleAttribute("data-heatmap-visible", true);
    if (frame.dataset.heatmap === "ready") return;
    frame.dataset.heatmap = "loading";
    await fetch_heatmap(result);
    const { heatmap } = result.evidence;
    frame.setAttribute("aria-description", heatmap ? describe_heatmap(heatmap, result.verdict) : NO_HEATMAP);
    if (heatmap) await draw_heatmap(frame, heatmap);
    else delete frame.dataset.heatmap;
  }

  function hide() {
    clearTimeout(timer);
    pin(false);
    frame.toggleAttribute("data-heatmap-visible", false);
  }

  function show_after_delay() {
    clearTimeout(timer);
    // A failure while hovering is not reported; pressing the button reports it.
    timer = setTimeout(() => show().catch(hide_after_failure), HOVER_DELAY_MS);
  }

  function hide_after_failure(failure) {
    hide();
    delete frame.dataset.heatmap;
    if (!(failure instanceof RequestFailed) && failure.name !== "AbortError") throw failure;
  }

  async function show_pinned() {
    pin(true);
    try {
      await show();
      announce(frame.getAttribute("aria-description"));
    } catch (failure) {
      hide_after_failure(failure);
      if (failure instanceof RequestFailed) show_request_failure("The heatmap could not be fetched", failure, show_pinned);
    }
  }

  const leave = () => (is_pinned() ? clearTimeout(timer) : hide());
  frame.addEventListener("pointerenter", show_after_delay);
  frame.addEventListener("pointerleave", leave);
  frame.addEventListener("focus", () => frame.matches(":focus-visible") && show_after_delay());
  frame.addEventListener("blur", leave);
  where.addEventListener("click", () => (is_pinned() ? hide() : show_pinned()));
}
