// Fetches the viewer once the page is idle or a picture opened.

import { show_toast } from "../page/elements.js";
import { read_photo, request_key } from "../request/search_request.js";

let viewer;

export const load_viewer = async () => (viewer ??= await import("./viewer.js").catch(() => null));

export async function open_viewer(...given) {
  const key = request_key();
  if (!(viewer ?? (await load_viewer()))) show_toast({ title: "The picture could not be opened", message: "Check your connection, and load the page again." });
  else if (key === request_key()) viewer.open_viewer(...given);
}

export async function open_linked_photo(...given) {
  if (read_photo() !== null) (await load_viewer())?.open_linked_photo(...given);
}

export const refresh_viewer = () => viewer?.refresh_viewer();
export const leave_viewer = () => viewer?.leave_viewer();
export const viewer_follows_history = () => viewer?.follow_history();
