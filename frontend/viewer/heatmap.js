// A heatmap as colours on a canvas and in words: what each patch contributes to the score. Knows no element but the canvas.

// Low contributions darken the picture a little, high ones brighten it, so that both show on bright and on dark pictures.
const RAMP = [
  { at: 0, colour: [22, 18, 58, 132] },
  { at: 0.45, colour: [86, 28, 110, 108] },
  { at: 0.75, colour: [232, 92, 52, 130] },
  { at: 1, colour: [255, 214, 92, 175] },
];
const COLOURS = Array.from({ length: 256 }, (_, heat) => mix_colour(heat / 255));
// Outside the patches: CLIP's input is the middle square of the picture.
const UNCOVERED = [18, 20, 26, 168];
const LONGEST_SIDE = 320;
// A map whose contributions differ by less has nothing to show.
const FLAT = 1e-6;

/**
 * Paints a heatmap on a canvas of the picture's own shape, so that the same `object-fit` applies to both.
 *
 * @param heatmap {grid, box, contributions}: rows from the top; `box` is the part of the picture that they cover, in fractions.
 * @param shape {width, height} of the upright picture, in any unit.
 */
export function paint_heatmap(canvas, { grid, box, contributions }, { width, height }) {
  const scale = LONGEST_SIDE / Math.max(width, height);
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const [x0, y0, x1, y1] = box;
  const columns = patch_positions(canvas.width, x0, x1, grid);
  const rows = patch_positions(canvas.height, y0, y1, grid);
  const heat = normalize(contributions);
  const strips = columns.map((column) => heat.map((line) => interpolate(line, column))); // one of g values for each pixel across
  const is_covered = (position) => position >= 0 && position <= grid;
  const pixels = new ImageData(canvas.width, canvas.height);
  rows.forEach((row, y) =>
    columns.forEach((column, x) => {
      const colour = is_covered(row) && is_covered(column) ? colour_of(interpolate(strips[x], row)) : UNCOVERED;
      pixels.data.set(colour, 4 * (y * canvas.width + x));
    }),
  );
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}

/**
 * Returns where the hottest patch lies in the whole picture, such as "Hottest in the lower left".
 *
 * In a picture that is no match the heat shows only what comes nearest to the words: not that they are there.
 */
export function describe_heatmap({ grid, box, contributions }, verdict) {
  const flat = contributions.flat();
  const hottest = Math.max(...flat);
  if (hottest - Math.min(...flat) < FLAT) return "No part is hotter than another";
  const at = flat.indexOf(hottest);
  const [x0, y0, x1, y1] = box;
  const x = x0 + ((at % grid) + 0.5) * ((x1 - x0) / grid);
  const y = y0 + (Math.floor(at / grid) + 0.5) * ((y1 - y0) / grid);
  const position = name_position(x, y);
  return verdict === "none" ? `No match: the ${position} only comes nearest to your words` : `Hottest in the ${position}`;
}

/** Returns a note on a picture that the patches do not cover completely, or "". */
export function describe_uncovered_margin({ box }) {
  const [x0, y0, x1, y1] = box;
  return x0 > 0.01 || y0 > 0.01 || x1 < 0.99 || y1 < 0.99 ? "The darkened margin was not analysed." : "";
}

/** Returns the result of the occlusion check in words. */
export function describe_occlusion({ patches, hottest_drop, random_drop, holds }) {
  const found = `blanking the ${patches} hottest patches costs ${hottest_drop.toFixed(2)} of the score, random ones ${random_drop.toFixed(2)}.`;
  return holds ? `Checked: ${found}` : `Checked, and doubtful: ${found} Do not rely on this heatmap.`;
}

function name_position(x, y) {
  const across = x < 1 / 3 ? "left" : x > 2 / 3 ? "right" : "";
  const down = y < 1 / 3 ? "upper" : y > 2 / 3 ? "lower" : "";
  if (!across && !down) return "middle";
  if (!across) return `${down} middle`;
  return down ? `${down} ${across}` : `middle ${across}`;
}

function normalize(contributions) {
  const flat = contributions.flat();
  const coldest = Math.min(...flat);
  const range = Math.max(...flat) - coldest;
  return contributions.map((row) => row.map((heat) => (range < FLAT ? 0 : (heat - coldest) / range)));
}

/** Returns the position of each pixel's centre, in patches from the edge of the box. */
function patch_positions(pixels, from, to, grid) {
  return Array.from({ length: pixels }, (_, at) => (((at + 0.5) / pixels - from) / (to - from)) * grid);
}

/** Returns the value at a position: a cubic through the points, whose centres are at .5, 1.5, ...; constant beyond the ends. */
function interpolate(points, position) {
  const left = Math.floor(position - 0.5);
  const point = (at) => points[Math.min(points.length - 1, Math.max(0, at))];
  return cubic(point(left - 1), point(left), point(left + 1), point(left + 2), position - 0.5 - left);
}

// The Catmull-Rom spline: unlike linear interpolation it shows no edges along the grid, and it keeps the peaks.
function cubic(p0, p1, p2, p3, part) {
  return p1 + 0.5 * part * (p2 - p0 + part * (2 * p0 - 5 * p1 + 4 * p2 - p3 + part * (3 * (p1 - p2) + p3 - p0)));
}

function colour_of(heat) {
  return COLOURS[Math.round(255 * Math.min(1, Math.max(0, heat)))];
}

function mix_colour(heat) {
  const above = Math.max(1, RAMP.findIndex(({ at }) => heat <= at));
  const [from, to] = [RAMP[above - 1], RAMP[above]];
  return from.colour.map((value, channel) => value + ((to.colour[channel] - value) * (heat - from.at)) / (to.at - from.at));
}
