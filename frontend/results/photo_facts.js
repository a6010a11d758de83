// What is known of a photo beside its pixels, in words: when and where it was taken, and how many copies there are.

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const countries = new Intl.DisplayNames("en", { type: "region", fallback: "code" });

/** Returns the facts of a result on one line, or "" where nothing is known of it. */
export function describe_facts(result) {
  const copies = result.copy_count ?? 0;
  const facts = [describe_date(result), describe_place(result), copies && `${copies} ${copies === 1 ? "copy" : "copies"}`];
  return facts.filter(Boolean).join(" · ");
}

/** Returns the day, month or year, as far as it is known. When a file was written says nothing of when a photo was taken. */
export function describe_date({ taken, taken_source }) {
  if (!taken || taken_source === "mtime") return "";
  const [year, month, day] = taken.slice(0, 10).split("-");
  return [day && Number(day), month && MONTHS[Number(month) - 1], year].filter(Boolean).join(" ");
}

export function describe_place({ place, country }) {
  return [place, name_country(country)].filter(Boolean).join(", ");
}

function name_country(code) {
  return /^[A-Z]{2}$/.test(code ?? "") ? countries.of(code) : "";
}
