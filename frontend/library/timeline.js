// The months of the library as sections of chunks. Only chunks near the window have pictures; the others keep their height.

import { fill_picture } from "../page/picture.js";
import { name_date } from "../results/photo_facts.js";
import { choose_row_height, estimate_height, ratio_of, usual_row_height } from "./rows.js";

const CHUNK = 60; // pictures
const MARGIN = 1200; // CSS pixels above and below the window
const SETTLING_MS = 80; // what is scrolled past faster is not asked for

const box = document.getElementById("months");
const years = document.getElementById("years");
const cell_template = document.getElementById("cell_template");

const make = (tag, fields) => Object.assign(document.createElement(tag), fields);

/**
 * Shows a timeline, of whose pictures the `first` are here. Calls `open(place)`, and `fail(failure, retry)`.
 * Returns `{focus(place), stop()}`.
 */
export function show_months({ months, undated }, pictures, first, { open, fail }) {
  const chunks = [];
  const leaving = new AbortController();
  const resizing = new ResizeObserver(fit_all);
  let near = new Set();
  let [width, timer, to_focus] = [0, 0, -1];

  box.replaceChildren(...months.map(({ month, pictures: count }) => make_month(name_date(month), count)));
  if (undated) box.append(make_month(months.length ? "No date" : "", undated));
  years.replaceChildren(...months.flatMap(make_year));
  years.hidden = years.children.length < 2;
  fit_all();
  for (const chunk of chunks) {
    if (chunk.end > first.length || chunk.first >= CHUNK) break;
    fill(chunk, first.slice(chunk.first, chunk.end)); // at once, so that nothing moves
  }
  addEventListener("scroll", see, { passive: true, signal: leaving.signal });
  resizing.observe(box);
  box.onclick = ({ target }) => {
    const cell = target.closest("button");
    if (cell) open(chunks.find(({ element }) => element === cell.parentElement).first + [...cell.parentElement.children].indexOf(cell));
  };

  function make_month(name, count) {
    const month = make("section");
    if (name) month.append(make("h2", { textContent: name }));
    let end = chunks.at(-1)?.end ?? 0;
    const last = end + count;
    while (end < last) {
      const chunk = { month, first: end, end: (end = Math.min(end + CHUNK, last)) };
      chunk.element = make("div", { className: end < last ? "rows whole" : "rows" });
      chunks.push(chunk);
      month.append(chunk.element);
    }
    return month;
  }

  function make_year({ month }, at) {
    const year = month.slice(0, 4);
    if (months[at - 1]?.month.startsWith(year)) return [];
    return make("button", { type: "button", textContent: year, onclick: () => box.children[at].scrollIntoView() });
  }

  // An IntersectionObserver of 2,000 chunks, and as many sticky headings as months, cost 20 ms a frame.
  function see() {
    if (!box.clientWidth) return; // other results are shown
    const now = find_near();
    if (now.size === near.size && [...now].every((chunk) => near.has(chunk))) return;
    for (const chunk of near) {
      chunk.month.className = "";
      if (!now.has(chunk)) clear(chunk);
    }
    near = now;
    for (const { month } of near) month.className = "near";
    clearTimeout(timer);
    timer = setTimeout(fetch_near, SETTLING_MS);
  }

  function find_near() {
    const place = (at) => chunks[at].element.getBoundingClientRect();
    const found = new Set();
    let [at, beyond] = [0, chunks.length];
    while (at < beyond) {
      const middle = (at + beyond) >> 1;
      if (place(middle).bottom < -MARGIN) at = middle + 1;
      else beyond = middle;
    }
    while (at < chunks.length && place(at).top < innerHeight + MARGIN) found.add(chunks[at++]);
    return found;
  }

  function fetch_near() {
    pictures.call_off((from, to) => [...near].some((chunk) => chunk.first < to && chunk.end > from));
    near.forEach(fetch_chunk);
  }

  async function fetch_chunk(chunk) {
    if (chunk.ratios) return;
    try {
      const found = await pictures.slice(chunk.first, chunk.end);
      if (near.has(chunk) && !chunk.ratios) fill(chunk, found);
      see(); // what lies below may have come nearer
    } catch (failure) {
      if (failure.name !== "AbortError") fail(failure, fetch_near);
    }
  }

  function fill(chunk, found) {
    chunk.ratios = found.map(ratio_of);
    chunk.element.replaceChildren(...found.map(make_cell));
    fit(chunk);
    if (to_focus >= chunk.first && to_focus < chunk.end) focus(to_focus);
  }

  function clear(chunk) {
    if (!chunk.ratios || chunk.element.contains(document.activeElement)) return;
    chunk.ratios = null;
    chunk.element.style.height = `${chunk.element.offsetHeight}px`;
    chunk.element.replaceChildren();
  }

  function fit_all() {
    if (box.clientWidth && box.clientWidth !== width) {
      width = box.clientWidth;
      chunks.forEach(fit);
    }
    see();
  }

  function fit({ element, first, end, ratios }) {
    const height = ratios && element.matches(".whole") ? choose_row_height(ratios, width) : usual_row_height(width);
    element.style.height = ratios ? "" : `${estimate_height(end - first, width)}px`;
    element.style.setProperty("--row_height", `${height}px`);
  }

  function focus(place) {
    const { element, first, ratios } = chunks.find(({ end }) => place < end);
    to_focus = ratios ? -1 : place;
    if (ratios) element.children[place - first]?.focus();
    else element.scrollIntoView();
  }

  function stop() {
    leaving.abort();
    resizing.disconnect();
    clearTimeout(timer);
    pictures.call_off(() => false);
  }

  return { focus, stop };
}

function make_cell(picture) {
  const cell = cell_template.content.firstElementChild.cloneNode(true);
  cell.style.setProperty("--ratio", ratio_of(picture));
  fill_picture(cell, picture);
  return cell;
}
