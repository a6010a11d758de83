// The library's pictures by their place in its order, fetched a page at a time. Pages that are long unused are forgotten.

import { fetch_pictures } from "../page/api.js";

const PAGE_PICTURES = 100;
const PAGES_KEPT = 12;

/**
 * Returns the pictures that the filters leave, the newest first:
 *   at(place)            one of them
 *   slice(first, end)    those from a place up to another
 *   call_off(is_wanted)  aborts what is awaited of pages for which `is_wanted(first, end)` is false
 */
export function open_pictures(where) {
  const pages = new Map(); // by number, the one used last at the end

  function page(number) {
    const known = pages.get(number) ?? fetch_page(number);
    pages.delete(number);
    pages.set(number, known);
    const [oldest] = pages.keys();
    if (pages.size > PAGES_KEPT && pages.get(oldest).has_come) pages.delete(oldest);
    return known;
  }

  function fetch_page(number) {
    const aborter = new AbortController();
    const asked = { where, order: "date", offset: number * PAGE_PICTURES, limit: PAGE_PICTURES };
    const fetched = { aborter, answer: fetch_pictures(asked, aborter.signal) };
    const forget = () => pages.get(number) === fetched && pages.delete(number);
    fetched.answer.then(() => (fetched.has_come = true), forget);
    return fetched;
  }

  return {
    async at(place) {
      const one = page(Math.floor(place / PAGE_PICTURES));
      one.is_held = true;
      return (await one.answer).pictures[place % PAGE_PICTURES];
    },
    async slice(first, end) {
      const before = Math.floor(first / PAGE_PICTURES);
      const answers = [];
      for (let number = before; number * PAGE_PICTURES < end; number++) answers.push(page(number).answer);
      const found = (await Promise.all(answers)).flatMap(({ pictures }) => pictures);
      return found.slice(first - before * PAGE_PICTURES, end - before * PAGE_PICTURES);
    },
    call_off(is_wanted) {
      for (const [number, { aborter, has_come, is_held }] of pages) {
        if (has_come || is_held || is_wanted(number * PAGE_PICTURES, (number + 1) * PAGE_PICTURES)) continue;
        pages.delete(number);
        aborter.abort();
      }
    },
  };
}
