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
  return taken && taken_source !== "mtime" ? name_date(taken.slice(0, 10)) : "";
}

/** Returns a day, a month or a year in words: 2019-06 is "June 2019". What is no date stays as it is. */
export function name_date(date) {
  const [year, month, day] = date.split("-");
  if (month && !MONTHS[month - 1]) return date;
  return [day && Number(day), month && MONTHS[Number(month) - 1], year].filter(Boolean).join(" ");
}

export function describe_place({ place, country }) {
  return [place, name_country(country)].filter(Boolean).join(", ");
}

function name_country(code) {
  return /^[A-Z]{2}$/.test(code ?? "") ? countries.of(code) : "";
}
