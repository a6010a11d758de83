// The viewer's details: what is claimed of a picture and why, what is known of its file, and what can be done with it.

import { RequestFailed, image_address, open_folder } from "../page/api.js";
import { describe_caption_source, describe_explanation_source, describe_score } from "../page/descriptions.js";
import { show_request_failure, show_toast } from "../page/toast.js";
import { address_with } from "../request/address.js";
import { describe_date, describe_place } from "../results/photo_facts.js";
import { describe_match, describe_size, describe_text } from "./claims.js";
import { fill_word_bars } from "./word_weights.js";

const part = (name) => document.getElementById(`viewer_${name}`);

let shown = null;

/** Connects the buttons; `name_in_address()` makes sure that the address names the open picture. */
export function listen_to_details(name_in_address) {
  const copy_link = () => {
    name_in_address();
    copy(location.href, part("copy_link"));
  };
  part("copy_link").addEventListener("click", copy_link);
  part("copy_path").addEventListener("click", () => copy(shown.image_path, part("copy_path")));
  part("open_folder").addEventListener("click", show_in_folder);
  part("text").addEventListener("click", () => mark_text(part("marks").hasAttribute("hidden")));
}

/** Offers to open a picture's folder where the server runs on this machine. */
export function offer_open_folder({ local = false }) {
  part("open_folder").hidden = !local;
}

export function show_details(picture) {
  shown = picture;
  const { image_path, image_url, taken, taken_source, camera, copy_count, caption, caption_source } = picture;
  const download = part("download");
  download.hidden = !image_address(image_url);
  download.href = image_address(image_url) ?? "";
  for (const name of ["copy_link", "copy_path"]) part(name).textContent = part(name).title;
  const folder = image_path.slice(0, Math.max(0, image_path.lastIndexOf("/")));
  const date = taken && [describe_date({ taken }), taken.slice(11, 16)].filter(Boolean).join(", ");
  const facts = [
    [taken_source === "mtime" ? "File dated" : "Taken", date],
    ["Place", describe_place(picture)],
    ["Camera", camera],
    ["Folder", folder && link(folder, address_with({ photo: null, folder }))],
    ["Size", describe_size(picture)],
    ["File", link(image_path, image_address(image_url), "_blank")],
    ["Copies", copy_count && String(copy_count)],
    ["Caption", caption && describe_caption_source(caption_source)],
  ];
  part("facts").replaceChildren(...facts.filter(([, fact]) => fact).map(make_fact));
  mark_text(false);
  show_evidence(picture);
}

/** Shows what may arrive later than the picture. */
export function show_evidence({ evidence, verdict, score, explanation, explanation_source, ...picture }) {
  const { words = [], text = [], named = false } = evidence ?? {};
  part("match").textContent = describe_match({ verdict, ...picture });
  part("match").dataset.verdict = verdict ?? "";
  part("explanation").textContent = explanation ?? "";
  // Of a picture that its file's name states, the picture itself need not show the words.
  part("words").hidden = !words.length || named || verdict === "none";
  fill_word_bars(part("bars"), words);
  part("text").hidden = !text.length;
  part("text").textContent = describe_text(text);
  part("sources").replaceChildren(
    ...(explanation ? [make_fact(["Explanation", describe_explanation_source(explanation_source)])] : []),
    ...(score === undefined ? [] : [make_fact(["Similarity", describe_score(score)])]),
  );
}

function make_fact([name, fact]) {
  const row = document.createElement("div");
  row.append(document.createElement("dt"), document.createElement("dd"));
  row.firstChild.textContent = name;
  row.lastChild.append(fact);
  return row;
}

function link(text, href, target = "") {
  const made = document.createElement("a");
  Object.assign(made, { textContent: text, target, dir: "auto" });
  if (href) made.href = href;
  return made;
}

// The marks have the picture's own shape, as the heatmap has: their place is that of `object-fit: contain`.
function mark_text(is_shown) {
  const marks = part("marks");
  const { width, height, evidence } = shown;
  marks.toggleAttribute("hidden", !is_shown);
  part("text").ariaPressed = String(is_shown);
  marks.setAttribute("viewBox", `0 0 ${width} ${height}`);
  marks.replaceChildren(...(is_shown ? evidence.text : []).map(({ box: [x0, y0, x1, y1] }) => {
    const mark = document.createElementNS(marks.namespaceURI, "rect");
    const edges = { x: x0 * width, y: y0 * height, width: (x1 - x0) * width, height: (y1 - y0) * height };
    for (const [name, value] of Object.entries(edges)) mark.setAttribute(name, value);
    return mark;
  }));
}

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    part("said").textContent = button.textContent = "Copied";
  } catch {
    // without TLS, or permission
    show_toast({ title: "Copy it from here", message: text, failure: false });
  }
}

async function show_in_folder() {
  try {
    await open_folder(shown.id);
  } catch (failure) {
    if (!(failure instanceof RequestFailed)) throw failure;
    show_request_failure("The folder could not be opened", failure, show_in_folder);
  }
}
