// A picture in its frame (loading, shown or broken), and the heatmap over it.

import { image_address, show_image } from "./api.js";
import { describe_picture } from "./descriptions.js";
import { paint_heatmap } from "../viewer/heatmap.js";

/**
 * Shows a result's picture in a frame, whose `data-picture` says loading, shown or broken: its preview, or where there is none,
 * the picture itself. `large` asks for the preview that fills a screen.
 */
export function fill_picture(frame, result, { large = false } = {}) {
  const image = frame.querySelector("img");
  const preview = large ? large_preview(result.preview_url) : result.preview_url;
  const addresses = [preview, result.image_url].map(image_address).filter(Boolean);
  const show_next = () => {
    image.removeAttribute("srcset");
    const address = addresses.shift();
    frame.dataset.picture = address ? "loading" : "broken";
    if (address) show_image(image, address);
    else image.removeAttribute("src");
  };
  image.onload = () => (frame.dataset.picture = "shown");
  image.onerror = show_next;
  image.alt = describe_picture(result);
  if (result.width && result.height) Object.assign(image, { width: result.width, height: result.height });
  show_next();
  delete frame.dataset.heatmap;
}

/** Returns the address of the preview that fills a screen, from that for a card. */
function large_preview(preview_url) {
  return preview_url?.replace(/\.512\.jpg$/, ".1600.jpg");
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

/** Lets the browser take the larger preview where the picture is wide on the screen: about `sizes`, a CSS length. */
export function offer_large_preview(image, { preview_url, width, height }, sizes) {
  const longest = Math.max(width, height);
  if (!(longest > 512) || !large_preview(preview_url)?.includes(".1600.")) return;
  const candidate = (address, edge) => `${image_address(address)} ${Math.round((width / longest) * Math.min(edge, longest))}w`;
  image.sizes = sizes;
  image.srcset = `${candidate(preview_url, 512)}, ${candidate(large_preview(preview_url), 1600)}`;
}
