// What is claimed of a picture, why, and facts.

import { attempt, open_folder } from "../page/api.js";
import { describe_place, describe_size, describe_verdict, name_date } from "../page/descriptions.js";
import { make, report_failure, sentence, show_toast, viewer_part as part } from "../page/elements.js";
import { address_with, image_address, photo_entry, write_photo } from "../request/search_request.js";

const set = (name, properties) => Object.assign(part(name), properties);
const marks = part("marks");

let shown;

export function show_details(picture, uses) {
	shown = picture;
	const { image_path, image_url, taken, taken_source, camera, copy_count, caption, caption_source } = picture;
	const address = image_address(image_url);
	const folder = image_path.replace(/\/?[^/]*$/, "");
	set("download", { hidden: !address, href: address });
	for (const name of ["copy_link", "copy_path"]) part(name).textContent = part(name).title;
	fill_facts("facts", {
		[taken_source === "mtime" ? "File dated" : "Taken"]: taken && [name_date(taken), taken.slice(11, 16)].filter(Boolean).join(", "),
		Place: describe_place(picture),
		Camera: camera,
		Folder: folder && make_link(folder, address_with({ photo: null, folder })),
		Size: describe_size(picture),
		File: make_link(image_path, address),
		Copies: copy_count && String(copy_count),
		Caption: caption && (sentence(`caption_from_${caption_source}`) ?? caption_source),
	});
	mark_text(false);
	show_evidence(picture, uses);
}

export function show_evidence(picture, { words: awaited = [] }) {
	const { verdict, score, explanation, explanation_source, evidence } = picture;
	const { words: weighed = [], text = [], named } = evidence ?? {};
	const words = weighed.length || explanation ? weighed : awaited.map((word) => ({ word, share: 0 }));
	const said = describe_verdict(picture);
	const is_unasked = !explanation && !awaited.length;
	set("match", { textContent: said && `Match: ${said.toLowerCase()}`, hidden: !said && is_unasked }).dataset.verdict = verdict;
	set("explanation", { textContent: explanation, hidden: is_unasked });
	set("words", { hidden: !words.length || named || verdict === "none", ariaBusy: words !== weighed });
	part("bars").replaceChildren(...words.map(make_bar));
	set("text", { hidden: !text.length, textContent: `The picture says ${text.map((word) => `“${word.text}”`).join(" ")}` });
	const source = sentence(`explanation_from_${explanation_source}`) ?? explanation_source?.replace(/^groq:(.*)/, "by $1 (Groq)");
	fill_facts("sources", { Similarity: score?.toFixed(2), Explanation: explanation && source });
}

function fill_facts(list, facts) {
	const known = Object.entries(facts).filter(([, fact]) => fact);
	part(list).replaceChildren(...known.map(([name, fact]) => make("div", {}, make("dt", {}, name), make("dd", {}, fact))));
}

const make_link = (textContent, href) => make("a", { textContent, dir: "auto", ...(href && { href }) });

function make_bar({ word, share, drop, in_caption }) {
	const is_missing = drop <= 0 && !in_caption;
	const number = drop > 0 ? `${Math.round(100 * share)}%` : is_missing ? "not found" : "";
	const source = `${in_caption ? "" : "not "}in the caption`;
	const bar = make("li", { className: "bar" }, make("b", {}, word), make("i"), make("span", {}, number), make("small", {}, source));
	bar.classList.toggle("missing_word", is_missing);
	bar.style.setProperty("--share", share);
	return bar;
}

function mark_text(is_shown) {
	const { width, height, evidence } = shown;
	marks.toggleAttribute("hidden", !is_shown);
	set("text", { ariaPressed: is_shown });
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
		part("said").textContent = button.textContent = "Copied";
	} catch {
		show_toast({ title: "Copy it from here", message: text, failure: false }); // without TLS, or permission
	}
}

const show_in_folder = () => attempt(null, () => open_folder(shown.id), (failure) => report_failure("folder_closed", failure, show_in_folder));

part("copy_link").onclick = ({ target }) => {
	write_photo(shown.id, photo_entry()); // which lags behind
	copy(location.href, target);
};
part("copy_path").onclick = ({ target }) => copy(shown.image_path, target);
part("open_folder").onclick = show_in_folder;
part("text").onclick = () => mark_text(marks.hasAttribute("hidden"));
