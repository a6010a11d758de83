// More results: when the end of the list comes near, and by a button, which keyboards and screen readers need.

// How far below the window the button may be when more is fetched.
const AHEAD = "0px 0px 600px";

const button = document.getElementById("more");
const observer = new IntersectionObserver((entries) => entries.at(-1).isIntersecting && load_more(), { rootMargin: AHEAD });

let offered = null;

/**
 * Offers more results, in place of what was offered before, or none if `fetch_more` is null.
 *
 * `fetch_more()` then offers what comes next, or the same again as `failed`, which only the button tries. It returns what is to be
 * focused, or null.
 */
export function offer_more(fetch_more, { failed = false } = {}) {
  offered = fetch_more && { fetch_more, failed };
  button.hidden = !fetch_more;
  button.textContent = "More";
  observer.disconnect();
  watch();
}

/** Fetches more now, unless that is under way; returns what `fetch_more` does. */
export async function load_more() {
  const mine = offered;
  if (!mine || mine.is_loading) return null;
  mine.is_loading = true;
  button.textContent = "Loading …";
  return mine.fetch_more();
}

// What nobody scrolls to is not fetched, as its explanations may cost something.
function watch() {
  if (offered && !offered.failed && scrollY > 0) observer.observe(button);
}

button.addEventListener("click", async () => (await load_more())?.focus());
addEventListener("scroll", watch, { passive: true });
