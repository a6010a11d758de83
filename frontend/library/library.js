// The library, and its pictures by pages.

import { attempt, browse } from "../page/api.js";
import { count_of } from "../page/descriptions.js";
import { by_id, make, report_failure } from "../page/elements.js";
import { show_failure } from "../results/lists.js";
import { open_linked_photo, open_viewer } from "../viewer/open_viewer.js";
import { show_months } from "./timeline.js";

const PAGE = 100;
const PAGES_KEPT = 12;

const library = by_id("library");

let examples;
let shown; // or awaited

export async function show_library({ where }, find_similar) {
  document.body.dataset.state = "library";
  const key = JSON.stringify(where);
  if (shown?.key === key && shown.months) return shown.open_linked();
  leave_library();
  shown?.months.stop();
  const mine = (shown = { key, aborter: new AbortController() });
  library.ariaBusy = true;
  await attempt(mine.aborter.signal, () => show_all(where, mine, find_similar), (failure) => {
    shown = null;
    show_failure(failure);
  });
  if (!shown || mine === shown) library.ariaBusy = false;
}

export function leave_library() {
  if (shown?.months) return;
  shown?.aborter.abort();
  shown = null;
}

async function show_all(where, mine, find_similar) {
  const pictures = open_pictures(where);
  examples ??= browse("examples").then(fill_examples, () => {});
  const [timeline, first] = await Promise.all([browse("timeline", where, mine.aborter.signal), pictures.slice(0, PAGE), examples]);
  if (mine !== shown) return;
  const count = timeline.pictures;
  const list = { count, at: pictures.at };
  const uses = { find_similar, close: (at) => mine.months.focus(at) };
  const fail = (failure, retry) => report_failure("Some pictures could not be fetched", failure, retry);
  const textContent = count ? count_of(count, "picture") : "No picture is left by these filters.";
  Object.assign(by_id("library_count"), { textContent, className: count ? "" : "notice" });
  mine.months = show_months(timeline, pictures, first, { open: (at) => open_viewer(list, at, uses), fail });
  mine.open_linked = () => open_linked_photo(first, uses, list);
  mine.open_linked();
}

function fill_examples({ examples: queries }) {
  const links = queries.map((query) => make("a", { href: `?${new URLSearchParams({ q: query })}` }, query));
  by_id("examples").querySelector("p").append(...links);
  by_id("examples").hidden = !queries.length;
}

function open_pictures(where) {
  const pages = new Map(); // the last used at the end

  function page(number) {
    const found = pages.get(number) ?? fetch_page(number);
    pages.delete(number);
    pages.set(number, found);
    const [oldest] = pages.keys();
    if (pages.size > PAGES_KEPT && pages.get(oldest).has_come) pages.delete(oldest);
    return found.pictures;
  }

  function fetch_page(number) {
    const aborter = new AbortController();
    const answer = browse("pictures", { ...where, order: "date", offset: number * PAGE, limit: PAGE }, aborter.signal);
    const found = { aborter, pictures: answer.then(({ pictures }) => pictures) };
    found.pictures.then(() => (found.has_come = true), () => pages.get(number) === found && pages.delete(number));
    return found;
  }

  async function slice(first, end) {
    const before = Math.floor(first / PAGE);
    const numbers = Array.from({ length: Math.ceil(end / PAGE) - before }, (_, at) => before + at);
    const found = (await Promise.all(numbers.map(page))).flat();
    return found.slice(first - before * PAGE, end - before * PAGE);
  }

  function call_off(is_wanted) {
    for (const [number, { aborter, has_come }] of pages) {
      if (has_come || is_wanted(number * PAGE, (number + 1) * PAGE)) continue;
      pages.delete(number);
      aborter.abort();
    }
  }

  return { at: async (place) => (await slice(place, place + 1))[0], slice, call_off };
}
