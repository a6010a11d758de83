// How high the rows of a chunk are, in CSS pixels; page/rows.css lays them out. Pure functions.

const GAP = 4; // as in page/rows.css
const USUAL_RATIO = 1.4;

/** Returns a picture's width by its height; what is narrower or wider than this is cropped. */
export function ratio_of({ width, height }) {
  return Math.min(2.5, Math.max(0.5, width / height || 1));
}

/** Returns the least height of the rows in a box of a width; they grow until they are full. */
export function usual_row_height(width) {
  return Math.min(200, Math.max(88, width * 0.16));
}

/** Returns about how high a number of pictures is. */
export function estimate_height(count, width) {
  const height = 1.1 * usual_row_height(width);
  return Math.ceil((count * USUAL_RATIO * height) / width) * (height + GAP);
}

/** Returns a height near the usual one at which the last row is as full as it can be, as the next chunk goes on from it. */
export function choose_row_height(ratios, width) {
  const heights = Array.from({ length: 21 }, (_, at) => usual_row_height(width) * (0.85 + at * 0.015));
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
