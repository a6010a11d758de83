// What can fail between the page and its server, in everyday words. Sends no requests.

// By the server's codes; its own message says the rest.
const TITLES = {
  query_empty: "There is nothing to search for",
  query_too_long: "That is too long",
  top_k_out_of_range: "That is too many at once",
  filter_invalid: "That filter cannot be used",
  photo_facts_missing: "Dates and places are not known here",
  image_unreadable: "That picture cannot be read",
  image_too_large: "That picture is too large",
  image_not_found: "That picture is no longer there",
  pictures_unsupported: "This server searches by words alone",
};
// When to ask a busy server again that does not say, and the longest wait without the user.
const BUSY_S = 2;
const LONGEST_WAIT_S = 60;

/** A request that failed. `title` says what happened, `message` what to do or what the server said. */
export class RequestFailed extends Error {
  constructor(title, message, { worth_retrying = true } = {}) {
    super(message);
    this.title = title;
    this.worth_retrying = worth_retrying;
  }
}

// Waiting does not help with the other codes of 503, such as a missing index.
const is_busy = ({ status, body }) => status === 429 || (status === 503 && (body?.error?.code ?? "overloaded") === "overloaded");

/** Returns in how many seconds a busy server is to be asked again; 0 where it is not busy, or for long. */
export function busy_wait_s(answer) {
  return is_busy(answer) && !(answer.retry_s > LONGEST_WAIT_S) ? answer.retry_s || BUSY_S : 0;
}

/** Returns why no answer came. `is_there` says whether a server of another origin answers at all; null: it is of this one. */
export function unreachable({ name }, limit_ms, is_there) {
  if (name === "TimeoutError") return new RequestFailed("The server takes too long", `It has not answered for ${limit_ms / 1000} seconds.`);
  if (!navigator.onLine) return new RequestFailed("You are offline", "The search goes on as soon as there is a network.");
  if (is_there) return new RequestFailed("The server does not answer this page", "Its URL may ask for AWS signatures (UrlAuthType is AWS_IAM), or its CORS settings lack this page.");
  return new RequestFailed("The server cannot be reached", `Check your connection, and that the server is running${is_there === false ? " and names this page in CORS_ORIGINS" : ""}.`);
}

/** Returns why an answer is of no use. */
export function refused_or_broken(answer) {
  const { status, body } = answer;
  const { code, message } = body?.error ?? {};
  const failed = (title, said, worth_retrying = false) => new RequestFailed(TITLES[code] ?? title, message ?? said, { worth_retrying });
  if (status < 400) return failed("The answer cannot be read", "What answered is not the Lookwhy server, or another version of it. Load the page again.", true);
  if (code === "top_k_out_of_range") return new RequestFailed(TITLES[code], `${message.match(/\d+(?=\.$)/) ?? "Fewer"} at once are the most.`, { worth_retrying: false });
  if (status === 401) return new RequestFailed("You are not logged in", "Open the server's own page, and log in there.", { worth_retrying: false });
  if (status === 403 && body && !code) return failed("The server answers signed requests only", "Its URL asks for AWS signatures, which a page cannot make. Deploy it with UrlAuthType=NONE, or search from the terminal.");
  if (status === 413) return failed("That is too large", "Give a smaller picture.");
  if (is_busy(answer)) return failed("The server is busy", "Too many searches came at once. Try again in a minute.", true);
  if (status >= 500) return failed("The server could not answer", `It, or what stands before it, failed (status ${status}).`, true);
  return failed("This search was refused", `The server answered with status ${status}.`, status === 408);
}
