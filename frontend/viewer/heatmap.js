// A heatmap as colours on a canvas and in words: what each patch contributes to the score.

// Low contributions darken the picture a little, high ones brighten it, so that both show on bright and on dark pictures.
const RAMP = { 0: "#16123a84", 0.45: "#561c6e6c", 0.75: "#e85c3482", 1: "#ffd65caf" };
// Outside the patches: CLIP's input is the middle square of the picture.
const UNCOVERED = "#12141aa8";
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
  const sides = [width, height].map((side) => Math.max(1, Math.round(side * scale)));
  const [x0, y0, x1, y1] = box.map((edge, at) => Math.round(edge * sides[at % 2]));
  const covered = [x0, y0, Math.max(1, x1 - x0), Math.max(1, y1 - y0)];
  const context = draw_on(canvas, ...sides);
  context.imageSmoothingQuality = "high"; // the browser's cubic shows no edges along the grid
  context.drawImage(draw_patches(grid, contributions.flat()), ...covered);
  const image = context.getImageData(...covered);
  const { data } = image;
  const ramp = draw_ramp();
  const hottest = data.reduce((most, value, at) => (at % 4 ? most : Math.max(most, value)), 1); // smoothing lowers the peaks
  for (let at = 0; at < data.length; at += 4) {
    const heat = 4 * Math.round((255 * data[at]) / hottest);
    data.set(ramp.subarray(heat, heat + 4), at);
  }
  context.clearRect(0, 0, ...sides);
  context.fillStyle = UNCOVERED;
  context.fillRect(0, 0, ...sides);
  context.putImageData(image, x0, y0);
}

/** Returns where the hottest patch lies in the whole picture, in words. */
export function describe_heatmap({ grid, box: [x0, y0, x1, y1], contributions }) {
  const flat = contributions.flat();
  const hottest = Math.max(...flat);
  if (hottest - Math.min(...flat) < FLAT) return "No part counts for more than another.";
  const at = flat.indexOf(hottest);
  const x = x0 + ((at % grid) + 0.5) * ((x1 - x0) / grid);
  const y = y0 + (Math.floor(at / grid) + 0.5) * ((y1 - y0) / grid);
  const down = y < 1 / 3 ? "upper " : y > 2 / 3 ? "lower " : "";
  return `The ${down}${x < 1 / 3 ? "left" : x > 2 / 3 ? "right" : "middle"} counts for most.`;
}

/** Returns a note on a picture that the patches do not cover completely, or "". */
export function describe_uncovered_margin({ box: [x0, y0, x1, y1] }) {
  return Math.max(x0, y0, 1 - x1, 1 - y1) > 0.01 ? "The darkened margin was not looked at." : "";
}

/** Returns what was found when the hottest patches, and as many random ones, were covered. */
export function describe_occlusion({ patches, hottest_drop, random_drop, holds }) {
  const found = `covering the ${patches} hottest squares lowers the similarity by ${hottest_drop.toFixed(2)}, random ones by ${random_drop.toFixed(2)}.`;
  return holds ? `Checked: ${found}` : `Checked, and doubtful: ${found} Do not rely on these colours.`;
}

function draw_patches(grid, flat) {
  const coldest = Math.min(...flat);
  const range = Math.max(...flat) - coldest;
  const canvas = new OffscreenCanvas(grid, grid);
  const image = new ImageData(grid, grid);
  flat.forEach((value, at) => image.data.set([range < FLAT ? 0 : (255 * (value - coldest)) / range, 0, 0, 255], 4 * at));
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

/** Returns the ramp's 256 colours, RGBA. */
function draw_ramp() {
  const context = draw_on(new OffscreenCanvas(1, 1), 256, 1);
  const gradient = context.createLinearGradient(0, 0, 256, 0);
  for (const [heat, colour] of Object.entries(RAMP)) gradient.addColorStop(Number(heat), colour);
  context.fillStyle = gradient;
  context.fillRect(0, 0, 256, 1);
  return context.getImageData(0, 0, 256, 1).data;
}

function draw_on(canvas, width, height) {
  Object.assign(canvas, { width, height });
  return canvas.getContext("2d", { willReadFrequently: true });
}
