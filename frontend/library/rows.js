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
  let best = { left: Infinity };
  for (let by = 0.85; by < 1.15; by += 0.015) {
    const height = by * usual_row_height(width);
    let left = 0;
    for (const needed of ratios.map((ratio) => ratio * height + GAP)) left = (left < needed ? width + GAP : left) - needed;
    if (left < best.left) best = { left, height };
  }
  return best.height;
}
