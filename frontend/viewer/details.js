// The viewer's details: what is claimed of a picture and why, what is known of its file, and what can be done with it.

import { RequestFailed, image_address, open_folder } from "../page/api.js";
import { describe_caption_source, describe_explanation_source, describe_score } from "../page/descriptions.js";
import { show_request_failure, show_toast } from "../page/toast.js";
import { address_with } from "../request/address.js";
import { describe_date, describe_place } from "../results/photo_facts.js";
import { describe_match, describe_size } from "./claims.js";
import { fill_word_bars } from "./word_weights.js";

const part = (name) => document.getElementById(`viewer_${name}`);
const marks = part("marks");

let shown = null;

/** Connects the buttons; `link_to_picture()` returns the address of the open picture. */
export function listen_to_details(link_to_picture) {
  const pressed = {
    copy_link: () => copy(link_to_picture(), "copy_link"),
    copy_path: () => copy(shown.image_path, "copy_path"),
    open_folder: show_in_folder,
    text: () => mark_text(marks.hasAttribute("hidden")),
  };
  for (const [name, act] of Object.entries(pressed)) part(name).addEventListener("click", act);
}

/** Offers to open a picture's folder where the server runs on this machine. */
export function offer_open_folder({ local = false }) {
  part("open_folder").hidden = !local;
}

export function show_details(picture) {
  shown = picture;
  const { image_path, image_url, taken, taken_source, camera, copy_count, caption, caption_source } = picture;
  const address = image_address(image_url);
  part("download").hidden = !address;
  part("download").href = address ?? "";
  for (const name of ["copy_link", "copy_path"]) part(name).textContent = part(name).title;
  const folder = image_path.slice(0, Math.max(0, image_path.lastIndexOf("/")));
  const date = taken && [describe_date({ taken }), taken.slice(11, 16)].filter(Boolean).join(", ");
  fill_facts("facts", {
    [taken_source === "mtime" ? "File dated" : "Taken"]: date,
    Place: describe_place(picture),
    Camera: camera,
    Folder: folder && make_link(folder, address_with({ photo: null, folder })),
    Size: describe_size(picture),
    File: make_link(image_path, address),
    Copies: copy_count && String(copy_count),
    Caption: caption && describe_caption_source(caption_source),
  });
  mark_text(false);
  show_evidence(picture);
}

/** Shows what may arrive later than the picture. */
export function show_evidence(picture) {
  const { verdict, score, explanation, explanation_source, evidence } = picture;
  const { words = [], text = [], named = false } = evidence ?? {};
  part("match").textContent = describe_match(picture);
  part("match").dataset.verdict = verdict;
  part("explanation").textContent = explanation ?? "";
  // Of a picture that its file's name states, the picture itself need not show the words.
  part("words").hidden = !words.length || named || verdict === "none";
  fill_word_bars(part("bars"), words);
  part("text").hidden = !text.length;
  part("text").textContent = `The picture says ${text.map((word) => `“${word.text}”`).join(" ")}`;
  fill_facts("sources", {
    Explanation: explanation && describe_explanation_source(explanation_source),
    Similarity: score === undefined ? "" : describe_score(score),
  });
}

function fill_facts(list, facts) {
  const rows = Object.entries(facts).filter(([, fact]) => fact);
  part(list).replaceChildren(...rows.map(([name, fact]) => {
    const row = make("div");
    row.append(make("dt", { textContent: name }), make("dd"));
    row.lastChild.append(fact);
    return row;
  }));
}

function make_link(textContent, href) {
  return make("a", { textContent, dir: "auto", ...(href && { href }) });
}

function make(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}

// The marks have the picture's own shape, as the heatmap has, so that they lie where `object-fit: contain` puts it.
function mark_text(is_shown) {
  const { width, height, evidence } = shown;
  marks.toggleAttribute("hidden", !is_shown);
  part("text").ariaPressed = String(is_shown);
  marks.setAttribute("viewBox", `0 0 ${width} ${height}`);
  marks.replaceChildren(...(is_shown ? evidence.text : []).map(({ box: [x0, y0, x1, y1] }) => {
    const mark = document.createElementNS(marks.namespaceURI, "path");
    mark.setAttribute("d", `M${x0 * width} ${y0 * height}H${x1 * width}V${y1 * height}H${x0 * width}z`);
    return mark;
  }));
}

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    part("said").textContent = part(button).textContent = "Copied";
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
