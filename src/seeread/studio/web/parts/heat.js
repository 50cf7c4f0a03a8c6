// <sr-heat>: a picture under a map. `picture` is a kept one, `map` is {rows, columns, values, area, faithfulness, about}:
// values row by row, not below zero; area {left, top, right, bottom} in shares of the picture; faithfulness {believed,
// verdict} or null. A map that is not to be believed is drawn grey. `strength` 0 to 1; `cells` draws squares, not blurred.
import { pictureAt } from "/web/api.js";
import { LitElement, css, html, nothing } from "/web/vendor/lit.js";
import { look } from "/web/parts/look.js";

const STOPS = [[0, 0, 4], [40, 11, 84], [101, 21, 110], [159, 42, 99], [212, 72, 66], [245, 125, 21], [250, 193, 39], [252, 255, 164]];

/** Red, green and blue, 0 to 255, of a share from 0 to 1: dark to bright as the eye has it (matplotlib's inferno). */
export function heatColour(share) {
  const place = Math.min(Math.max(share, 0), 1) * (STOPS.length - 1);
  const low = Math.min(Math.floor(place), STOPS.length - 2);
  return STOPS[low].map((from, channel) => Math.round(from + (place - low) * (STOPS[low + 1][channel] - from)));
}

const grey = (share) => { const level = Math.round(70 + 160 * share); return [level, level, level]; };

/** The map as a small picture of one pixel a cell; what is cold is clear. */
export function painted({ rows, columns, values, faithfulness }, strength = 0.85) {
  const cells = values.flat();
  const most = Math.max(...cells, 1e-12);
  const colour = faithfulness?.believed === false ? grey : heatColour;
  const canvas = document.createElement("canvas");
  canvas.width = columns;
  canvas.height = rows;
  const pixels = new ImageData(columns, rows);
  cells.forEach((value, index) => {
    const share = value / most;
    pixels.data.set([...colour(share), Math.round(255 * strength * Math.min(1, 0.12 + 0.88 * share))], 4 * index);
  });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}

class Heat extends LitElement {
  static properties = { picture: {}, map: { attribute: false }, strength: { type: Number }, cells: { type: Boolean }, alt: {} };
  static styles = [look, css`
    figure { margin: 0; position: relative; display: grid; }
    .both { position: relative; justify-self: center; max-width: 100%; line-height: 0; }
    img { display: block; max-width: 100%; max-height: min(60vh, 32rem); min-width: min(100%, 14rem); border-radius: inherit; }
    canvas { position: absolute; pointer-events: none; }
    figcaption { line-height: 1.4; font-size: .85rem; color: var(--muted); padding: .45rem .2rem 0; }
    figcaption.doubted { color: var(--warn); }
  `];

  render() {
    const doubted = this.map?.faithfulness?.believed === false;
    return html`<figure>
      <div class="both">
        <img src=${pictureAt(this.picture, 1024)} alt=${this.alt ?? (this.map ? `Where in the picture "${this.map.about}" comes from` : "The picture")}>
        <canvas></canvas>
      </div>
      ${this.map?.faithfulness ? html`<figcaption class=${doubted ? "doubted" : ""}>${this.map.faithfulness.verdict}</figcaption>` : nothing}
    </figure>`;
  }

  updated() {
    const canvas = this.renderRoot.querySelector("canvas");
    canvas.hidden = !this.map;
    if (!this.map) return;
    const { left, top, right, bottom } = this.map.area ?? { left: 0, top: 0, right: 1, bottom: 1 };
    Object.assign(canvas.style, { left: `${100 * left}%`, top: `${100 * top}%`, width: `${100 * (right - left)}%`, height: `${100 * (bottom - top)}%` });
    const small = painted(this.map, this.strength ?? 0.8);
    const grain = this.cells ? 1 : Math.max(1, Math.ceil(448 / Math.max(small.width, small.height)));
    canvas.width = small.width * grain;
    canvas.height = small.height * grain;
    canvas.style.imageRendering = this.cells ? "pixelated" : "auto";
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = !this.cells;
    context.imageSmoothingQuality = "high";
    context.drawImage(small, 0, 0, canvas.width, canvas.height);
  }
}
customElements.define("sr-heat", Heat);
