// What is said of a picture, in plain words. Pure functions; no DOM, no HTTP.

const NAMES = { strong: "Very likely a match", weak: "Perhaps a match", none: "Hardly a match" };

/** Returns how likely the picture is a match, or "" without a verdict. */
export function describe_match({ verdict, match_probability }) {
  const name = NAMES[verdict];
  if (!name || typeof match_probability !== "number") return name ? `${name}.` : "";
  const percent = Math.round(100 * match_probability);
  const count = percent < 1 ? "less than 1" : percent > 99 ? "more than 99" : `about ${percent}`;
  return `${name}: ${count} in 100.`;
}

/** Returns what the picture says in letters, of what was asked for. */
export function describe_text(words) {
  return `The picture says ${words.map(({ text }) => `“${text}”`).join(" ")}`;
}

/** Returns the picture's size in pixels, and that of its file where it is known. */
export function describe_size({ width, height, bytes }) {
  const unit = bytes < 1e6 ? [1e3, "kB"] : [1e6, "MB"];
  const file = bytes ? `, ${(bytes / unit[0]).toFixed(bytes < 1e6 ? 0 : 1)} ${unit[1]}` : "";
  return width && height ? `${width} × ${height} pixels${file}` : "";
}
