// The map: thousands of pictures and texts on a canvas, which is drawn again only when something has changed.
import { Camera, boundsOf, within } from "./camera.js";
import { Painter } from "./painter.js";

const MORPH = 700; // milliseconds from one map to the other
const NEAR = 14; // pixels from which on the pointer is at a point

/**
 * `data` (see told.py) on a canvas. Points are numbered: pictures first, then texts. Events: "hover" and "pick" with the
 * number of a point (-1: none), "lasso" with those that lie within, "view" when the camera has moved.
 */
export class SpaceMap extends EventTarget {
  camera = new Camera();
  hovered = -1;
  picked = -1;
  selected = new Set();
  hidden = new Set(); // "picture", "cluster", or a kind of texts
  scores = null; // for each picture, 0 to 1: coloured by likeness
  matching = null; // for each point whether it was found; the others fade
  outline = null; // of the lasso, [x, y, x, y, ...] in pixels
  frames = { count: 0, milliseconds: 0 };
  ratio = 1;
  fitted = 1;
  #asked = 0;
  #morph = 1;
  #began = 0;
  #from = null;
  #to = new Float32Array(0);
  #which = "open";

  constructor(canvas, data) {
    super();
    this.canvas = canvas;
    this.data = data;
    this.pictures = data.pictures.names.length;
    this.painter = new Painter(this);
    this.#read();
    this.places = Float32Array.from(this.#to);
    this.sheets = data.sheets.map((sheet) => {
      const image = new Image();
      image.onload = () => this.draw();
      image.src = sheet.address;
      return { ...sheet, image };
    });
    this.themed();
    this.resize();
  }

  get count() {
    return this.kinds.length;
  }

  get which() {
    return this.#which;
  }

  textOf(point) {
    return this.data.texts.texts[point - this.pictures];
  }

  /** Texts have come or gone: `data.texts` says which there are. */
  refresh() {
    this.#read();
    this.places = Float32Array.from(this.#to);
    this.#morph = 1;
    this.draw();
  }

  /** Goes over to the map "open" or "closed"; at once for those who like it calm. */
  show(which, calm = false) {
    if (which === this.#which) return;
    this.#which = which;
    this.#from = Float32Array.from(this.places);
    this.#read();
    this.#began = performance.now();
    this.#morph = calm ? 1 : 0;
    if (calm) this.places.set(this.#to);
    this.draw();
  }

  themed() {
    this.painter.forget(document.documentElement.dataset.theme === "dark");
    this.draw();
  }

  /** The canvas has another size. */
  resize() {
    const { width, height } = this.canvas.getBoundingClientRect();
    if (!width || !height) return;
    const first = this.camera.width <= 1;
    this.ratio = Math.min(devicePixelRatio || 1, 2);
    this.canvas.width = Math.round(width * this.ratio);
    this.canvas.height = Math.round(height * this.ratio);
    Object.assign(this.camera, { width, height });
    if (first) this.home();
    this.themed();
  }

  /** Everything in sight. */
  home() {
    this.camera.fit(boundsOf(this.#to));
    this.fitted = this.camera.zoom;
    this.moved();
  }

  moved() {
    this.dispatchEvent(new Event("view"));
    this.draw();
  }

  screenOf(point) {
    return this.camera.toScreen(this.places[2 * point], this.places[2 * point + 1]);
  }

  /** Where the name of some points goes, in pixels: above their middle, the median, which strays do not move. */
  nameOf(points) {
    const axis = (place) => Float32Array.from(points, (point) => this.places[2 * point + place]).sort();
    const [xs, ys] = [axis(0), axis(1)];
    const half = points.length >> 1;
    const [x, y] = this.camera.toScreen(xs[half], ys[half]);
    const top = this.camera.toScreen(0, ys[Math.floor(0.95 * (points.length - 1))])[1];
    return [x, y - Math.min(y - top + 12, 40)];
  }

  /** Calls for each point that is shown, with its pixels: those in sight, or all. */
  each(call, all = false) {
    const { x, y, zoom, width, height } = this.camera;
    for (let point = 0; point < this.count; point++) {
      if (this.hidden.has(this.kinds[point])) continue;
      const left = (this.places[2 * point] - x) * zoom + width / 2;
      const top = (y - this.places[2 * point + 1]) * zoom + height / 2;
      if (all || (left > -40 && left < width + 40 && top > -40 && top < height + 40)) call(point, left, top);
    }
  }

  /** The point at these pixels, -1 of none; texts, which are fewer and smaller, go first. */
  at(left, top) {
    let best = -1;
    let least = NEAR * NEAR;
    this.each((point, x, y) => {
      const reach = (x - left) ** 2 + (y - top) ** 2 - (point >= this.pictures ? 12 : 0);
      if (reach <= least) { least = reach; best = point; }
    });
    return best;
  }

  /** The next point in a direction, for those who walk with keys; to begin with, the one in the middle. */
  toward(across, up) {
    const { width, height } = this.camera;
    const [left, top] = this.picked >= 0 ? this.screenOf(this.picked) : [width / 2, height / 2];
    let best = -1;
    let least = Infinity;
    this.each((point, x, y) => {
      if (point === this.picked) return;
      const [dx, dy] = [x - left, top - y];
      const ahead = dx * across + dy * up;
      const aside = Math.abs(dx * up) + Math.abs(dy * across);
      const cost = this.picked < 0 ? dx * dx + dy * dy : ahead > 0 ? ahead + 2.5 * aside : Infinity;
      if (cost < least) { least = cost; best = point; }
    }, true);
    return best;
  }

  /** Brings a point into sight, if it is not. */
  reveal(point) {
    const [left, top] = this.screenOf(point);
    const { width, height } = this.camera;
    if (left > 20 && left < width - 20 && top > 20 && top < height - 20) return;
    this.camera.moveBy(width / 2 - left, height / 2 - top);
    this.moved();
  }

  hover(point) {
    if (point === this.hovered) return;
    this.hovered = point;
    this.dispatchEvent(new CustomEvent("hover", { detail: point }));
    this.draw();
  }

  pick(point) {
    this.picked = point;
    this.dispatchEvent(new CustomEvent("pick", { detail: point }));
    this.draw();
  }

  select(points) {
    this.selected = new Set(points);
    this.draw();
  }

  /** The outline as it is drawn; null ends it, and tells what lies within. */
  lasso(outline) {
    const drawn = this.outline;
    this.outline = outline;
    this.draw();
    if (outline || !drawn) return;
    const inside = [];
    if (drawn.length > 6) this.each((point, x, y) => { if (within(x, y, drawn)) inside.push(point); }, true);
    this.select(inside);
    this.dispatchEvent(new CustomEvent("lasso", { detail: inside }));
  }

  draw() {
    this.#asked ||= requestAnimationFrame((now) => {
      this.#asked = 0;
      const began = performance.now();
      this.#step(now);
      this.painter.paint();
      this.frames.count += 1;
      this.frames.milliseconds += performance.now() - began;
    });
  }

  #step(now) {
    if (this.#morph >= 1) return;
    this.#morph = Math.min(1, Math.max(0, now - this.#began) / MORPH);
    const share = this.#morph * this.#morph * (3 - 2 * this.#morph);
    for (let n = 0; n < this.places.length; n++) this.places[n] = this.#from[n] + (this.#to[n] - this.#from[n]) * share;
    this.draw();
  }

  #read() {
    const { pictures, texts } = this.data;
    this.#to = Float32Array.from([...pictures[this.#which], ...texts[this.#which]]);
    this.kinds = [...pictures.names.map(() => "picture"), ...texts.kinds];
  }
}
