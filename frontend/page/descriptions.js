import { describe_request } from "../request/search_request.js";
import { sentence } from "./elements.js";

const MONTHS = sentence("month_names").split(" ");

let countries; // slow to make

const join = (parts, by) => parts.filter(Boolean).join(by);

export function describe_verdict({ verdict, match_probability: probability }) {
	const name = sentence(`verdict_${verdict}`);
	if (!name || typeof probability !== "number") return name;
	return `${name} · ${probability < 0.005 ? "<1" : probability > 0.995 ? ">99" : Math.round(100 * probability)}%`;
}

export function describe_answer(request, { matches, misses }, { more, filtered, filters_suggested }) {
	const asked = describe_request(request);
	const count = matches.length;
	if (!count && misses.length) return sentence(filters_suggested?.length ? "no_match_but_filters" : "no_match", request);
	if (!count) return join([`No pictures ${asked}`, filtered?.message], ". ");
	const possible = matches.every(({ verdict }) => verdict === "weak") ? "possible " : "";
	const found = matches.some(({ verdict }) => verdict) ? count_of(count, `${possible}match`, `${possible}matches`) : count_of(count, "picture");
	return `${more && !misses.length ? "The first " : ""}${found} ${asked}`;
}

export const describe_query_read = ({ query_read: read, query_language }) => join([
	read && sentence("read_in_part", { read }), query_language && sentence("captions_in_english"),
], ". ");

export const describe_caption = ({ caption }) => caption || "No caption";

export function describe_facts(picture) {
	const { taken, taken_source, copy_count } = picture;
	const date = taken && taken_source !== "mtime" && name_date(taken);
	return join([date, describe_place(picture), copy_count && count_of(copy_count, "copy", "copies")], " · ");
}

export function name_date(date) {
	const [year, month, day] = date.slice(0, 10).split("-");
	const name = MONTHS[month - 1];
	return month && !name ? date : join([Number(day), name, year], " ");
}

export function describe_place({ place, country }) {
	countries ??= country && new Intl.DisplayNames("en", { type: "region", fallback: "none" });
	return join([place, /^[A-Z]{2}$/.test(country) && countries.of(country)], ", ");
}

export function describe_size({ width, height, bytes }) {
	const file = bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
	return `${width} × ${height} pixels${bytes ? `, ${file}` : ""}`;
}

export const count_of = (count, one, several = `${one}s`) => `${count} ${count === 1 ? one : several}`;
