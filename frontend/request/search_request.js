// A request and its address. Sends a linked search before other modules come, so it imports none.
// `picture`: null, one of the library {id, image_url, name}, or a given one {key, file, address, name}

export const PAGE_SIZE = 24;

const SHARPNESS = 0.75; // enlarged by a third it looks sharp
const PREVIEW_EDGES = [320, 512, 1600];
const USUAL_WEIGHT = 0.5;
const TEXT_FILTERS = ["from", "to", "folder", "place", "camera"];
// As in runtime/search/query.py.
const MINUS_WORDS = /(?<!\S)[-−–](?:"[^"]+"|'[^']+'|[\p{L}\p{N}_]\S*)/gu;

const given_base = document.querySelector('meta[name="api-base"]').content.trim();
export const api_base = new URL((given_base || ".").replace(/\/*$/, "/"), document.baseURI);
export const is_elsewhere = api_base.origin !== location.origin;

let sent;

const wanted_words = ({ query }) => query.replace(MINUS_WORDS, "");

export const has_words = (request) => wanted_words(request).trim() !== "";

export const weighed_words = (request) => wanted_words(request).match(/[\p{L}\p{N}]{3,}/gu) ?? [];

const is_mix = ({ query, picture }) => query && picture;

export const is_empty = ({ query, picture }) => !query && !picture;

export function describe_request({ query, picture }) {
	const like = picture?.file ? "like yours" : "like this one";
	return [query && `for “${query}”`, picture && like].filter(Boolean).join(", ");
}

export function read_address() {
	const { q = "", w, text, order, ...fields } = read_fields();
	const set = TEXT_FILTERS.map((key) => [key, fields[key]?.trim()]).filter(([, value]) => value);
	return {
		query: q.trim(),
		picture_weight: w >= 0 && w <= 1 ? Number(w) : USUAL_WEIGHT,
		where: { ...Object.fromEntries(set), ...(/^(yes|no)$/.test(text) && { has_text: text === "yes" }) },
		order: order === "date" ? order : "match",
		like: read_id("like"),
		kept: history.state?.picture,
	};
}

export function write_address(request, { replace } = {}) {
	const { key, id, image_url, name } = request.picture ?? {};
	const address = address_of(request);
	const same = new URL(address, location.href).href === location.href && history.state?.picture?.key === key;
	write_history(request.picture && { picture: { key, id, image_url, name } }, address, { push: !replace && !same });
}

export const write_history = (state, address, { push }) => history[push ? "pushState" : "replaceState"](state, "", address);

export function address_of(request) {
	const { query: q, picture, picture_weight: w, where, order } = request;
	const { has_text, ...texts } = where;
	return as_address({
		q,
		like: picture?.id,
		w: is_mix(request) && w !== USUAL_WEIGHT && w,
		...texts,
		text: { true: "yes", false: "no" }[has_text],
		order: !is_empty(request) && order === "date" && order,
	});
}

export const address_with = (changes) => as_address({ ...read_fields(), ...changes });

export const request_key = () => `${address_with({ photo: null })} ${history.state?.picture?.key ?? ""}`;

export const read_photo = () => read_id("photo");
export const photo_entry = () => history.state?.photo;

// `entry`: {at: its place, is_added: Back closes it}.
export function write_photo(id, entry, { push } = {}) {
	write_history({ ...history.state, photo: entry }, address_with({ photo: id }), { push });
}

const read_fields = () => Object.fromEntries(new URLSearchParams(location.search));

function read_id(name) {
	const id = read_fields()[name];
	return /^\d{1,15}$/.test(id) ? Number(id) : null;
}

function as_address(fields) {
	const set = new URLSearchParams(Object.entries(fields).filter(([, value]) => value || value === 0));
	return set.size ? `?${set}` : location.pathname;
}

export function search_fields(request, { cursor, top_k = PAGE_SIZE } = {}) {
	const { query, picture, picture_weight, where, order } = request;
	return {
		query,
		top_k,
		explain: !has_words(request),
		...(is_mix(request) && { picture_weight }),
		...(Object.keys(where).length && { where }),
		...(order === "date" && { order }),
		...(cursor && { cursor }),
		...(picture && !picture.file && { like: picture.id }),
	};
}

export const as_json = (fields) => ({ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(fields) });

export function image_address(image_url) {
	const address = URL.parse(image_url?.replace(/^\/(images|previews)\//, "$1/") || "//", api_base);
	return /^https?:$/.test(address?.protocol) ? address.href : null;
}

export function show_image(image, address) {
	if (!address) return image.removeAttribute("src");
	image.crossOrigin = is_elsewhere && new URL(address).origin === api_base.origin ? "anonymous" : null;
	image.src = address;
}

// The server names that of 512 pixels.
export const preview_of = ({ preview_url }, edge = 512) => image_address(preview_url?.replace(/\.512\.jpg$/, `.${edge}.jpg`));

export const ratio_of = ({ width, height }) => Math.min(2.5, Math.max(0.5, width / height || 1));

export const is_match = ({ verdict }) => verdict !== "none";

// As in pictures.css.
export const row_height_of = (result, matches) => (is_match(result) && matches.length < 5 ? "20rem" : "clamp(7.25rem, 8vw + 4.25rem, 13.875rem)");

export function offer_previews(image, picture, row_height) {
	const { width, height } = picture;
	const longest = Math.max(width, height);
	if (!(longest > PREVIEW_EDGES[0]) || preview_of(picture) === preview_of(picture, 0)) return;
	image.sizes = `calc(${(SHARPNESS * ratio_of(picture)).toFixed(2)} * ${row_height})`;
	image.srcset = PREVIEW_EDGES.map((edge) => `${preview_of(picture, edge)} ${Math.round(width * Math.min(1, edge / longest))}w`).join(", ");
}

// About. `innerWidth` would have the page laid out.
export const first_row = () => Math.ceil(outerWidth / 260) || 1;

export function take_response(body, signal) {
	if (!sent || sent.body !== body) return null;
	const { response, aborter } = sent;
	sent = null;
	signal.onabort = () => aborter.abort(signal.reason);
	return response;
}

function send(request) {
	const aborter = new AbortController();
	const options = as_json(search_fields(request));
	const response = fetch(new URL("search", api_base), { ...options, signal: aborter.signal });
	sent = { body: options.body, response, aborter };
	response.then((answer) => answer.clone().json()).then(load_first).catch(() => {}); // api.js tells
}

function load_first({ results }) {
	const matches = results.filter(is_match);
	for (const result of (matches.length ? matches : results).slice(0, first_row())) {
		const image = Object.assign(new Image(), { fetchPriority: "high" });
		offer_previews(image, result, row_height_of(result, matches));
		show_image(image, preview_of(result));
	}
}

export const fetch_modules = (id) => document.head.append(document.getElementById(id).content);

const { like, kept, ...address } = read_address();
const request = { ...address, picture: like === null ? null : { id: like } };
if (is_empty(request)) fetch_modules("library_modules");
else if (!kept?.key) send(request);
if (read_photo() !== null) fetch_modules("viewer_modules");
