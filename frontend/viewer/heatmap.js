// The heatmap: what each patch adds to the score, in the `box` that they cover.

import { attempt } from "../page/api.js";
import { sentence, viewer_part as part, write } from "../page/elements.js";

const UNCOVERED = "#12141aa8"; // CLIP looks at the middle square alone
const LONGEST_SIDE = 320;
const FLAT = 1e-6;

const toggle = part("heatmap_toggle");
const canvas = part("heatmap");

let is_on = false;
let picture;
let fetch_heatmap;
let newest = new AbortController();

export function toggle_heatmap(on = !is_on) {
	is_on = on;
	if (picture) show();
}

export function offer_heatmap(its_picture, fetch) {
	[picture, fetch_heatmap] = [its_picture, fetch];
	show();
}

async function show() {
	newest.abort();
	const { signal } = (newest = new AbortController());
	const is_waiting = (on) => part("picture").toggleAttribute("data-waiting", on);
	// Without a match it would show what comes nearest.
	const is_offered = Boolean(fetch_heatmap) && picture.verdict !== "none";
	const is_shown = is_offered && is_on;
	toggle.hidden = !is_offered;
	toggle.ariaPressed = is_on;
	canvas.hidden = true;
	part("where").hidden = !is_shown;
	is_waiting(is_shown);
	if (!is_shown) return;
	say(sentence("heatmap_awaited"));
	await attempt(signal, async () => {
		await fetch_heatmap(picture);
		if (!signal.aborted) describe(picture.evidence);
	}, ({ message }) => say(sentence("heatmap_failed"), message, true));
	if (!signal.aborted) is_waiting(false);
}

function describe({ heatmap, occlusion }) {
	if (!heatmap) return say(sentence("heatmap_missing"));
	const where = describe_hottest(heatmap);
	say(where, describe_check(heatmap, occlusion));
	canvas.ariaLabel = `Heatmap. ${where}`;
	paint(heatmap);
	canvas.hidden = false;
}

function say(title, message, retry) {
	write("viewer_where_title", title);
	write("viewer_where_message", message);
	part("where_retry").hidden = !retry;
}

function describe_hottest({ grid, box: [x0, y0, x1, y1], contributions }) {
	const flat = contributions.flat();
	const hottest = Math.max(...flat);
	if (hottest - Math.min(...flat) < FLAT) return sentence("heatmap_flat");
	const at = flat.indexOf(hottest);
	const third = (from, to, patch) => Math.floor(3 * (from + ((patch + 0.5) * (to - from)) / grid));
	const down = ["upper ", "", "lower "][third(y0, y1, Math.floor(at / grid))];
	const across = ["left", "middle", "right"][third(x0, x1, at % grid)];
	return `The ${down}${across} counts for most.`;
}

function describe_check({ box: [x0, y0, x1, y1] }, occlusion) {
	const margin = Math.max(x0, y0, 1 - x1, 1 - y1) > 0.01 ? sentence("heatmap_margin") : "";
	if (!occlusion) return margin;
	const { patches, hottest_drop, random_drop, holds } = occlusion;
	const numbers = { patches, hottest: hottest_drop.toFixed(2), random: random_drop.toFixed(2) };
	return margin + sentence(holds ? "heatmap_checked" : "heatmap_doubtful", numbers);
}

function paint({ grid, box, contributions }) {
	const scale = LONGEST_SIDE / Math.max(picture.width, picture.height);
	Object.assign(canvas, { width: Math.ceil(picture.width * scale), height: Math.ceil(picture.height * scale) });
	const [x0, y0, x1, y1] = box.map((edge, at) => edge * (at % 2 ? canvas.height : canvas.width));
	const covered = [x0, y0, x1 - x0, y1 - y0];
	const context = canvas.getContext("2d");
	context.fillStyle = UNCOVERED;
	context.fillRect(0, 0, canvas.width, canvas.height);
	context.clearRect(...covered);
	context.drawImage(draw_patches(grid, contributions.flat()), ...covered);
}

function draw_patches(grid, flat) {
	const coldest = Math.min(...flat);
	const range = Math.max(...flat) - coldest;
	const image = new ImageData(grid, grid);
	flat.forEach((value, at) => {
		const heat = range < FLAT ? 0 : (value - coldest) / range;
		image.data.set([30 + 225 * heat, 20 + 195 * heat ** 2, 80 + 10 * heat, 130 + 45 * heat], 4 * at);
	});
	const patches = new OffscreenCanvas(grid, grid);
	patches.getContext("2d").putImageData(image, 0, 0);
	return patches;
}

toggle.onclick = () => toggle_heatmap();
part("where_retry").onclick = show;
