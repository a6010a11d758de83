// A picture in its frame: loading, shown or broken.

import { image_address, show_image } from "./api.js";
import { describe_picture } from "./descriptions.js";

// Where the next larger picture is loaded before it takes the place of a smaller one: one at a time, as one is looked at.
const larger = new Image();

/**
 * Shows a picture in a frame, whose `data-picture` says loading, shown or broken: its preview, or where there is none, the
 * picture itself. `large`: the preview that fills a screen takes its place once it has come.
 */
export function fill_picture(frame, picture, { large = false } = {}) {
  const image = frame.querySelector("img");
  const addresses = [picture.preview_url, picture.image_url].map(image_address).filter(Boolean);
  const show_next = () => {
    image.removeAttribute("srcset");
    const address = addresses.shift();
    frame.dataset.picture = address ? "loading" : "broken";
    if (address) show_image(image, address);
    else image.removeAttribute("src");
  };
  image.onload = () => (frame.dataset.picture = "shown");
  image.onerror = show_next;
  image.alt = describe_picture(picture);
  if (picture.width && picture.height) Object.assign(image, { width: picture.width, height: picture.height });
  show_next();
  if (large) show_larger(frame, large_preview(picture));
}

/** Shows the picture itself in place of its preview, once it has come. */
export function show_original(frame, { image_url }) {
  return show_larger(frame, image_address(image_url));
}

/** Loads the preview that fills a screen, so that it is there when it is asked for. */
export function load_ahead(picture) {
  const address = large_preview(picture);
  if (address) show_image(new Image(), address);
}

async function show_larger(frame, address) {
  larger.removeAttribute("src"); // what is no longer wanted is no longer loaded
  if (!address) return;
  show_image(larger, address);
  const { src } = larger;
  const is_loaded = await larger.decode().then(() => true, () => false);
  if (is_loaded && larger.src === src) show_image(frame.querySelector("img"), address);
}

function large_preview({ preview_url }) {
  return image_address(preview_url?.replace(/\.512\.jpg$/, ".1600.jpg"));
}

/** Lets the browser take the larger preview where the picture is wide on the screen: about `sizes`, a CSS length. */
export function offer_large_preview(image, picture, sizes) {
  const { preview_url, width, height } = picture;
  const longest = Math.max(width, height);
  const large = large_preview(picture);
  if (!(longest > 512) || !large?.includes(".1600.")) return;
  const candidate = (address, edge) => `${address} ${Math.round((width / longest) * Math.min(edge, longest))}w`;
  image.sizes = sizes;
  image.srcset = `${candidate(image_address(preview_url), 512)}, ${candidate(large, 1600)}`;
}
