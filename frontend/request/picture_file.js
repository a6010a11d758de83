// Makes a small JPEG of a given file; what the browser cannot read stays.

import { RequestFailed } from "../page/api.js";

const LONGEST_SIDE = 1024;
const MAX_CHOSEN_BYTES = 60e6; // more takes too much memory
const MAX_SENT_BYTES = 4.5e6; // AWS Lambda's limit

const in_megabytes = (bytes) => Number((bytes / 1e6).toFixed(1));

export async function read_picture(files) {
	const [file] = files;
	const { name, type, size } = file;
	const refuse_over = (most, why) => {
		if (size > most) throw new RequestFailed(why, { name, size: in_megabytes(size), most: in_megabytes(most) });
	};
	if (files.length !== 1) throw new RequestFailed("several_files", { count: files.length });
	// HEIC may have no type.
	if (type && !type.startsWith("image/")) throw new RequestFailed("no_picture", { name });
	refuse_over(MAX_CHOSEN_BYTES, "file_too_large");
	const bitmap = await createImageBitmap(file).catch(() => null);
	if (bitmap) return draw_small(bitmap);
	refuse_over(MAX_SENT_BYTES, "file_not_shrunk");
	return file;
}

function draw_small(bitmap) {
	const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
	const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
	const canvas = new OffscreenCanvas(width, height);
	const context = canvas.getContext("2d");
	context.fillStyle = "white"; // not black where it is transparent
	context.fillRect(0, 0, width, height);
	context.imageSmoothingQuality = "high";
	context.drawImage(bitmap, 0, 0, width, height);
	bitmap.close();
	return canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 });
}
