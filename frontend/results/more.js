// More results: when the end of the list comes near, and by a button, which keyboards need.

import { by_id } from "../page/elements.js";

const button = by_id("more");
const observer = new IntersectionObserver(
  (entries) => entries.at(-1).isIntersecting && document.activeElement !== button && load_more(),
  { rootMargin: "0px 0px 600px" },
);

let offered = null;

/** Offers what `fetch_more` brings, or nothing; it offers more in turn, and returns what to focus. */
export function offer_more(fetch_more, { failed = false } = {}) {
  offered = fetch_more && { fetch_more, failed };
  button.hidden = !fetch_more;
  button.textContent = "More";
  observer.disconnect();
  watch();
}

export function load_more() {
  if (!offered) return null;
  button.textContent = "Loading …";
  return (offered.pending ??= offered.fetch_more());
}

// What nobody scrolls to is not fetched, as its explanations may cost something; what failed is tried by the button alone.
function watch() {
  if (offered && !offered.failed && scrollY > 0) observer.observe(button);
}

button.addEventListener("click", async () => (await load_more())?.focus());
addEventListener("scroll", watch, { passive: true });
