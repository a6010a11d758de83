// More results: when the end of the list comes near, and by a button, which keyboards and screen readers need.

// How far below the window the button may be when more is fetched.
const AHEAD = "0px 0px 600px";

const button = document.getElementById("more");
const observer = new IntersectionObserver((entries) => entries.at(-1).isIntersecting && load_ahead(), { rootMargin: AHEAD });

let offered = null;

/**
 * Offers more results, or none if `fetch_more` is null. That in turn offers what comes next, or the same again as `failed`,
 * which only the button tries; it returns what is to be focused, or null.
 */
export function offer_more(fetch_more, { failed = false } = {}) {
  offered = fetch_more && { fetch_more, failed };
  button.hidden = !fetch_more;
  button.textContent = "More";
  observer.disconnect();
  watch();
}

/** Fetches more now, or waits for what is under way; returns what `fetch_more` does. */
export function load_more() {
  if (!offered) return null;
  button.textContent = "Loading …";
  return (offered.pending ??= offered.fetch_more());
}

// Whoever has come to the button by the keyboard presses it, and is led to the first new one.
function load_ahead() {
  if (document.activeElement !== button) load_more();
}

// What nobody scrolls to is not fetched, as its explanations may cost something.
function watch() {
  if (offered && !offered.failed && scrollY > 0) observer.observe(button);
}

button.addEventListener("click", async () => (await load_more())?.focus());
addEventListener("scroll", watch, { passive: true });
