// Fetches the viewer once the page is idle or a picture opened.

import { find_words, show_toast } from "../page/elements.js";
import { read_photo, request_key } from "../request/search_request.js";

export let viewer; // its module

export const load_viewer = async () => (viewer ??= await import("./viewer.js").catch(() => null));

export async function open_viewer(...given) {
	const key = request_key();
	if (!(await load_viewer())) show_toast(find_words("viewer_missing"));
	else if (key === request_key()) viewer.open_viewer(...given);
}

export async function open_linked_photo(...given) {
	if (read_photo() !== null) (await load_viewer())?.open_linked_photo(...given);
}
