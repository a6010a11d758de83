// The library, shown where nothing is searched for: examples of queries, the count, and the months.

import { RequestFailed, fetch_examples, fetch_timeline } from "../page/api.js";
import { count_pictures } from "../page/descriptions.js";
import { show_request_failure } from "../page/toast.js";
import { write_title } from "../request/address.js";
import { show_failure } from "../results/states.js";
import { open_linked_photo, open_viewer } from "../viewer/viewer.js";
import { open_pictures } from "./picture_pages.js";
import { show_months } from "./timeline.js";

const FIRST_PICTURES = 100;

const library = document.getElementById("library");
const count_line = document.getElementById("library_count");
const examples = document.getElementById("examples");

const examples_known = fetch_examples().then(fill_examples, () => {}); // an older server has none

// What is shown or awaited. It stays while results are shown, so that the back button finds its place.
let shown = null;

/** Shows the library, or what the filters of a request leave of it; `uses` is {find_similar(picture)}. */
export async function show_library(request, uses) {
  document.body.dataset.state = "library";
  write_title(request);
  examples.hidden = !examples.querySelector("a");
  const key = JSON.stringify(request.where);
  if (shown?.key === key && shown.months) return shown.open_linked();
  leave_library();
  shown?.months.stop();
  const mine = (shown = { key, aborter: new AbortController() });
  library.ariaBusy = "true";
  try {
    await show_all(request.where, mine, uses);
  } catch (failure) {
    if (mine !== shown) return;
    if (!(failure instanceof RequestFailed)) throw failure;
    shown = null;
    show_failure(failure);
  } finally {
    if (!shown || mine === shown) library.ariaBusy = "false";
  }
}

/** Waits no longer for the library, as something is searched for. */
export function leave_library() {
  examples.hidden = true;
  if (shown?.months) return;
  shown?.aborter.abort();
  shown = null;
}

async function show_all(where, mine, { find_similar }) {
  const pictures = open_pictures(where);
  const wanted = [fetch_timeline(where, mine.aborter.signal), pictures.slice(0, FIRST_PICTURES), examples_known];
  const [timeline, first] = await Promise.all(wanted);
  if (mine !== shown) return;
  const list = { count: timeline.pictures, at: pictures.at };
  const uses = { find_similar, fetch_heatmap: null, close: (at) => mine.months.focus(at) };
  const fail = (failure, retry) => show_request_failure("Some pictures could not be fetched", failure, retry);
  count_line.textContent = list.count ? count_pictures(list.count) : "No picture is left by these filters.";
  mine.months = show_months(timeline, pictures, first, { open: (at) => open_viewer(list, at, uses), fail });
  mine.open_linked = () => open_linked_photo(first, uses, list);
  mine.open_linked();
}

function fill_examples({ examples: queries }) {
  for (const textContent of queries) {
    const href = `?${new URLSearchParams({ q: textContent })}`;
    examples.querySelector("p").append(Object.assign(document.createElement("a"), { href, textContent }));
  }
  examples.hidden = !queries.length || document.body.dataset.state !== "library";
}
