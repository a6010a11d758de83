// How high the rows of a chunk are. Pure functions, all in CSS pixels; page/rows.css lays the rows out.

const GAP = 4; // as in page/rows.css
const USUAL_RATIO = 1.4;
// What is wider or higher is cropped to this.
const [NARROWEST, WIDEST] = [0.5, 2.5];

/** Returns a picture's width by its height. */
export function ratio_of({ width, height }) {
  return Math.min(WIDEST, Math.max(NARROWEST, width / height || 1));
}

/** Returns the least height of the rows in a box of a width. */
export function usual_row_height(width) {
  return Math.min(200, Math.max(88, Math.round(width * 0.16)));
}

/** Returns about how high a number of pictures is. */
export function estimate_height(count, width) {
  const across = Math.max(1, Math.floor((width + GAP) / (USUAL_RATIO * usual_row_height(width) + GAP)));
  return Math.ceil(count / across) * ((width + GAP) / across - GAP) / USUAL_RATIO + Math.ceil(count / across) * GAP;
}

/** Returns a height near the usual one at which the last row is as full as it can be, so that the next chunk goes on from it. */
export function choose_row_height(ratios, width) {
  const usual = usual_row_height(width);
  const heights = Array.from({ length: 21 }, (_, at) => usual * (0.85 + at * 0.015));
  const left = heights.map((height) => left_in_last_row(ratios, width, height));
  return heights[left.indexOf(Math.min(...left))];
}

// A row breaks where the next picture no longer fits.
function left_in_last_row(ratios, width, height) {
  let left = 0;
  for (const ratio of ratios) {
    const needed = ratio * height + GAP;
    if (left < needed) left = width + GAP;
    left -= needed;
  }
  return left;
}
