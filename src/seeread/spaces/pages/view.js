// <sr-space>: the map with all that is around it. `data` is what told.py writes. `tools` is what a server can do besides:
// place(words) gives {open, closed, scores, best}, like(pictures) gives pictures, picture(number) the address of a large one.
import { Hands } from "./hands.js";
import { LOOK } from "./look.js";
import { SpaceMap } from "./map.js";
import { make, many, ofChosen, ofPicture, ofText, overview, signed, thumb } from "./panel.js";

const KINDS = { picture: "Pictures", caption: "Captions", label: "Classes", name: "Words", typed: "Yours" };
const KEYS = "Arrows go from point to point, with Shift they move the map. + and \u2212 zoom, 0 shows all, L draws a lasso, G closes the gap, Escape goes back.";

export class SpaceView extends HTMLElement {
  tools = {};
  found = new Map(); // of texts that were typed: {scores, best}
  #data = null;
  #watched = null;

  constructor() {
    super();
    this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(LOOK);
    this.shadowRoot.adoptedStyleSheets = [sheet];
  }

  set data(data) {
    this.#data = data;
    this.found.clear();
    if (this.isConnected) this.#begin();
  }

  get data() {
    return this.#data;
  }

  connectedCallback() {
    document.addEventListener("theme", this.#themed);
    addEventListener("keydown", this.#slash, true);
    if (this.#data) this.#begin();
  }

  disconnectedCallback() {
    document.removeEventListener("theme", this.#themed);
    removeEventListener("keydown", this.#slash, true);
    this.#watched?.disconnect();
  }

  #themed = () => { this.map?.themed(); this.#show(); };
  #slash = (event) => {
    if (event.key !== "/" || event.composedPath()[0].matches?.("input, textarea, select")) return;
    event.preventDefault();
    event.stopPropagation();
    this.input.focus();
  };

  #begin() {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.sky = make("canvas", { class: "sky", tabindex: "0", role: "application", "aria-label": `Map of ${many(this.data.shown, "picture")}. ${KEYS}`, title: "" });
    this.input = make("input", { type: "search", "aria-label": "Words", placeholder: this.tools.place ? "Type words: they appear on the map" : "Find in names and captions", enterkeyhint: "search" });
    this.card = make("div", { class: "card", hidden: true });
    this.scale = make("div", { class: "scale", hidden: true });
    this.panel = make("aside", { class: "panel", "aria-live": "polite" });
    this.chips = make("div", { class: "chips", hidden: true });
    this.trouble = make("p", { class: "trouble", role: "alert", hidden: true });
    this.lassoButton = make("button", { type: "button", "aria-pressed": "false", title: "Draw around points (L, or hold Shift)", onclick: () => this.lasso(!this.hands.lassoing) }, "Lasso");
    const sides = ["open", "closed"].map((which) => make("button", { type: "button", "aria-pressed": String(which === "open"), onclick: () => this.side(which) }, which === "open" ? "As it is" : "Gap closed"));
    this.sides = sides;
    const zoom = (sign, title, act) => make("button", { type: "button", title, "aria-label": title, onclick: act }, sign);
    this.shadowRoot.replaceChildren(
      make("div", { class: "bar" },
        make("form", { onsubmit: (event) => { event.preventDefault(); this.type(this.input.value); } }, this.input),
        make("div", { class: "choice", role: "group", "aria-label": "The map", title: "Pictures and texts as the model has them, or each kind moved to have its middle in the same place" }, sides),
        this.lassoButton,
        make("div", { class: "zoom" },
          zoom("\u2212", "Farther (\u2212)", () => this.hands.zoom(1 / 1.5)), zoom("+", "Nearer (+)", () => this.hands.zoom(1.5)), zoom("\u2922", "Show all (0)", () => this.map.home()))),
      this.trouble, this.chips,
      make("div", { class: "stage" }, make("div", { class: "map" }, this.sky, this.#legend(), this.scale, this.card), this.panel));
    this.map = new SpaceMap(this.sky, this.data);
    this.map.addEventListener("hover", ({ detail }) => this.#hover(detail));
    this.map.addEventListener("pick", () => this.#show());
    this.map.addEventListener("lasso", ({ detail }) => this.choose(detail, "Lassoed"));
    this.map.addEventListener("view", () => { this.card.hidden = true; });
    this.calm = calm;
    this.chosen = null;
    for (const { text, ...placed } of this.data.typed) this.#know(text, placed);
    this.#chips();
    this.hands = new Hands(this);
    this.#watched?.disconnect();
    this.#watched = new ResizeObserver(() => this.map.resize());
    this.#watched.observe(this.sky);
    if (!this.tools.place) this.input.addEventListener("input", () => this.#find(this.input.value));
    this.#show();
  }

  #legend() {
    const counts = { picture: this.data.shown };
    for (const kind of this.data.texts.kinds) counts[kind] = (counts[kind] ?? 0) + 1;
    const entry = (kind, name) => make("button", { type: "button", "aria-pressed": "true", title: "Show or hide", onclick: ({ currentTarget }) => {
      const shown = this.map.hidden.has(kind);
      this.map.hidden[shown ? "delete" : "add"](kind);
      currentTarget.setAttribute("aria-pressed", String(shown));
      this.map.draw();
    } }, name);
    return make("div", { class: "legend", role: "group", "aria-label": "What is shown" },
      Object.entries(counts).map(([kind, count]) => entry(kind, `${kind === "picture" ? "\u25cf" : kind === "typed" ? "\u2605" : "\u25c7"} ${KINDS[kind]} ${count.toLocaleString("en")}`)),
      entry("cluster", "Names of groups"));
  }

  /** The map as it is ("open"), or with the gap closed. */
  side(which) {
    this.map.show(which, this.calm);
    for (const [place, button] of this.sides.entries()) button.setAttribute("aria-pressed", String((place === 0) === (which === "open")));
    this.dispatchEvent(new CustomEvent("side", { detail: which }));
  }

  lasso(on) {
    this.hands.lassoing = on;
    this.lassoButton.setAttribute("aria-pressed", String(on));
    this.sky.classList.toggle("lasso", on);
  }

  /** Shows a point and what belongs to it. */
  goTo(point) {
    this.chosen = null;
    this.map.select([]);
    this.map.pick(point);
    this.map.reveal(point);
  }

  /** Some points as a list, and the others faded. */
  choose(points, title) {
    this.lasso(false);
    this.chosen = { points, title };
    this.map.select(points);
    this.map.pick(-1);
  }

  clear() {
    this.chosen = null;
    this.map.select([]);
    this.map.pick(-1);
  }

  /** Words that someone typed: with a server they get a place, and pictures the colour of how like they are. */
  async type(text) {
    const words = text.trim();
    if (!this.tools.place) return this.#find(words);
    if (!words) return this.light(null);
    await this.#trying(async () => {
      if (!this.found.has(words)) this.#add(words, await this.tools.place(words));
      this.input.value = "";
      this.light(words);
    });
  }

  /** Pictures coloured by how like they are to words that were typed; null: by group again. */
  light(words) {
    this.lit = words;
    const one = words === null ? null : this.found.get(words);
    this.map.scores = one?.shares ?? null;
    this.scale.hidden = !one;
    if (one) {
      const steps = [0, 3, 6, 9, 11].map((step) => this.map.painter.colour(`likeness ${step}`));
      this.scale.replaceChildren(make("b", {}, words), make("i", { style: `background:linear-gradient(to right, ${steps.join(", ")})` }),
        make("div", { class: "number muted" }, make("span", {}, signed(one.least)), make("span", {}, "cosine"), make("span", {}, signed(one.most))));
    }
    this.#chips();
    const within = this.chosen?.points.filter((point) => point < this.map.pictures) ?? [];
    if (one && within.length) this.choose(within.toSorted((a, b) => one.scores[b] - one.scores[a]), `Lassoed, most like "${words}" first`);
    else if (one) this.goTo(this.map.pictures + this.data.texts.texts.lastIndexOf(words));
    this.map.draw();
    this.dispatchEvent(new CustomEvent("texts", { detail: [...this.found.keys()] }));
  }

  /** Pictures that are like these, of those that are not among them. */
  async more(pictures) {
    await this.#trying(async () => this.choose(await this.tools.like(pictures), "Most like what was chosen"));
  }

  async #trying(act) {
    this.trouble.hidden = true;
    try {
      await act();
    } catch (error) {
      this.trouble.textContent = error.message;
      this.trouble.hidden = false;
    }
  }

  #add(words, placed) {
    const { texts } = this.data;
    texts.texts.push(words);
    texts.kinds.push("typed");
    texts.owners.push(-1);
    texts.open.push(...placed.open);
    texts.closed.push(...placed.closed);
    this.#know(words, placed);
    this.map.refresh();
  }

  /** How like pictures are to words, as shares of what is usual here to the most. */
  #know(words, placed) {
    const sorted = Float32Array.from(placed.scores).sort();
    const [least, most] = [sorted[Math.floor(sorted.length * 0.05)], sorted.at(-1)];
    const shares = placed.scores.map((score) => Math.max(0, Math.min(0.999, (score - least) / Math.max(most - least, 1e-6))));
    this.found.set(words, { ...placed, least, most, shares });
  }

  #chips() {
    this.chips.hidden = !this.found.size;
    this.chips.replaceChildren(...[...this.found.keys()].map((words) => make("span", { class: "chip" },
      make("button", { type: "button", "aria-pressed": String(words === this.lit), title: "Colour the pictures by how like they are", onclick: () => this.light(words === this.lit ? null : words) }, words),
      make("button", { type: "button", "aria-label": `Take ${words} away`, onclick: () => this.#take(words) }, "\u00d7"))));
  }

  #take(words) {
    const { texts } = this.data;
    const place = texts.texts.lastIndexOf(words);
    for (const column of [texts.texts, texts.kinds, texts.owners]) column.splice(place, 1);
    for (const column of [texts.open, texts.closed]) column.splice(2 * place, 2);
    this.found.delete(words);
    this.clear();
    this.map.refresh();
    this.light(null);
  }

  /** Without a server: what has these letters in its name or caption. */
  #find(text) {
    const letters = text.trim().toLowerCase();
    const { names, captions, labels } = this.data.pictures;
    const has = (...words) => words.some((word) => word?.toLowerCase().includes(letters));
    this.map.matching = letters ? [...names.map((name, n) => has(name, captions?.[n], labels?.[n])), ...this.data.texts.texts.map((one) => has(one))] : null;
    const found = this.map.matching?.flatMap((fits, point) => (fits ? [point] : []));
    if (found) this.panel.replaceChildren(...ofChosen(this, found, `Found for "${text.trim()}"`));
    else this.#show();
    this.map.draw();
  }

  #show() {
    if (!this.map) return;
    const { picked, pictures } = this.map;
    const parts = this.chosen ? ofChosen(this, this.chosen.points, this.chosen.title)
      : picked < 0 ? overview(this) : picked < pictures ? ofPicture(this, picked) : ofText(this, picked);
    this.panel.replaceChildren(...parts);
    this.panel.scrollTop = 0;
  }

  /** The card beside the pointer. */
  #hover(point) {
    this.card.hidden = point < 0;
    this.sky.classList.toggle("point", point >= 0);
    if (point < 0) return;
    const { data, map } = this;
    const lines = [];
    if (point < map.pictures) {
      const score = this.found.get(this.lit)?.scores[point];
      lines.push(thumb(map, point, 164), make("p", {}, data.pictures.captions?.[point] || data.pictures.names[point]));
      lines.push(make("p", { class: "muted" }, score === undefined ? data.clusters[data.pictures.cluster[point]].names.slice(0, 2).join(", ") : `like "${this.lit}": ${signed(score)}`));
    } else {
      const owner = data.texts.owners[point - map.pictures];
      if (owner >= 0) lines.push(thumb(map, owner, 164));
      lines.push(make("p", {}, map.textOf(point)));
    }
    this.card.replaceChildren(...lines);
    const [left, top] = map.screenOf(point);
    const { width, height } = map.camera;
    const box = this.card.getBoundingClientRect();
    this.card.style.left = `${left + box.width + 40 < width ? left + 34 : Math.max(4, left - box.width - 34)}px`;
    this.card.style.top = `${Math.max(4, Math.min(height - box.height - 4, top - box.height / 2))}px`;
  }
}

customElements.define("sr-space", SpaceView);
