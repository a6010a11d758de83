// The months of the library as sections of chunks. Only chunks near the window have pictures; the others keep their height.

import { name_date } from "../results/photo_facts.js";
import { fill_picture } from "../page/picture.js";
import { choose_row_height, estimate_height, ratio_of, usual_row_height } from "./rows.js";

const CHUNK_PICTURES = 60;
const MARGIN = "1200px 0px";
// While the page is scrolled fast, what is passed within this time is not asked for.
const SETTLING_MS = 80;

const months_box = document.getElementById("months");
const years_box = document.getElementById("years");
const cell_template = document.getElementById("cell_template");

/**
 * Shows a timeline. `first` are its first pictures, already here; `uses` is {open(place), fail(failure, retry)}.
 * Returns `{focus(place), stop()}`.
 */
export function show_months({ months, undated }, pictures, first, uses) {
  const near = new Set();
  const chunks = [];
  const by_element = new Map();
  const observer = new IntersectionObserver(see, { rootMargin: MARGIN });
  const resizing = new ResizeObserver(fit_all);
  let timer = null;
  let width = 0;
  let to_focus = -1;

  const groups = months.map(({ month, pictures: count }) => ({ name: name_date(month), year: month.slice(0, 4), count }));
  if (undated) groups.push({ name: groups.length && "No date", year: "", count: undated });
  months_box.replaceChildren(...groups.map(make_month));
  years_box.replaceChildren(...make_years(groups));
  width = months_box.clientWidth;
  chunks.forEach(fit);
  for (const chunk of chunks) {
    if (chunk.end > first.length || chunk.first >= CHUNK_PICTURES) break;
    fill(chunk, first.slice(chunk.first, chunk.end)); // at once, so that nothing moves
  }
  chunks.forEach(({ element }) => observer.observe(element));
  resizing.observe(months_box);
  months_box.onclick = ({ target }) => {
    const cell = target.closest("button");
    if (cell) uses.open(place_of(cell));
  };

  function make_month({ name, count }) {
    const month = document.createElement("section");
    const heading = document.createElement("h2");
    heading.textContent = name;
    if (name) month.append(heading);
    const begin = chunks.at(-1)?.end ?? 0;
    for (let at = 0; at < count; at += CHUNK_PICTURES) {
      const element = document.createElement("div");
      const end = Math.min(at + CHUNK_PICTURES, count);
      const chunk = { element, first: begin + at, end: begin + end, is_whole: end < count, ratios: null };
      element.className = chunk.is_whole ? "rows whole" : "rows";
      chunks.push(chunk);
      by_element.set(element, chunk);
      month.append(element);
    }
    return month;
  }

  function make_years(groups) {
    const new_ones = groups.flatMap(({ year }, at) => (year && year !== groups[at - 1]?.year ? [[year, at]] : []));
    if (new_ones.length < 2) return [];
    return new_ones.map(([year, at]) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = year;
      button.onclick = () => months_box.children[at].scrollIntoView();
      return button;
    });
  }

  function see(entries) {
    for (const { target, isIntersecting, boundingClientRect } of entries) {
      const chunk = by_element.get(target);
      if (isIntersecting) near.add(chunk);
      else if (boundingClientRect.height) clear(chunk, boundingClientRect.height); // none while the library is hidden
    }
    clearTimeout(timer);
    timer = setTimeout(fetch_near, SETTLING_MS);
  }

  function fetch_near() {
    pictures.call_off((from, to) => [...near].some((chunk) => chunk.first < to && chunk.end > from));
    near.forEach(fetch_chunk);
  }

  async function fetch_chunk(chunk) {
    if (chunk.ratios || chunk.is_awaited) return;
    chunk.is_awaited = true;
    try {
      const found = await pictures.slice(chunk.first, chunk.end);
      if (near.has(chunk)) fill(chunk, found);
    } catch (failure) {
      if (failure.name !== "AbortError") uses.fail(failure, fetch_near);
    } finally {
      chunk.is_awaited = false;
    }
  }

  function fill(chunk, found) {
    chunk.ratios = found.map(ratio_of);
    chunk.element.replaceChildren(...found.map((picture, at) => make_cell(picture, chunk.ratios[at])));
    fit(chunk);
    if (to_focus >= chunk.first && to_focus < chunk.end) focus(to_focus);
  }

  function clear(chunk, height) {
    near.delete(chunk);
    if (!chunk.ratios || chunk.element.contains(document.activeElement)) return;
    chunk.ratios = null;
    chunk.element.replaceChildren();
    chunk.element.style.height = `${height}px`;
  }

  function fit({ element, first, end, is_whole, ratios }) {
    element.style.height = ratios ? "" : `${estimate_height(end - first, width)}px`;
    const height = ratios && is_whole ? choose_row_height(ratios, width) : usual_row_height(width);
    element.style.setProperty("--row_height", `${height}px`);
  }

  function fit_all() {
    if (!months_box.clientWidth || months_box.clientWidth === width) return;
    width = months_box.clientWidth;
    chunks.forEach(fit);
  }

  function place_of(cell) {
    return by_element.get(cell.parentElement).first + [...cell.parentElement.children].indexOf(cell);
  }

  function focus(place) {
    const { element, first, ratios } = chunks.find(({ end }) => place < end);
    to_focus = ratios ? -1 : place;
    if (ratios) element.children[place - first]?.focus();
    else element.scrollIntoView();
  }

  function stop() {
    observer.disconnect();
    resizing.disconnect();
    clearTimeout(timer);
    pictures.call_off(() => false);
  }

  return { focus, stop };
}

function make_cell(picture, ratio) {
  const cell = cell_template.content.firstElementChild.cloneNode(true);
  cell.style.setProperty("--ratio", ratio);
  fill_picture(cell, picture);
  return cell;
}
