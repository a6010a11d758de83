// Checks a file that the user gives as a picture, and makes a small JPEG of it to send.

const LONGEST_SIDE = 1024;
const JPEG_QUALITY = 0.9;
// A browser may run out of memory decoding a larger file.
const MAX_CHOSEN_BYTES = 60e6;
// A server on AWS Lambda accepts no larger request.
const MAX_SENT_BYTES = 4.5e6;
// Browsers name no type of a format that they do not know.
const PICTURE_NAMES = /\.(avif|hei[cf]|jxl|tiff?|dng|cr[23]|nef|arw)$/i;

/** A file cannot be searched with; `title` says why, the message what can. */
export class PictureRefused extends Error {
  constructor(title, message) {
    super(message);
    this.title = title;
  }
}

/** Returns the one picture among the given files; throws PictureRefused. */
export function only_picture(files) {
  const [file] = files;
  if (files.length !== 1) throw new PictureRefused("One picture at a time", `There were ${files.length} files. Give the one to search with.`);
  if (!file.type.startsWith("image/") && !PICTURE_NAMES.test(file.name)) throw new PictureRefused("That is not a picture", `“${file.name}” is none. Give a JPEG, PNG or WebP.`);
  if (file.size > MAX_CHOSEN_BYTES) throw too_large(file, MAX_CHOSEN_BYTES);
  return file;
}

/** Returns an upright JPEG of at most 1024 pixels a side, or the file itself where the browser cannot read it. */
export async function shrink_picture(file) {
  const bitmap = await decode(file);
  if (bitmap) return draw_small(bitmap);
  if (file.size > MAX_SENT_BYTES) throw too_large(file, MAX_SENT_BYTES, " where the browser cannot make it smaller, as here. Save it as a JPEG, and give that");
  return file; // the server may know the format; if not, its error says so
}

async function decode(file) {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return null;
  }
}

function draw_small(bitmap) {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "white"; // JPEG has no transparency; without this it would turn black
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", JPEG_QUALITY));
}

function too_large(file, max_bytes, why = "") {
  const megabytes = (bytes) => (bytes / 1e6).toFixed(bytes % 1e6 ? 1 : 0);
  return new PictureRefused("That picture is too large", `“${file.name}” has ${megabytes(file.size)} MB; ${megabytes(max_bytes)} MB is the most${why}.`);
}
