// <inside-seen>: the picture as the model sees it, cut into cells, and what the tower makes of it. `run` is the outline.
import { LitElement, css, html, nothing, styleMap } from "/web/vendor/lit.js";
import { look } from "/web/parts/look.js";
import { heatmap, shape, shown, thumbnail } from "/web/pages/inside/drawing.js";
import { style } from "/web/pages/inside/style.js";

const MANY = 256; // cells that are pulled apart one by one

class Seen extends LitElement {
  static properties = { run: { attribute: false }, _over: { state: true } };
  static styles = [look, style, css`
    .views { display: flex; flex-wrap: wrap; gap: 1.6rem; align-items: end; }
    figure { margin: 0; display: grid; gap: .4rem; }
    figcaption { color: var(--muted); font-size: .82rem; }
    .cut { display: grid; gap: 3px; width: min(17rem, 76vw); }
    .cut i { display: block; aspect-ratio: var(--aspect); transition: transform .15s; border-radius: 2px; }
    .cut i:hover, .cut i.over { transform: scale(1.12); outline: 2px solid var(--accent); z-index: 1; }
    .whole { width: min(17rem, 76vw); image-rendering: auto; border-radius: 3px; display: block; }
    .stages { display: grid; grid-auto-flow: column; grid-auto-columns: minmax(6.2rem, 8.5rem); gap: .9rem; overflow-x: auto; padding-bottom: .3rem; align-items: end; }
    svg.heat { width: 100%; aspect-ratio: 1; border-radius: 3px; display: block; }
    .stages b { display: block; font-weight: 600; }
  `];

  render() {
    const { views, stages } = this.run;
    const [first] = views;
    const cells = first.rows * first.columns;
    return html`
      <div class="views">
        ${views.map((view) => this.#view(view))}
      </div>
      <p class="note" aria-live="polite">${this._over ?? html`${first.width} × ${first.height} pixels enter it, of which ${views.length > 1 ? "every square becomes" : "it makes"}
        ${first.rows} × ${first.columns} = ${cells} ${cells === 1 ? "cell" : "cells"}${views.length > 1 ? `, and the ${views[1].name} together ${views[1].rows * views[1].columns}` : ""}.`}</p>
      ${stages.length ? html`<h3>What the tower makes of it, part by part</h3>
        <p class="muted small">The colour of a cell is the length of its vector: dark is weak, bright is strong${stages.some(({ path }) => path.includes("blocks")) ? ". Every block lets the cells look at each other" : ". Every stage sees more of the neighbourhood, in fewer cells and more numbers"}.</p>
        <div class="stages">${stages.map((stage) => this.#stage(stage))}</div>` : html`<p class="muted">There is no tower: the pixels of every cell go straight among the words.</p>`}`;
  }

  #view(view) {
    const cells = view.rows * view.columns;
    const aspect = (view.width / view.columns) / (view.height / view.rows);
    return html`<figure>
      ${cells > MANY ? html`<img class="whole" src=${view.picture} alt=${view.name}>` : html`
        <div class="cut" style=${styleMap({ gridTemplateColumns: `repeat(${view.columns}, 1fr)`, "--aspect": String(aspect) })} @pointerleave=${() => { this._over = null; }}>
          ${Array.from({ length: cells }, (_, place) => this.#cell(view, Math.floor(place / view.columns), place % view.columns))}
        </div>`}
      <figcaption>${view.name}: ${view.rows} × ${view.columns} ${view.rows * view.columns > 1 ? "cells" : "cell"} of ${Math.round(view.width / view.columns)} × ${Math.round(view.height / view.rows)} pixels</figcaption>
    </figure>`;
  }

  #cell(view, row, column) {
    const across = view.columns > 1 ? (100 * column) / (view.columns - 1) : 0;
    const down = view.rows > 1 ? (100 * row) / (view.rows - 1) : 0;
    const pixels = [Math.round((column * view.width) / view.columns), Math.round((row * view.height) / view.rows)];
    return html`<i style=${styleMap({ background: `url("${view.picture}") ${across}% ${down}% / ${100 * view.columns}% ${100 * view.rows}%` })}
      @pointerenter=${() => { this._over = html`Cell in row ${row + 1}, column ${column + 1}: pixels from ${pixels[0]}, ${pixels[1]} on. <span style=${thumbnail(view, row, column, 1.5)}></span>`; }}></i>`;
  }

  #stage(stage) {
    const name = named(stage.path);
    const low = Math.min(...stage.strength), high = Math.max(...stage.strength);
    return html`<figure title=${stage.path}>
      ${heatmap(stage, `${name}: strength of ${stage.rows} by ${stage.columns} cells`)}
      <figcaption><b>${name}</b>${shape(stage.shape)}<br><span class="number">${shown(low, 1)} to ${shown(high, 1)}</span></figcaption>
    </figure>`;
  }
}

function named(path) {
  const [, block] = /blocks\.(\d+)$/.exec(path) ?? [];
  const [, stage] = /stages\.(\d+)$/.exec(path) ?? [];
  if (block !== undefined) return `Block ${Number(block) + 1}`;
  if (stage !== undefined) return `Stage ${Number(stage) + 1}`;
  return { "vision.patches": "Patches", "vision.stem": "Stem", "vision.norm": "Norm", "vision.narrow": "Before the codes", "pixels.stem": "Stem" }[path] ?? path ?? nothing;
}
customElements.define("inside-seen", Seen);
