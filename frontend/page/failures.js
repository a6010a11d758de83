// What can fail between the page and its server. index.html has the words: by the server's codes, and by the names given here.

// When to ask a busy server again that does not say, and the longest wait without the user.
const BUSY_S = 2;
const LONGEST_WAIT_S = 60;

/** A request that failed, or was not worth sending. The server's own message says more than the page's. */
export class RequestFailed extends Error {
  constructor(name, { said, code, worth_retrying = false, ...values } = {}) {
    const find = (word) => document.getElementById("failures").content.querySelector(`[data-name="${word}"]`);
    const words = find(name);
    super(said ?? words.textContent.replace(/\{(\w+)\}/g, (_, key) => values[key]));
    Object.assign(this, { title: ((code && find(code)) || words).title, worth_retrying, code });
  }
}

/** Returns what `task` does; gives a failed request to `fail`, but drops what fails once `signal` is aborted. */
export async function attempt(signal, task, fail) {
  try {
    return await task();
  } catch (failure) {
    if (signal?.aborted) return null;
    if (!(failure instanceof RequestFailed)) throw failure;
    return fail(failure);
  }
}

// Waiting does not help with the other codes of 503, such as a missing index.
const is_busy = ({ status, body }) => status === 429 || (status === 503 && (body?.error?.code ?? "overloaded") === "overloaded");

export const busy_wait_s = (answer) => is_busy(answer) && !(answer.retry_s > LONGEST_WAIT_S) ? answer.retry_s || BUSY_S : 0;

/** Returns why no answer came. `is_there`: a server of another origin answers at all; null: it is of this one. */
export function unreachable(cause, is_there) {
  const elsewhere = is_there ? "unreadable" : is_there === null ? "unreachable" : "unreachable_elsewhere";
  const name = cause.name === "TimeoutError" ? "slow" : navigator.onLine ? elsewhere : "offline";
  return new RequestFailed(name, { worth_retrying: true });
}

export function refused_or_broken(answer) {
  const { status, body } = answer;
  const { code, message: said } = body?.error ?? {};
  const failed = (name, worth_retrying = false) => new RequestFailed(name, { said, code, worth_retrying, status });
  if (status < 400) return failed("no_answer", true);
  if (status === 401) return new RequestFailed("logged_out");
  if (status === 403 && body && !code) return failed("unsigned");
  if (status === 413) return failed("too_large");
  if (is_busy(answer)) return failed("busy", true);
  return status >= 500 ? failed("broken", true) : failed("refused", status === 408);
}
