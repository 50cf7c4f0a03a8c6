// <sr-heat>: a picture under a map. `picture` is a kept one, `map` is {rows, columns, values, area, box, about,
// faithfulness}: values row by row, not below zero; area {left, top, right, bottom} in shares of the picture;
// faithfulness {believed, verdict} or null. A map that is not to be believed is grey. `cells` draws squares.
import { LitElement, css, html, nothing, styleMap } from "/web/vendor/lit.js";
import { look } from "/web/parts/look.js";
import { COVERED, ramp } from "/web/parts/pictures/ramp.js";
import "/web/parts/pictures/frame.js";

const FINE = 224; // pixels along the longer side of a map that is drawn smoothly

/** Where a share is so hot, how much of the picture is hidden: little where there is little. */
const cover = (share) => {
  const rising = Math.min(Math.max((share - 0.08) / 0.5, 0), 1);
  return COVERED * rising * rising * (3 - 2 * rising);
};

/** The map as a canvas: smooth between the middles of its cells, or one pixel a cell. */
export function painted({ rows, columns, values, faithfulness }, { strength = 1, cells = false } = {}) {
  const grid = values.flat();
  const least = Math.min(...grid), range = Math.max(...grid) - least || 1; // as the library's own pictures are drawn
  const colours = ramp(faithfulness?.believed !== false);
  const grain = cells ? 1 : Math.max(1, Math.ceil(FINE / Math.max(rows, columns)));
  const canvas = document.createElement("canvas");
  canvas.width = columns * grain;
  canvas.height = rows * grain;
  const pixels = new ImageData(canvas.width, canvas.height);
  for (let y = 0, place = 0; y < canvas.height; y++) {
    for (let x = 0; x < canvas.width; x++, place += 4) {
      const [down, across] = [(y + 0.5) / grain - 0.5, (x + 0.5) / grain - 0.5]; // cells from the first one's middle
      const value = between(grid, rows, columns, down, across);
      const share = Math.min(Math.max((value - least) / range, 0), 1);
      pixels.data.set(colours[Math.round(255 * share)], place);
      pixels.data[place + 3] = Math.round(255 * strength * cover(share));
    }
  }
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}

/** A value between cells, cubic as pictures are enlarged. */
function between(grid, rows, columns, y, x) {
  const top = Math.floor(y), left = Math.floor(x);
  let sum = 0;
  for (let down = -1; down <= 2; down++) {
    const weight = cubic(y - top - down);
    if (!weight) continue;
    const row = Math.min(Math.max(top + down, 0), rows - 1) * columns;
    for (let across = -1; across <= 2; across++) {
      sum += weight * cubic(x - left - across) * grid[row + Math.min(Math.max(left + across, 0), columns - 1)];
    }
  }
  return sum;
}

const cubic = (far) => {
  const t = Math.abs(far);
  if (t < 1) return 1.5 * t ** 3 - 2.5 * t ** 2 + 1;
  return t < 2 ? -0.5 * t ** 3 + 2.5 * t ** 2 - 4 * t + 2 : 0;
};

class Heat extends LitElement {
  static properties = {
    picture: {}, map: { attribute: false }, strength: { type: Number }, cells: { type: Boolean }, alt: {},
    wordless: { type: Boolean },
  };
  static styles = [look, css`
    figure { margin: 0; }
    .over > * { position: absolute; }
    canvas { animation: appear .25s; }
    @keyframes appear { from { opacity: 0; } }
    .unseen { box-shadow: 0 0 0 200vmax rgb(0 0 0 / .55); }
    .box { border: 2px solid #fff; outline: 1px solid rgb(20 20 24); box-shadow: inset 0 0 0 1px rgb(20 20 24); }
    figcaption { line-height: 1.4; font-size: .85rem; color: var(--muted); padding: .45rem .2rem 0; }
    figcaption.doubted { color: var(--warn); }
  `];

  render() {
    const { area, box, faithfulness, about } = this.map ?? {};
    const whole = !area || (area.left < 0.01 && area.top < 0.01 && area.right > 0.99 && area.bottom > 0.99);
    const doubted = faithfulness?.believed === false;
    const alt = this.alt ?? (this.map ? `Where in the picture “${about}” comes from` : "The picture");
    return html`<figure>
      <sr-frame .picture=${this.picture} .alt=${alt} ?pale=${this.map}><div class="over">
        ${whole ? nothing : html`<div class="unseen" style=${styleMap(placed(area))}></div>`}
        <canvas ?hidden=${!this.map} style=${styleMap(placed(area))}></canvas>
        ${box ? html`<div class="box" style=${styleMap(placed(areaOf(box)))}></div>` : nothing}
      </div></sr-frame>
      ${faithfulness && !this.wordless
        ? html`<figcaption class=${doubted ? "doubted" : ""}>${faithfulness.verdict}</figcaption>`
        : nothing}
    </figure>`;
  }

  updated(changed) {
    if (!this.map || !(changed.has("map") || changed.has("strength") || changed.has("cells"))) return;
    const canvas = this.renderRoot.querySelector("canvas");
    const drawn = painted(this.map, { strength: this.strength ?? 1, cells: this.cells });
    canvas.width = drawn.width;
    canvas.height = drawn.height;
    canvas.style.imageRendering = this.cells ? "pixelated" : "auto";
    canvas.getContext("2d").drawImage(drawn, 0, 0);
  }
}

const areaOf = ({ x_min: left, y_min: top, x_max: right, y_max: bottom }) => ({ left, top, right, bottom });
const percent = (share) => `${100 * share}%`;
const placed = ({ left, top, right, bottom } = { left: 0, top: 0, right: 1, bottom: 1 }) => ({
  left: percent(left), top: percent(top), width: percent(right - left), height: percent(bottom - top),
});
customElements.define("sr-heat", Heat);
