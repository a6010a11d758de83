// From the address and the form to a request, and to its answer.

import { attempt, log_out, read_readiness, unreachable } from "./page/api.js";
import { by_id, clear_toast, is_modified, show_toast, when_idle, write } from "./page/elements.js";
import { listen_to_keys } from "./page/keyboard.js";
import { find_picture, listen_to_query_picture, picture_weight, show_filters, show_query_picture, store_picture } from "./request/search_box.js";
import { describe_request, fetch_modules, is_empty, read_address, write_address, write_history } from "./request/search_request.js";
import { show_failure } from "./results/lists.js";
import { run_search, stop_search } from "./results/search.js";
import { leave_viewer, load_viewer, viewer_follows_history } from "./viewer/open_viewer.js";

const query_box = by_id("query");
const banner = by_id("sample_models");
const header = document.querySelector(".top");

let request;
let library;
let newest_files;
let shown_generation;

function restore_from_address() {
  const { kept, like, ...address } = read_address();
  request = { ...address, picture: find_picture({ like, kept }) };
  query_box.value = request.query;
  show_query_picture(request);
  show_filters(request, submit);
  leave_viewer();
  clear_toast();
  newest_files = null;
  if (kept && !request.picture) report_lost_picture(kept);
  const title = request.query || `Pictures ${describe_request(request)}`;
  document.title = is_empty(request) ? "Lookwhy" : `${title} · Lookwhy`;
  return run();
}

function run() {
  if (is_empty(request)) {
    stop_search();
    return open_library();
  }
  library?.leave_library();
  return run_search(request, find_similar);
}

async function open_library() {
  const mine = request;
  library ??= await import("./library/library.js").catch(() => null);
  if (mine !== request) return null;
  return library ? library.show_library(request, find_similar) : show_failure(unreachable());
}

function report_lost_picture({ name }) {
  write_address(request, { replace: true });
  const instead = request.query ? "These match the words alone." : "Give it again to search with it.";
  const message = `“${name}” was never stored, and is gone since the page was loaded again. ${instead}`;
  show_toast({ title: "Your picture was not kept", message, failure: false });
}

function submit(changes, options) {
  write_address({ ...request, query: query_box.value.trim(), picture_weight: picture_weight(), ...changes }, options);
  restore_from_address();
}

function find_similar({ id, preview_url, image_url, caption, image_path }) {
  submit({ query: "", picture: { id, image_url: preview_url ?? image_url, name: caption || image_path } });
  by_id("status").focus();
}

async function take_files(files) {
  const mine = (newest_files = files);
  const { read_picture } = await import("./request/picture_file.js");
  await attempt(null, async () => {
    const picture = await read_picture(files);
    if (mine === newest_files) submit({ picture: store_picture(picture, files[0].name) });
  }, show_toast);
}

async function note_readiness() {
  const { sample_models, login, local, generation, awaited } = await read_readiness();
  banner.hidden = !sample_models || "sample_models_dismissed" in sessionStorage;
  by_id("session").hidden = !login;
  by_id("viewer_open_folder").hidden = !local;
  write("awaited", awaited ? `${awaited.toLocaleString("en")} more are being read.` : "");
  shown_generation ??= generation;
  if (!generation || generation === shown_generation) return;
  show_toast({ title: "The library has changed", message: "", act: () => location.reload(), name: "Show", failure: false });
}

by_id("search_form").onsubmit = (event) => {
  event.preventDefault();
  submit();
  if (query_box.value && matchMedia("(pointer: coarse)").matches) query_box.blur();
};
document.onclick = (event) => {
  const link = event.target.closest('a[href^="?"]');
  if (!link || is_modified(event)) return;
  event.preventDefault();
  write_history({ picture: history.state?.picture }, link.href, { push: true });
  restore_from_address();
};
by_id("retry").onclick = run;
banner.querySelector("button").onclick = () => {
  banner.hidden = true;
  sessionStorage.sample_models_dismissed = true;
};
by_id("log_out").onclick = log_out;
document.onvisibilitychange = () => document.hidden || note_readiness();
window.onpopstate = () => viewer_follows_history() || restore_from_address();
window.ononline = () => {
  for (const retry of document.querySelectorAll("#retry, .toast .act")) if (retry.checkVisibility()) retry.click();
};
window.onoffline = () => by_id("retry").checkVisibility() && show_failure(unreachable());
listen_to_keys(query_box);
listen_to_query_picture({
  take: take_files,
  change_weight: () => submit({}, { replace: true }),
  remove: () => {
    submit({ picture: null });
    query_box.focus();
  },
});
new ResizeObserver(() => document.body.style.setProperty("--top_height", `${header.offsetHeight}px`)).observe(header);

await restore_from_address();
note_readiness();
when_idle(async () => {
  await Promise.allSettled([...document.querySelectorAll("img[fetchpriority]")].map((image) => image.decode()));
  ["viewer_modules", "library_modules"].forEach(fetch_modules);
  load_viewer();
  navigator.serviceWorker?.register(new URL("service_worker.js", document.baseURI)).catch(() => {});
});
