// A picture in its frame: loading, shown or broken.

import { image_address, show_image } from "../request/search_request.js";

const larger = new Image();

/** Returns a picture's width by its height; what is narrower or wider is cropped, as a panorama would be a strip. */
export const ratio_of = ({ width, height }) => Math.min(2.5, Math.max(0.5, width / height || 1));

/** Shows a picture in a frame: its preview, or where there is none, itself; the `large` preview follows once it has come. */
export function fill_picture(frame, picture, { large = false } = {}) {
  const { width, height } = picture;
  const image = frame.querySelector("img");
  const addresses = [picture.preview_url, picture.image_url].map(image_address).filter(Boolean);
  const show_next = () => {
    image.removeAttribute("srcset");
    const address = addresses.shift();
    frame.dataset.picture = address ? "loading" : "broken";
    if (address) show_image(image, address);
    else image.removeAttribute("src");
  };
  const onload = () => (frame.dataset.picture = "shown");
  Object.assign(image, { onload, onerror: show_next, alt: picture.caption || `Picture ${picture.image_path}` }, width && height && { width, height });
  show_next();
  if (large) show_larger(frame, large_preview(picture));
}

export async function show_larger(frame, address) {
  larger.removeAttribute("src"); // no longer wanted
  if (!address) return;
  show_image(larger, address);
  const { src } = larger;
  const is_loaded = await larger.decode().then(() => true, () => false);
  if (is_loaded && larger.src === src) show_image(frame.querySelector("img"), address);
}

export function load_ahead(picture) {
  const address = large_preview(picture);
  if (address) show_image(new Image(), address);
}

const large_preview = ({ preview_url }) => image_address(preview_url?.replace(/\.512\.jpg$/, ".1600.jpg"));

/** Lets the browser take the larger preview where the picture is wide on the screen: about `sizes`. */
export function offer_large_preview(image, picture, sizes) {
  const { preview_url, width, height } = picture;
  const longest = Math.max(width, height);
  const large = large_preview(picture);
  if (!(longest > 512) || !large?.includes(".1600.")) return;
  const candidate = (address, edge) => `${address} ${Math.round((width / longest) * Math.min(edge, longest))}w`;
  Object.assign(image, { sizes, srcset: `${candidate(image_address(preview_url), 512)}, ${candidate(large, 1600)}` });
}
