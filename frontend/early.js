// Sends the linked search, and asks for its first pictures, before the modules that show them are here.

import { image_address, send_ahead, show_image } from "./page/api.js";
import { is_empty, read_address } from "./request/search_request.js";

/** About how many pictures are in the first row of results: cards are about 260 pixels wide. */
export const first_row = () => Math.ceil(innerWidth / 260);

function load_first({ body }) {
  for (const { preview_url } of body?.results?.slice?.(0, first_row()) ?? []) {
    const preview = image_address(preview_url);
    if (preview) show_image(Object.assign(new Image(), { fetchPriority: "high" }), preview);
  }
}

const { like, kept, ...address } = read_address();
const request = { ...address, picture: like === null ? null : { id: like } };
if (!is_empty(request) && !kept?.key) send_ahead(request).then(load_first, () => {}); // `search` says what failed
