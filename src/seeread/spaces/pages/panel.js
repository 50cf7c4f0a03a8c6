// What stands beside the map: all of it in figures, one picture, one text, or what was lassoed.
import { clusterColour, thumbOf } from "./painter.js";

const SHOWN = 48; // thumbnails of a long list

/** An element with attributes ("onclick" is a listener) and children. */
export const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== ""));
  return element;
};

export const percent = (share) => `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)}%`;
/** Two digits, with a sign that is as wide as a digit. */
export const signed = (value) => value.toFixed(2).replace(/^-(?=.*[1-9])/, "\u2212").replace("-", "");
export const many = (count, what) => `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;

/** A picture's thumbnail, its longer side `side` pixels, as a canvas. */
export const thumb = (map, picture, side) => {
  const one = thumbOf(map.sheets, picture);
  const scale = side / Math.max(one.width, one.height);
  const canvas = make("canvas", { role: "img", "aria-label": map.data.pictures.names[picture] });
  const ratio = Math.min(devicePixelRatio || 1, 2);
  const [width, height] = [Math.max(1, Math.round(one.width * scale)), Math.max(1, Math.round(one.height * scale))];
  Object.assign(canvas, { width: width * ratio, height: height * ratio });
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  const paint = () => canvas.getContext("2d").drawImage(one.image, one.x, one.y, one.width, one.height, 0, 0, canvas.width, canvas.height);
  if (one.image.complete && one.image.naturalWidth) paint();
  else one.image.addEventListener("load", paint, { once: true });
  return canvas;
};

const gallery = (view, pictures) => make("div", { class: "grid" }, pictures.slice(0, SHOWN).map((picture) =>
  make("button", {
    type: "button", title: view.data.pictures.names[picture], onclick: () => view.goTo(picture),
    onpointerenter: () => view.map.hover(picture), onpointerleave: () => view.map.hover(-1),
  }, thumb(view.map, picture, 72))));

const section = (title, ...children) => make("section", {}, make("h3", {}, title), ...children);
const note = (text) => make("p", { class: "small muted" }, text);
const heading = (view, title) => make("header", {}, make("h2", {}, title),
  make("button", { type: "button", onclick: () => view.clear() }, "Overview"));
const list = (view, points) => make("ul", { class: "texts" }, points.map((point) => make("li", {},
  make("button", { type: "button", class: "small", onclick: () => view.goTo(point) }, view.map.textOf(point)))));

/** Of the whole space. */
export const overview = (view) => {
  const { data } = view;
  const some = data.total > data.shown + data.skipped.length ? ` of ${data.total.toLocaleString("en")}, drawn by chance` : "";
  const part = data.split ? `, part \u201c${data.split}\u201d` : "";
  return [
    make("header", {}, make("h2", {}, `${many(data.shown, "picture")}${some}${part}`)),
    data.gap ? gap(data.gap) : null,
    groups(view),
    data.copies.length ? section(`Near copies: ${many(data.copies.length, "group")}`,
      note("The same photograph in another size, quality or crop."), gallery(view, data.copies.flat())) : null,
    data.outliers.length ? section(`Like no other: ${data.outliers.length.toLocaleString("en")}`,
      note("Pictures whose ten nearest are much less like them than is usual here."), gallery(view, data.outliers.map(({ picture }) => picture))) : null,
    data.skipped.length ? section(`Left out: ${data.skipped.length.toLocaleString("en")}`,
      make("ul", { class: "texts" }, data.skipped.slice(0, SHOWN).map(([name, why]) => make("li", { class: "small muted" }, why.includes(name) ? why : `${name}: ${why}`)))) : null,
    section("About this map", note(about(data))),
  ].filter(Boolean);
};

const about = ({ by, explained }) => {
  if (by !== "pca") return `${by === "umap" ? "UMAP" : "PaCMAP"} keeps neighbours together. How far groups lie from each other says little.`;
  const shown = explained.reduce((sum, share) => sum + share, 0);
  return `The two directions in which this space is widest (PCA). They show ${percent(shown)} of how the points differ, so what lies apart here is apart, and what lies together may not be.`;
};

const gap = (measured) => {
  const rows = [
    measured.paired ? ["A picture and its own text", measured.of_pairs] : null,
    ["Two pictures", measured.among_pictures],
    ["Two texts", measured.among_texts],
    [measured.paired ? "A picture and another's text" : "A picture and a text", measured.across],
  ].filter((row) => row && row[1] !== null);
  const apart = measured.separable === null ? "" : ` A flat cut tells ${percent(measured.separable)} of them apart (chance: 50%)${measured.separable_closed === null ? "" : `; with the gap closed, ${percent(measured.separable_closed)}`}.`;
  const found = measured.paired ? ` Of ${many(measured.paired, "picture")} ${percent(measured.found)} have their own text closest, with the gap closed ${percent(measured.found_closed)}.` : "";
  return section("The gap between pictures and texts",
    note(`Their middles lie ${measured.distance.toFixed(2)} apart, where 0 is together and 2 opposite.${apart}${found}`),
    make("dl", { class: "bars", "aria-label": "How alike, as cosines" }, rows.flatMap(([name, value]) => [
      make("dt", {}, name), make("dd", { class: "track" }, make("i", { style: `width:${Math.max(0, Math.min(1, value)) * 100}%` })),
      make("dd", { class: "number" }, signed(value)),
    ])), note("How alike on average: the cosine, at most 1."));
};

const groups = (view) => section(`${many(view.data.clusters.length, "group")} of pictures`,
  make("ul", { class: "groups" }, view.data.clusters.map(({ names, fit, members }, number) => make("li", {},
    make("button", { type: "button", onclick: () => view.choose(members, names[0] || `Group ${number + 1}`) },
      thumb(view.map, members[0], 42),
      make("span", {}, make("b", {}, make("i", { style: `background:${clusterColour(number, view.map.painter.dark)}` }), names[0] || `Group ${number + 1}`),
        names.length > 1 ? make("span", { class: "small muted" }, names.slice(1).join(", ")) : ""),
      make("span", { class: "small muted number", title: fit === null ? "" : `The name fits ${percent(fit)} of them better than those of the other groups` }, members.length.toLocaleString("en")))))),
  note("Named with the words that fit a group most and the others least."));

/** Of one picture. */
export const ofPicture = (view, picture) => {
  const { pictures, clusters } = view.data;
  const group = pictures.cluster[picture];
  const larger = view.tools.picture?.(picture);
  return [
    heading(view, pictures.names[picture]),
    larger ? make("img", { class: "large", src: larger, alt: pictures.names[picture] }) : thumb(view.map, picture, 160),
    pictures.captions?.[picture] ? make("p", { class: "small" }, pictures.captions[picture]) : null,
    pictures.labels?.[picture] ? note(`Class: ${pictures.labels[picture]}`) : null,
    make("div", { class: "row" },
      make("button", { type: "button", onclick: () => view.choose(clusters[group].members, clusters[group].names[0] || `Group ${group + 1}`) }, `Its group: ${clusters[group].names[0] || group + 1}`)),
    pictures.best[picture].length ? section("Texts most like it", list(view, pictures.best[picture].map((text) => text + view.map.pictures))) : null,
    section("Pictures most like it", gallery(view, pictures.neighbours[picture])),
  ].filter(Boolean);
};

/** Of one text. */
export const ofText = (view, point) => {
  const { texts } = view.data;
  const owner = texts.owners[point - view.map.pictures];
  const typed = view.found.get(view.map.textOf(point));
  return [
    heading(view, view.map.textOf(point)),
    owner >= 0 ? section("The text of this picture", gallery(view, [owner])) : null,
    typed ? section("Pictures most like it", gallery(view, typed.best)) : null,
    !typed && view.tools.place ? make("div", { class: "row" }, make("button", { type: "button", onclick: () => view.type(view.map.textOf(point)) }, "Search with it")) : null,
  ].filter(Boolean);
};

/** Of what was chosen: lassoed, or a group. */
export const ofChosen = (view, points, title) => {
  const pictures = points.filter((point) => point < view.map.pictures);
  const texts = points.filter((point) => point >= view.map.pictures);
  const names = pictures.map((picture) => view.data.pictures.names[picture]).join("\n");
  const copy = make("button", { type: "button", onclick: async () => {
    await navigator.clipboard.writeText(names);
    copy.textContent = "Copied";
  } }, "Copy their names");
  return [
    heading(view, title),
    pictures.length ? make("div", { class: "row" },
      view.tools.like ? make("button", { type: "button", onclick: () => view.more(pictures) }, "Find more like these") : "", copy) : null,
    pictures.length ? section(many(pictures.length, "picture"), gallery(view, pictures), pictures.length > SHOWN ? note(`and ${pictures.length - SHOWN} more`) : "") : null,
    texts.length ? section(many(texts.length, "text"), list(view, texts.slice(0, SHOWN))) : null,
    points.length ? null : note("Nothing lies within. Draw around some points."),
  ].filter(Boolean);
};
