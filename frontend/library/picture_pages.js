// The library's pictures by their place in its order, fetched a page at a time.

import { fetch_pictures } from "../page/api.js";

const PAGE = 100;
const PAGES_KEPT = 12;

/**
 * Returns what the filters leave, the newest first: `at(place)` is one picture, `slice(first, end)` are several;
 * `call_off(is_wanted)` aborts what is awaited of pages for which `is_wanted(first, end)` is false.
 */
export function open_pictures(where) {
  const pages = new Map(); // by number, the one used last at the end

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
    const answer = fetch_pictures({ ...where, order: "date", offset: number * PAGE, limit: PAGE }, aborter.signal);
    const found = { aborter, pictures: answer.then(({ pictures }) => pictures) };
    const forget = () => pages.get(number) === found && pages.delete(number);
    found.pictures.then(() => (found.has_come = true), forget);
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
