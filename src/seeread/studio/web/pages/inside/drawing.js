// How numbers, cells and tokens are drawn on the page Inside.
import { html, nothing, styleMap } from "/web/vendor/lit.js";
import { heatColour } from "/web/parts/pictures/ramp.js";

/** A number as people read it, with a minus that is as wide as a digit. */
export const shown = (number, digits = 2) => (number === null || number === undefined ? "–" : number.toFixed(digits).replace("-", "−"));

export const percent = (share) => (share >= 0.0995 ? `${(100 * share).toFixed(0)} %` : share >= 0.001 ? `${(100 * share).toFixed(1)} %` : share > 0 ? "< 0.1 %" : "0 %");

/** A vector as a strip of colours, blue below zero and orange above, `most` being the strongest. */
export function strip(numbers, { most = null, label = "", height = "1.1rem" } = {}) {
  const top = most ?? Math.max(...numbers.map(Math.abs), 1e-9);
  const wide = 100 / numbers.length;
  const stops = numbers.map((number, place) => `${tone(number / top)} ${(place * wide).toFixed(3)}% ${((place + 1) * wide).toFixed(3)}%`);
  const told = `${numbers.length} numbers: ${numbers.slice(0, 8).map((one) => shown(one)).join(", ")}${numbers.length > 8 ? ", …" : ""}`;
  return html`<div role="img" aria-label=${`${label} ${told}`} title=${told} style=${styleMap({
    height, minWidth: 0, borderRadius: ".25rem", background: `linear-gradient(to right, ${stops.join(", ")})`, boxShadow: "inset 0 0 0 1px var(--line)",
  })}></div>`;
}

const tone = (share) => {
  const amount = Math.round(100 * Math.min(Math.abs(share), 1) ** 0.8);
  return `color-mix(in oklab, ${share < 0 ? "light-dark(#2166ac, #5aa5e8)" : "light-dark(#c2561a, #f0924f)"} ${amount}%, var(--raised))`;
};

/** A cell of a view as a thumbnail of so many rem. */
export function thumbnail(view, row, column, size = 1.6) {
  const across = view.columns > 1 ? (100 * column) / (view.columns - 1) : 0;
  const down = view.rows > 1 ? (100 * row) / (view.rows - 1) : 0;
  const ratio = (view.width / view.columns) / (view.height / view.rows);
  return styleMap({
    width: `${size * Math.min(1, ratio)}rem`, height: `${size / Math.max(1, ratio)}rem`, display: "inline-block", verticalAlign: "middle", flex: "none",
    background: `url("${view.picture}") ${across}% ${down}% / ${100 * view.columns}% ${100 * view.rows}%`, borderRadius: ".2rem",
    imageRendering: view.width / view.columns < 24 ? "pixelated" : "auto",
  });
}

/** A map of strengths as a grid of coloured squares. */
export function heatmap({ rows, columns, strength }, label) {
  const [low, high] = [Math.min(...strength), Math.max(...strength)];
  const share = (value) => (high > low ? (value - low) / (high - low) : 0.5);
  return html`<svg class="heat" role="img" aria-label=${label} viewBox="0 0 ${columns} ${rows}" preserveAspectRatio="none" shape-rendering="crispEdges" .innerHTML=${
    strength.map((value, place) => `<rect x="${place % columns}" y="${Math.floor(place / columns)}" width="1" height="1" fill="${heatColour(share(value))}"/>`).join("")}></svg>`;
}

/** A token as text: spaces and line breaks are to be seen. */
export const written = (text) => (text ?? "end").replace(/\n/g, "⏎").replace(/^ +| +$/g, (spaces) => "·".repeat(spaces.length)) || "∅";

/** What a place is, in words. */
export function named(place, views) {
  if (!place) return "";
  if (place.kind === "cell") return `${views.length > 1 ? `${views[place.view].name}, ` : ""}${place.text}`;
  return place.kind === "word" ? `“${written(place.text)}”` : place.text;
}

/** The same with a picture of the cell before it. */
export const pictured = (place, views) => (place?.kind === "cell"
  ? html`<span class="cell"><i style=${thumbnail(views[place.view], place.row, place.column, 1.15)}></i> ${named(place, views)}</span>` : named(place, views));

/** Shapes: 1 × 16 × 192. */
export const shape = (sizes) => (sizes ? sizes.map((size) => size.toLocaleString("en")).join(" × ") : nothing);
