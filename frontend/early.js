// Sends the linked search, and asks for its first pictures, before the modules that show them are here.

import { image_address, send_ahead, show_image } from "./page/api.js";
import { first_row } from "./page/elements.js";
import { is_empty, read_address } from "./request/search_request.js";

const { like, kept, ...address } = read_address();
const request = { ...address, picture: like === null ? null : { id: like } };
if (!is_empty(request) && !kept?.key) {
  const answer = await send_ahead(request).catch(() => null); // `search` says what failed
  for (const { preview_url } of answer?.body?.results?.slice?.(0, first_row()) ?? []) {
    const preview = image_address(preview_url);
    if (preview) show_image(Object.assign(new Image(), { fetchPriority: "high" }), preview);
  }
}
