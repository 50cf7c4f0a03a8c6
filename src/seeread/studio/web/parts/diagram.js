// <sr-diagram>: the architecture of a model as boxes within boxes. `box` is what the server tells of it; `opened` are the
// open ones, "2 2.1": numbers from the outermost inwards. Event "opened" with {opened} when that changes. With `bare`
// there is no legend and no note beside it: events "told" with {box} say what is looked at.
import { LitElement, css, html, nothing, repeat, styleMap } from "/web/vendor/lit.js";
import { look } from "/web/parts/look.js";
import { arrows } from "/web/parts/diagram/arrows.js";
import { layout } from "/web/parts/diagram/layout.js";
import { style } from "/web/parts/diagram/style.js";
import { few, figures, many, spelled } from "/web/parts/diagram/words.js";

const SOURCES = { picture: "the picture", words: "the words", beside: "read besides" };
const tintOf = (of) => (of.length > 1 ? "both" : of[0] ?? "neither");

class Diagram extends LitElement {
  static properties = { box: { attribute: false }, opened: {}, bare: { type: Boolean }, label: {}, _told: { state: true }, _here: { state: true } };
  static styles = [look, style, css`:host { container-type: inline-size; }`];

  #layouts = new Map();
  #watch = new ResizeObserver(() => this.#draw());

  connectedCallback() {
    super.connectedCallback();
    this.#watch.observe(this);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#watch.disconnect();
  }

  willUpdate(changed) {
    if (!changed.has("box")) return;
    this.#layouts.clear();
    this._told = this.box;
    this._here = "";
  }

  render() {
    if (!this.box) return nothing;
    const tree = html`<div role="tree" aria-label=${this.label ?? `What ${this.box.name} is made of`} @keydown=${this.#key}>
      ${this.#drawn(this.box, "", 1)}</div>`;
    if (this.bare) return tree;
    return html`<div class="legend">
        <span class="picture">works on the picture</span><span class="words">on words</span><span class="both">on both</span>
      </div><div class="with">${tree}${this.#note()}</div>`;
  }

  #drawn(box, id, level) {
    const tint = tintOf(box.of);
    if (box.kind === "join") return html`<div class="join ${tint}" data-id=${id} title=${box.does} @pointerenter=${() => this.#tell(box, id)}>${box.name}</div>`;
    const openable = box.inside.length > 0;
    const open = openable && this.#open(id);
    const shape = box.gives[0] ?? null;
    return html`<div class="box ${tint} ${open ? "open" : ""} ${openable ? "openable" : ""} ${box.like > 1 ? "like" : ""} ${id ? "" : "whole"}" data-id=${id}>
      <div class="head" role="treeitem" aria-level=${level} aria-expanded=${openable ? String(open) : nothing} tabindex=${id === this._here ? 0 : -1}
        aria-label=${`${box.name}${box.like > 1 ? `, ${box.like} times` : ""}. ${box.does}`}
        @click=${() => this.#turn(box, id)} @focus=${() => this.#tell(box, id)} @pointerenter=${() => this.#tell(box, id)} @pointerleave=${() => this.#light(null)}>
        ${openable && id ? html`<span class="sign" aria-hidden="true">${open ? "−" : "+"}</span>` : nothing}
        <span class="name">${box.name}</span>
        ${box.like > 1 ? html`<span class="times">× ${box.like}</span>` : nothing}
        ${shape && !open ? html`<span class="shape">${figures(shape, box)}</span>` : nothing}
        ${id ? nothing : html`<span class="shape">${few(box.parameters)} parameters</span>`}
      </div>
      ${open ? this.#inside(box, id, level) : nothing}
    </div>`;
  }

  #inside(box, id, level) {
    const { nodes, columns, skips } = this.#layoutOf(box, id);
    return html`<div class="inside ${skips ? "" : "plain"}" role="group" data-inside=${id} style=${styleMap({ gridTemplateColumns: `repeat(${columns}, minmax(0, auto))` })}>
      <svg aria-hidden="true"></svg>
      ${repeat(nodes, ({ key }) => key, (node) => html`
        <div class="cell" data-key=${node.key} style=${styleMap({ gridRow: node.row + 1, gridColumn: `${node.from + 1} / ${node.to + 1}` })}>
          ${node.source ? html`<div class="source ${node.source === "beside" ? "picture" : node.source}">${SOURCES[node.source]}</div>` : this.#drawn(node.box, id ? `${id}.${node.key}` : node.key, level + 1)}
        </div>`)}
    </div>`;
  }

  #note() {
    const box = this._told ?? this.box;
    const share = box.parameters / this.box.parameters;
    return html`<aside class="note ${tintOf(box.of)}" aria-live="polite">
      <h3>${box.name}${box.like > 1 ? html` <span class="times">× ${box.like}</span>` : nothing}</h3>
      <p>${box.does}</p>
      <dl>
        ${box.takes.length ? html`<dt>takes</dt><dd>${[...new Set(box.takes.map((shape) => spelled(shape, box)))].map((one) => html`<div>${one}</div>`)}</dd>` : nothing}
        ${box.gives.length ? html`<dt>gives</dt><dd>${box.gives.map((shape) => html`<div>${spelled(shape, box)}</div>`)}</dd>` : nothing}
        ${box.parameters ? html`<dt>learned</dt><dd>${many(box.parameters)} numbers${box.like > 1 ? " each" : ""}${share < 0.9995 ? html` <span class="muted">${(100 * share).toFixed(share < 0.01 ? 2 : 1)} %</span>` : nothing}</dd>` : nothing}
      </dl>
      ${box.path ? html`<div class="mono">${box.path}</div>` : nothing}
      <p class="muted small more">Shapes are of one picture and some words. Press + to look inside; arrow keys work, too.</p>
    </aside>`;
  }

  updated() {
    this.#draw();
  }

  #layoutOf(box, id) {
    if (!this.#layouts.has(id)) this.#layouts.set(id, layout(box));
    return this.#layouts.get(id);
  }

  /** Lay the arrows over the boxes, wherever these have come to stand. */
  #draw() {
    for (const inside of this.renderRoot.querySelectorAll("[data-inside]")) {
      const plan = this.#layouts.get(inside.dataset.inside);
      const around = inside.getBoundingClientRect();
      const places = new Map([...inside.children].filter((cell) => cell.dataset.key).map((cell) => {
        const { left, right, top, bottom } = cell.firstElementChild.getBoundingClientRect();
        return [cell.dataset.key, { left: left - around.left, right: right - around.left, top: top - around.top, bottom: bottom - around.top }];
      }));
      const rows = new Map(plan.nodes.map(({ key, row }) => [key, row]));
      const paths = arrows(plan.edges, (key) => places.get(key), around, rows);
      inside.querySelector("svg").replaceChildren(...paths.flatMap(({ d, start, end }) => {
        const path = drawnPath(d, start === "beside" ? "beside" : "");
        Object.assign(path.dataset, { start, end });
        return [path];
      }), ...paths.map(({ d }) => tip(d)).filter(Boolean));
    }
    this.#light(this._here);
  }

  /** The arrows to and from what is looked at. */
  #light(id) {
    const [, around, key] = /^(?:(.*)\.)?(\d+)$/.exec(id ?? "") ?? [];
    for (const path of this.renderRoot.querySelectorAll("path.lit")) path.classList.remove("lit");
    if (key === undefined) return;
    const svg = this.renderRoot.querySelector(`[data-inside="${around ?? ""}"] > svg`);
    for (const path of svg?.querySelectorAll("path[data-start]") ?? []) path.classList.toggle("lit", path.dataset.start === key || path.dataset.end === key);
  }

  #open(id) {
    return id === "" || (this.opened ?? "").split(" ").includes(id);
  }

  #turn(box, id) {
    this.#tell(box, id);
    if (!box.inside.length || !id) return;
    const open = (this.opened ?? "").split(" ").filter(Boolean);
    const next = open.includes(id) ? open.filter((one) => one !== id && !one.startsWith(`${id}.`)) : [...open, id];
    this.opened = next.join(" ");
    this.dispatchEvent(new CustomEvent("opened", { detail: { opened: this.opened }, bubbles: true, composed: true }));
  }

  #tell(box, id) {
    this._told = box;
    this._here = id;
    this.#light(id);
    this.dispatchEvent(new CustomEvent("told", { detail: { box, id }, bubbles: true, composed: true }));
  }

  /** As in every tree: up and down go through what is to be seen, right opens and goes in, left closes and goes out. */
  #key(event) {
    const heads = [...this.renderRoot.querySelectorAll(".head")];
    const at = heads.indexOf(event.target.closest(".head"));
    const box = heads[at]?.parentElement;
    const id = box?.dataset.id;
    const openable = box?.classList.contains("openable");
    const open = box?.classList.contains("open");
    const outer = box?.parentElement.closest(".box")?.firstElementChild;
    let next = null;
    if (event.key === "ArrowDown") next = heads[at + 1];
    else if (event.key === "ArrowUp") next = heads[at - 1];
    else if (event.key === "Home") next = heads[0];
    else if (event.key === "End") next = heads.at(-1);
    else if (event.key === "ArrowRight" && openable && open) next = heads[at + 1];
    else if (event.key === "ArrowLeft" && (!open || !id)) next = outer;
    else if (["Enter", " ", "ArrowRight", "ArrowLeft"].includes(event.key)) heads[at]?.click();
    else return;
    event.preventDefault();
    next?.focus();
  }
}

function drawnPath(d, kind) {
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", d);
  if (kind) path.setAttribute("class", kind);
  return path;
}

/** The head of an arrow, where its path ends: it comes from above, or from a side. */
function tip(d) {
  const whole = drawnPath(d, "");
  const length = whole.getTotalLength();
  const { x, y } = whole.getPointAtLength(length);
  const before = whole.getPointAtLength(Math.max(0, length - 3));
  const angle = (Math.atan2(y - before.y, x - before.x) * 180) / Math.PI;
  const head = drawnPath("M-5 -3.2L0 0L-5 3.2", "");
  head.setAttribute("transform", `translate(${x} ${y}) rotate(${angle})`);
  return head;
}

customElements.define("sr-diagram", Diagram);
