// What the server says of itself, and what is done where there is no network.

import { log_out, read_readiness } from "./api.js";
import { by_id } from "./elements.js";
import { show_toast } from "./toast.js";

const banner = by_id("sample_models");
const DISMISSED = "sample_models_dismissed";

let shown_generation = null;

export async function note_readiness() {
  const { sample_models, login, local, generation, awaited } = await read_readiness();
  banner.hidden = !sample_models || DISMISSED in sessionStorage;
  by_id("session").hidden = !login;
  by_id("viewer_open_folder").hidden = !local;
  by_id("awaited").textContent = awaited ? `${awaited.toLocaleString("en")} more are being read.` : "";
  shown_generation ??= generation;
  if (!generation || generation === shown_generation) return;
  show_toast({ title: "The library has changed", message: "", act: () => location.reload(), name: "Show", failure: false });
}

/** Has the page's own files kept; browsers do so over HTTPS, or from this machine. */
export function keep_page() {
  navigator.serviceWorker?.register(new URL("service_worker.js", document.baseURI)).catch(() => {});
}

banner.querySelector("button").addEventListener("click", () => {
  banner.hidden = true;
  sessionStorage.setItem(DISMISSED, "");
});
by_id("log_out").addEventListener("click", log_out);
document.addEventListener("visibilitychange", () => document.hidden || note_readiness());
addEventListener("online", () => {
  for (const retry of document.querySelectorAll("#retry, .toast .act")) if (retry.checkVisibility()) retry.click();
});
