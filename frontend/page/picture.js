// A picture in its frame: loading, shown or broken.

import { image_address, offer_previews, preview_of, show_image } from "../request/search_request.js";

const larger = new Image();

export function fill_picture(frame, picture, row_height) {
	const { width, height } = picture;
	const image = frame.querySelector("img");
	const first = preview_of(picture, row_height ? 512 : 320); // an older server lacks 320
	const addresses = [first, preview_of(picture), image_address(picture.image_url)].filter(Boolean);
	const show_next = () => {
		image.removeAttribute("srcset");
		const address = addresses.shift();
		frame.dataset.picture = address ? "loading" : "broken";
		show_image(image, address);
	};
	const onload = () => (frame.dataset.picture = "shown");
	Object.assign(image, { onload, onerror: show_next, alt: picture.caption || `Picture ${picture.image_path}` }, width && height && { width, height });
	show_next();
	if (row_height) offer_previews(image, picture, row_height);
	else show_larger(frame, preview_of(picture, 1600));
}

export function show_larger(frame, address) {
	show_image(larger, address);
	const { src } = larger;
	larger.decode().then(() => larger.src === src && show_image(frame.querySelector("img"), src), () => null);
}

export const load_ahead = (picture) => show_image(new Image(), preview_of(picture, 1600));
