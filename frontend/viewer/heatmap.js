// A heatmap {grid, box, contributions} in colours and in words: what each patch adds to the score, rows from the top; `box` is the
// part of the picture that they cover, in fractions.

// Outside the patches: CLIP's input is the middle square of the picture.
const UNCOVERED = "#12141aa8";
const LONGEST_SIDE = 320;
// A map whose contributions differ by less has nothing to show.
const FLAT = 1e-6;

/** Paints it on a canvas of the picture's own shape, so that the same `object-fit` applies to both. */
export function paint_heatmap(canvas, { grid, box, contributions }, { width, height }) {
  const scale = LONGEST_SIDE / Math.max(width, height);
  Object.assign(canvas, { width: Math.ceil(width * scale), height: Math.ceil(height * scale) });
  const [x0, y0, x1, y1] = box.map((edge, at) => edge * (at % 2 ? canvas.height : canvas.width));
  const context = canvas.getContext("2d");
  context.fillStyle = UNCOVERED;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.clearRect(x0, y0, x1 - x0, y1 - y0);
  context.drawImage(draw_patches(grid, contributions.flat()), x0, y0, x1 - x0, y1 - y0);
}

/** Returns where the hottest patch lies in the whole picture. */
export function describe_heatmap({ grid, box: [x0, y0, x1, y1], contributions }) {
  const flat = contributions.flat();
  const hottest = Math.max(...flat);
  if (hottest - Math.min(...flat) < FLAT) return "No part counts for more than another.";
  const at = flat.indexOf(hottest);
  const third = (from, to, patch) => Math.min(2, Math.floor(3 * (from + ((patch + 0.5) * (to - from)) / grid)));
  const down = ["upper ", "", "lower "][third(y0, y1, Math.floor(at / grid))];
  return `The ${down}${["left", "middle", "right"][third(x0, x1, at % grid)]} counts for most.`;
}

/** Returns what was found when the hottest patches, and as many random ones, were covered; and what was not looked at. */
export function describe_check({ box: [x0, y0, x1, y1] }, occlusion) {
  const margin = Math.max(x0, y0, 1 - x1, 1 - y1) > 0.01 ? "The darkened margin was not looked at. " : "";
  if (!occlusion) return margin;
  const { patches, hottest_drop, random_drop, holds } = occlusion;
  const found = `covering the ${patches} hottest squares lowers the similarity by ${hottest_drop.toFixed(2)}, random ones by ${random_drop.toFixed(2)}.`;
  return `${margin}Checked${holds ? "" : ", and doubtful"}: ${found}${holds ? "" : " Do not rely on these colours."}`;
}

// Cold patches darken the picture a little, hot ones brighten it, so that both show on bright and on dark pictures.
function draw_patches(grid, flat) {
  const coldest = Math.min(...flat);
  const range = Math.max(...flat) - coldest;
  const image = new ImageData(grid, grid);
  flat.forEach((value, at) => {
    const heat = range < FLAT ? 0 : (value - coldest) / range;
    image.data.set([30 + 225 * heat, 20 + 195 * heat ** 2, 80 + 10 * heat, 130 + 45 * heat], 4 * at);
  });
  const canvas = new OffscreenCanvas(grid, grid);
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}
