// The page's address, `?q=...&k=...`: the only state that outlives the page. Also owns the document's title.

export const DEFAULT_TOP_K = 8;

export function read_address() {
  const fields = new URLSearchParams(location.search);
  const top_k = Number(fields.get("k"));
  return {
    query: (fields.get("q") ?? "").trim(),
    top_k: Number.isSafeInteger(top_k) && top_k > 0 ? top_k : DEFAULT_TOP_K,
  };
}

export function write_address({ query, top_k }) {
  const fields = new URLSearchParams();
  if (query) fields.set("q", query);
  if (query && top_k !== DEFAULT_TOP_K) fields.set("k", String(top_k));
  const address = fields.size ? `?${fields}` : location.pathname;
  // Asking the same again is no new step for the back button.
  const same = new URL(address, location.href).href === location.href;
  history[same ? "replaceState" : "pushState"](null, "", address);
}

export function write_title(query) {
  document.title = query ? `${query} · Lookwhy` : "Lookwhy";
}
