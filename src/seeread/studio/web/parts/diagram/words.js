// Shapes and sizes as people read them.

const UNITS = [[1e9, "billion"], [1e6, "million"], [1e3, "thousand"]];

/** 10412849 as "10.4 million". */
export function many(number) {
  const [size, unit] = UNITS.find(([least]) => number >= least) ?? [1, ""];
  const shown = number / size;
  return `${size === 1 ? number : shown.toFixed(shown < 10 ? 2 : shown < 100 ? 1 : 0)} ${unit}`.trim();
}

/** 10412849 as "10.4M". */
export const few = (number) => many(number).replace(" billion", "B").replace(" million", "M").replace(" thousand", "K");

const single = ({ kind }) => kind === "head" || kind === "step";

/** A shape in figures, without the one picture or text that all of it is about. */
export function figures(shape, box) {
  const kept = !single(box) && shape.length > 1 && shape[0] === 1 ? shape.slice(1) : shape;
  return kept.map((size) => size.toLocaleString("en")).join(" × ");
}

/** A shape in words: "36 tokens, each of 192 numbers". */
export function spelled(shape, box) {
  const batch = single(box) ? 1 : shape[0];
  const kept = single(box) ? shape : shape.slice(1);
  const each = batch > 1 ? `${batch} times ` : "";
  const [first, second, third] = kept.map((size) => size.toLocaleString("en"));
  if (box.name === "Softmax" || box.name === "Similarities" || (box.kind === "step" && kept[0] !== undefined && kept.length === 2 && box.name === "Soft cap")) return figures(shape, box);
  if (kept.length === 0) return `${batch} numbers`;
  if (kept.length === 1) return box.kind === "embedding" || box.kind === "language" ? `${each}${first} tokens` : `${each}${first} numbers`;
  if (kept.length === 2) return `${each}${first} tokens of ${second} numbers`;
  if (box.kind === "attention") return `${each}${first} heads, ${second} tokens, ${third} numbers`;
  return `${each}${first} channels of ${second} × ${third}`;
}
