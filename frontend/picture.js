// A picture in its frame (loading, shown or broken), and the heatmap over it.

import { image_address, show_image } from "./api.js";
import { describe_picture } from "./descriptions.js";
import { paint_heatmap } from "./heatmap.js";

/** Shows a result's picture in a frame, whose `data-picture` says loading, shown or broken. */
export function fill_picture(frame, result) {
  const image = frame.querySelector("img");
  const address = image_address(result.image_url);
  image.onload = () => (frame.dataset.picture = "shown");
  image.onerror = () => (frame.dataset.picture = "broken");
  frame.dataset.picture = address ? "loading" : "broken";
  image.alt = describe_picture(result);
  if (address) show_image(image, address);
  else image.removeAttribute("src");
  delete frame.dataset.heatmap;
}

/** Paints a heatmap over the frame's picture once that is loaded; visible while the frame has `data-heatmap-visible`. */
export async function draw_heatmap(frame, heatmap) {
  const image = frame.querySelector("img");
  const { src } = image;
  await image.decode().catch(() => null); // a broken picture has no size, and gets no heatmap
  if (image.src !== src || !image.naturalWidth) return;
  paint_heatmap(frame.querySelector("canvas"), heatmap, { width: image.naturalWidth, height: image.naturalHeight });
  frame.dataset.heatmap = "ready";
}
