// <ask-found>: a picture with boxes and masks over it. `picture` is a kept one, `objects` are as /api/detect has them,
// `size` is [width, height] of the picture in pixels; all but `chosen` are pale, if one is.
import { LitElement, css, html, nothing, styleMap, svg } from "/web/vendor/lit.js";
import { look } from "/web/parts/look.js";
import "/web/parts/pictures/frame.js";

const HUES = ["#e4572e", "#1a8fe3", "#17a673", "#c44fd0", "#d99a00", "#0ea5b7", "#7a6ff0", "#d6336c"];

/** A colour for each object, the same for one label. */
export function hues(objects) {
  const labels = [...new Set(objects.map(({ label }) => label))];
  return objects.map(({ label }) => HUES[labels.indexOf(label) % HUES.length]);
}

class Found extends LitElement {
  static properties = {
    picture: {}, objects: { attribute: false }, size: { attribute: false }, chosen: { attribute: false },
  };
  static styles = [look, css`
    svg, canvas { position: absolute; inset: 0; width: 100%; height: 100%; }
    rect { fill: none; vector-effect: non-scaling-stroke; transition: opacity .12s; }
    .tag {
      position: absolute; transform: translateY(-100%); color: #fff; font-size: .78rem; line-height: 1.5;
      padding: 0 .4rem; border-radius: .25rem .25rem .25rem 0; white-space: nowrap; font-weight: 600;
      transition: opacity .12s;
    }
    .tag.inside { transform: none; border-radius: 0 0 .25rem; }
    .pale { opacity: .2; }
  `];

  render() {
    const [width, height] = this.size;
    const colours = hues(this.objects);
    return html`<sr-frame .picture=${this.picture} alt=${`The picture, with ${this.objects.length} boxes`}><div>
      <canvas></canvas>
      <svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" aria-hidden="true">
        ${this.objects.map((each, index) => this.#box(each, index, colours[index]))}
      </svg>
      ${this.objects.map((each, index) => (each.label ? this.#tag(each, index, colours[index]) : nothing))}
    </div></sr-frame>`;
  }

  /** A line of the colour on a wider dark one, which is seen on everything. */
  #box({ pixels: { x_min: left, y_min: top, x_max: right, y_max: bottom } }, index, colour) {
    const line = (stroke, thick) => svg`<rect x=${left} y=${top} width=${right - left} height=${bottom - top}
      stroke=${stroke} stroke-width=${thick}></rect>`;
    return svg`<g class=${this.#pale(index)}>${line("rgb(10 14 20 / .75)", 4.5)}${line(colour, 2.5)}</g>`;
  }

  #tag({ label, box }, index, colour) {
    const inside = box.y_min < 0.06 ? "inside" : "";
    const style = { left: `${100 * box.x_min}%`, top: `${100 * box.y_min}%`, background: colour };
    return html`<span class="tag ${inside} ${this.#pale(index)}" style=${styleMap(style)}>${label}</span>`;
  }

  #pale(index) {
    return this.chosen != null && this.chosen !== index ? "pale" : "";
  }

  updated() {
    const canvas = this.renderRoot.querySelector("canvas");
    const masked = this.objects.map((each, index) => [each, index]).filter(([{ mask }]) => mask);
    canvas.hidden = !masked.length;
    if (!masked.length) return;
    [canvas.width, canvas.height] = this.size;
    const context = canvas.getContext("2d");
    const pixels = context.createImageData(canvas.width, canvas.height);
    const colours = hues(this.objects);
    for (const [{ mask }, index] of masked) {
      fill(pixels, mask, colours[index], this.#pale(index) ? 40 : 130);
    }
    context.putImageData(pixels, 0, 0);
  }
}

/** Colours the pixels of a mask: run lengths, column by column, outside first. */
function fill(pixels, { size: [height], counts }, colour, opacity) {
  const [red, green, blue] = colour.match(/\w\w/g).map((part) => parseInt(part, 16));
  let place = 0;
  counts.forEach((count, turn) => {
    for (const end = place + count; place < end; place++) {
      const [row, column] = [place % height, Math.floor(place / height)];
      if (turn % 2) pixels.data.set([red, green, blue, opacity], 4 * (row * pixels.width + column));
    }
  });
}
customElements.define("ask-found", Found);
