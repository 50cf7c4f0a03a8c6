// Addresses within the studio: `#/NAME?key=value&...`, a page and its state, which is a plain object of strings.

/** {name, state} of the part of an address that begins with #. */
export function stateOf(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  return { name: path || "ask", state: Object.fromEntries(new URLSearchParams(query)) };
}

/** The address of a page in a state; what is empty is left out. */
export function addressOf(name, state = {}) {
  const said = Object.entries(state).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const query = new URLSearchParams(said);
  return `#/${name}${query.size ? `?${query}` : ""}`;
}
