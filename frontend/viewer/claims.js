// What is said of a picture, in plain words. Pure functions; no DOM, no HTTP.

const NAMES = { strong: "Likely a match", weak: "Perhaps a match", none: "Unlikely to be a match" };

/** Returns how likely the picture is a match, or "" without a verdict. */
export function describe_match({ verdict, match_probability }) {
  const name = NAMES[verdict] ?? "";
  if (!name || typeof match_probability !== "number") return name && `${name}.`;
  const percent = Math.round(100 * match_probability);
  return `${name}: ${percent < 1 ? "less than 1" : percent > 99 ? "more than 99" : `about ${percent}`} in 100.`;
}

/** Returns the size in pixels, and that of the file where it is known. */
export function describe_size({ width, height, bytes }) {
  const file = bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
  return `${width} × ${height} pixels${bytes ? `, ${file}` : ""}`;
}
