// The ways to fuse as small drawings: sight from the left, words from below, and where they meet.
import { make, sketch } from "./make.js";

const box = (x, y, width, height, name, kind) => [
  sketch("rect", { x, y, width, height, rx: 6, class: kind }),
  sketch("text", { x: x + width / 2, y: y + height / 2, class: "name" }, name),
];
const arrow = (path) => sketch("path", { d: path, class: "arrow", "marker-end": "url(#tip)" });

const drawing = (way) => {
  const image = sketch("svg", { viewBox: "0 0 260 230", role: "img", "aria-label": `${way.name}: sight enters ${way.enters.join(" and ")}` });
  const between = way.enters.includes("between the blocks");
  const spliced = way.enters.some((one) => one.includes("sequence"));
  const shared = way.enters.includes("a shared space");
  image.append(...box(10, 192, 90, 28, "picture", "data"), ...box(160, 192, 90, 28, "words", "data"));
  let top = 192;
  if (way.tower) {
    image.append(...box(10, 132, 90, 36, way.tower, "sight"), arrow("M55 190V172"));
    top = 132;
  }
  const connector = way.connector.join(", ").replaceAll("_", " ");
  if (connector && !shared) {
    const long = connector.length > 14 ? `${connector.slice(0, 13)}…` : connector;
    image.append(...box(10, 84, 90, 26, long, "joint"), arrow(`M55 ${top - 2}V114`));
    top = 84;
  }
  if (shared) {
    image.append(...box(160, 132, 90, 36, "text tower", "words"), arrow("M205 190V172"),
      sketch("circle", { cx: 130, cy: 62, r: 30, class: "both" }), sketch("text", { x: 130, y: 62, class: "name" }, "space"),
      arrow("M55 130V62H96"), arrow("M205 130V62H164"));
  } else {
    const encoder = way.enters.some((one) => one.startsWith("the encoder"));
    const height = encoder ? 70 : 130;
    const bottom = 168;
    for (let line = 0; line < (encoder ? 3 : 5); line++) {
      image.append(...box(160, bottom - 22 - line * 27, 90, 20, "", spliced ? "both" : between && line ? "both" : "words"));
    }
    image.append(sketch("text", { x: 205, y: bottom - height - (encoder ? 20 : 18), class: "above" }, encoder ? "encoder" : "language model"),
      arrow("M205 190V172"));
    if (encoder) image.append(...box(160, 24, 90, 26, "decoder", "both"), arrow("M205 72V54"));
    if (spliced) image.append(arrow(`M100 ${way.tower ? top + 14 : 206}H130V180H204`));
    if (between) for (const y of [130, 76]) image.append(arrow(`M100 ${top + 10}H130V${y}H156`));
  }
  return image;
};

export const flow = (place, told) => {
  const markers = sketch("svg", { width: 0, height: 0, "aria-hidden": "true" },
    sketch("defs", {}, sketch("marker", { id: "tip", viewBox: "0 0 8 8", refX: 6, refY: 4, markerWidth: 6, markerHeight: 6, orient: "auto" },
      sketch("path", { d: "M0 0L8 4L0 8z", class: "head" }))));
  const all = told.ways.map((way) => {
    const tokens = [way.places && `${way.places.toLocaleString()} ${way.places > 1 ? "places" : "place"} among the words`, way.media && `${way.media.toLocaleString()} tokens beside them`];
    const meets = `Both meet in ${way.first}.`;
    return make("div", { class: "way", tabindex: "0" }, make("b", {}, way.name), drawing(way),
      make("small", {}, way.enters.join(" and ")), make("small", { class: "more" }, `${tokens.filter(Boolean).join(", ") || "One vector"}. ${meets}`));
  });
  place.append(markers, make("div", { class: "ways" }, ...all));
};
