// Where boxes stand inside of one: in rows, each below all that lead to it, and branches beside each other in columns.

const SOURCES = ["picture", "words", "beside"]; // what comes into a box and is drawn; what is "in" comes from its edge

/**
 * {columns, nodes, edges, skips} of a box. A node is {key, source, box, row, from, to}: a box inside, or a source that it
 * has; it takes the columns from `from` to before `to`. Edges are {start, end} by key, "in" and "out" among them; some of
 * them may skip rows.
 */
export function layout(box) {
  const edges = box.arrows.map(({ start, end }) => ({ start: String(start), end: String(end) }));
  const sources = SOURCES.filter((source) => edges.some(({ start }) => start === source));
  const keys = [...sources, ...box.inside.map((_, index) => String(index))];
  const row = rows(keys, edges);
  const column = columns(keys, edges, row);
  const wide = Math.max(1, ...column.values()) + 1;
  const nodes = keys.map((key) => {
    const alone = keys.every((other) => other === key || row.get(other) !== row.get(key));
    const [from, to] = alone ? [0, wide] : [column.get(key), column.get(key) + 1];
    return { key, row: row.get(key), from, to, source: sources.includes(key) ? key : null, box: box.inside[key] ?? null };
  });
  const last = Math.max(0, ...row.values());
  const skips = edges.some(({ start, end }) => (row.get(end) ?? last + 1) - (row.get(start) ?? -1) > 1);
  return { columns: Math.max(...nodes.map(({ to }) => to), 1), nodes, edges, skips };
}

/** The row of each: one below the lowest of those that lead to it. What nothing leads to stands above its first reader. */
function rows(keys, edges) {
  const row = new Map(keys.map((key) => [key, 0]));
  for (const key of keys) {
    for (const { start, end } of edges) if (end === key && row.has(start)) row.set(key, Math.max(row.get(key), row.get(start) + 1));
  }
  for (const key of keys) {
    if (edges.some(({ end }) => end === key)) continue;
    const readers = edges.filter(({ start }) => start === key).map(({ end }) => row.get(end)).filter((one) => one !== undefined);
    if (readers.length) row.set(key, Math.max(0, Math.min(...readers) - 1));
  }
  return row;
}

/** The column of each: that of the one it follows, where that is free, or else the first that is. */
function columns(keys, edges, row) {
  const column = new Map();
  const taken = new Set();
  const late = (key) => row.get(key) + (SOURCES.includes(key) && key !== "picture" ? 0.5 : 0); // what joins stands aside
  for (const key of [...keys].sort((one, other) => late(one) - late(other))) {
    const before = edges.find(({ start, end }) => end === key && column.has(start));
    let place = before ? column.get(before.start) : 0;
    if (taken.has(`${row.get(key)} ${place}`)) for (place = 0; taken.has(`${row.get(key)} ${place}`);) place++;
    taken.add(`${row.get(key)} ${place}`);
    column.set(key, place);
  }
  return column;
}
