// How the map looks: spots, thumbnails where there is room for them, and texts that do not lie on each other.
import { Spots } from "./spots.js";

const THUMBS = 420; // pictures in sight at most for them to be shown as such
const LABELS = 48; // texts that are written out at most
const STEPS = 12; // of likeness, from none to all

/** The colours of clusters, as far apart as many can be: hues by the golden angle. */
export const clusterColour = (number, dark) =>
  `oklch(${(dark ? 0.76 : 0.6) + (number % 2 ? 0.07 : -0.03)} ${dark ? 0.12 : 0.15} ${(250 + number * 137.508) % 360})`;

/** Where a picture's thumbnail is: its sheet, and the pixels on it. */
export const thumbOf = (sheets, picture) => {
  let left = picture;
  for (const { image, cell, columns, sizes, address } of sheets) {
    if (left < sizes.length) {
      const [width, height] = sizes[left];
      const rows = Math.ceil(sizes.length / columns);
      return { image, address, cell, columns: Math.min(columns, sizes.length), rows, x: (left % columns) * cell, y: Math.floor(left / columns) * cell, width, height };
    }
    left -= sizes.length;
  }
  return null;
};

/** Paints a `SpaceMap` on its canvas. */
export class Painter {
  #spots = new Spots();
  #taken = []; // where letters are already: [left, top, right, bottom]

  constructor(map) {
    this.map = map;
    this.context = map.canvas.getContext("2d", { alpha: false });
  }

  /** Colours have changed. */
  forget(dark) {
    const style = getComputedStyle(this.map.canvas);
    const colour = (name) => style.getPropertyValue(name).trim();
    this.dark = dark;
    this.colours = { page: colour("--page"), text: colour("--text"), muted: colour("--muted"), accent: colour("--link") };
  }

  paint() {
    const { map, context } = this;
    const { width, height } = map.camera;
    const pictures = [];
    const texts = [];
    const typed = [];
    map.each((point, x, y) => {
      const kind = map.kinds[point];
      (kind === "picture" ? pictures : kind === "typed" ? typed : texts).push(point, x, y);
    });
    const count = pictures.length / 3;
    const size = count && count <= THUMBS ? Math.min(76, 0.5 * Math.sqrt((width * height) / count)) : 0;
    this.#spots.begin(map.canvas.width, map.canvas.height, this.colours.page);
    this.#hollow(texts);
    this.#round(pictures, size >= 20);
    this.#spots.put(context);
    context.setTransform(map.ratio, 0, 0, map.ratio, 0, 0);
    if (size >= 20) this.#thumbs(pictures, size);
    this.#taken = [];
    this.#typed(typed);
    this.#clusters(size);
    this.#names(texts);
    this.#marks(Math.max(size, 34));
    if (map.outline) this.#loop(map.outline);
  }

  /** Of "cluster 3" or "likeness 7". */
  colour(name) {
    const [kind, number] = name.split(" ");
    if (kind === "cluster") return clusterColour(Number(number), this.dark);
    const share = Number(number) / (STEPS - 1);
    return this.dark ? `oklch(${0.34 + 0.5 * share} ${0.02 + 0.13 * share} 245)` : `oklch(${0.91 - 0.5 * share} ${0.02 + 0.16 * share} 252)`;
  }

  colourOf(picture) {
    const { scores, data } = this.map;
    return scores ? `likeness ${Math.min(STEPS - 1, Math.floor(scores[picture] * STEPS))}` : `cluster ${data.pictures.cluster[picture]}`;
  }

  #faded(point) {
    const { matching, selected } = this.map;
    return Boolean(matching && !matching[point]) || (selected.size > 0 && !selected.has(point));
  }

  #round(seen, thumbs) {
    const { map } = this;
    const radius = map.ratio * Math.min(6, (map.pictures > 1500 ? 2.6 : 3.6) * (map.camera.zoom / map.fitted) ** 0.3);
    const colours = new Map();
    const colour = (name) => colours.get(name) ?? colours.set(name, this.colour(name)).get(name);
    const order = map.scores ? [false, true] : [false];
    for (const faded of map.matching || map.selected.size ? [true, false] : [false]) {
      for (const high of order) { // what is most like the words lies on top
        for (let n = 0; n < seen.length; n += 3) {
          const point = seen[n];
          if (this.#faded(point) !== faded || (thumbs && !faded) || (map.scores && map.scores[point] > 0.75 !== high)) continue;
          this.#spots.set("round", seen[n + 1] * map.ratio, seen[n + 2] * map.ratio, radius, colour(this.colourOf(point)), faded ? 0.13 : 0.85);
        }
      }
    }
  }

  #hollow(seen) {
    const { map } = this;
    const radius = map.ratio * (map.count > 1500 ? 2.75 : 3.5);
    for (let n = 0; n < seen.length; n += 3) {
      this.#spots.set("hollow", seen[n + 1] * map.ratio, seen[n + 2] * map.ratio, radius, this.colours.muted, this.#faded(seen[n]) ? 0.1 : 0.55);
    }
  }

  #thumbs(seen, size) {
    for (let n = 0; n < seen.length; n += 3) {
      if (!this.#faded(seen[n])) this.#thumb(seen[n], seen[n + 1], seen[n + 2], size, this.colour(this.colourOf(seen[n])));
    }
  }

  #thumb(picture, x, y, size, border) {
    const { context } = this;
    const one = thumbOf(this.map.sheets, picture);
    const scale = size / Math.max(one.width, one.height);
    const [width, height] = [one.width * scale, one.height * scale];
    context.fillStyle = border;
    context.fillRect(x - width / 2 - 2, y - height / 2 - 2, width + 4, height + 4);
    if (!one.image.complete || !one.image.naturalWidth) return;
    context.drawImage(one.image, one.x, one.y, one.width, one.height, x - width / 2, y - height / 2, width, height);
  }

  /** The names of texts where there is room: of classes and words always, of captions where few are in sight. */
  #names(seen) {
    const { map } = this;
    const many = seen.length / 3 > LABELS;
    let written = 0;
    for (let n = 0; n < seen.length && written < LABELS; n += 3) {
      const [point, x, y] = [seen[n], seen[n + 1], seen[n + 2]];
      if (this.#faded(point) || (many && map.kinds[point] === "caption")) continue;
      if (this.#write(map.textOf(point), x + 7, y, { font: "12px", colour: this.colours.muted })) written += 1;
    }
  }

  #clusters(size) {
    const { map } = this;
    if (size >= 48 || map.hidden.has("picture") || map.hidden.has("cluster") || map.scores) return;
    for (const [number, { names, members }] of map.data.clusters.entries()) {
      if (!names.length) continue;
      const [x, y] = map.nameOf(members);
      this.#write(names[0], x, y, { font: "600 14px", colour: clusterColour(number, this.dark), middle: true, strong: true });
    }
  }

  #typed(seen) {
    const { map, context } = this;
    for (let n = 0; n < seen.length; n += 3) {
      const [point, x, y] = [seen[n], seen[n + 1], seen[n + 2]];
      context.fillStyle = this.colours.accent;
      context.strokeStyle = this.colours.page;
      context.lineWidth = 2;
      context.beginPath();
      for (let corner = 0; corner < 10; corner++) {
        const [reach, angle] = [corner % 2 ? 4 : 10, (corner * Math.PI) / 5 - Math.PI / 2];
        context.lineTo(x + reach * Math.cos(angle), y + reach * Math.sin(angle));
      }
      context.closePath();
      context.stroke();
      context.fill();
      this.#write(map.textOf(point), x + 13, y, { font: "600 14px", colour: this.colours.accent, always: true });
    }
  }

  /** Letters with a halo, unless others are there; says whether they were written. */
  #write(text, x, y, { font, colour, middle = false, always = false, strong = false }) {
    const { context } = this;
    const shown = text.length > 40 ? `${text.slice(0, 38)}…` : text;
    context.font = `${font} system-ui, sans-serif`;
    const width = context.measureText(shown).width;
    const beyond = !middle && x + width > this.map.camera.width - 4 && x - width > 24; // then it goes to the left
    const left = middle ? x - width / 2 : beyond ? x - width - 18 : x;
    const box = [left - 3, y - 9, left + width + 3, y + 9];
    const lies = ([l, t, r, b]) => l < box[2] && r > box[0] && t < box[3] && b > box[1];
    if (!always && this.#taken.some(lies)) return false;
    this.#taken.push(box);
    context.textBaseline = "middle";
    context.lineJoin = "round";
    context.strokeStyle = this.colours.page;
    context.lineWidth = strong ? 5 : 3.5;
    context.strokeText(shown, left, y);
    context.fillStyle = strong ? this.colours.text : colour;
    context.fillText(shown, left, y);
    return true;
  }

  /** What the pointer is at, and what was picked; its neighbours are joined to it. */
  #marks(size) {
    const { map, context } = this;
    const picked = map.picked;
    if (picked >= 0 && picked < map.pictures && !map.hidden.has("picture")) {
      const [x, y] = map.screenOf(picked);
      context.strokeStyle = this.colours.accent;
      context.lineWidth = 1.2;
      context.globalAlpha = 0.6;
      context.beginPath();
      for (const other of map.data.pictures.neighbours[picked]) {
        context.moveTo(x, y);
        context.lineTo(...map.screenOf(other));
      }
      context.stroke();
      context.globalAlpha = 1;
    }
    for (const point of new Set([picked, map.hovered])) {
      if (point < 0 || map.hidden.has(map.kinds[point])) continue;
      const [x, y] = map.screenOf(point);
      if (point < map.pictures) this.#thumb(point, x, y, size * 1.15, point === picked ? this.colours.accent : this.colours.text);
      else if (map.kinds[point] !== "typed") this.#write(map.textOf(point), x + 9, y, { font: "600 13px", colour: this.colours.text, always: true });
    }
  }

  #loop(outline) {
    const { context } = this;
    context.beginPath();
    for (let n = 0; n < outline.length; n += 2) context.lineTo(outline[n], outline[n + 1]);
    context.closePath();
    context.globalAlpha = 0.12;
    context.fillStyle = this.colours.accent;
    context.fill();
    context.globalAlpha = 1;
    context.strokeStyle = this.colours.accent;
    context.lineWidth = 1.5;
    context.stroke();
  }
}
