// <scores-section>: a part of a report: its heading, and charts, tables, pictures and words from top to bottom.
import { LitElement, css, html, nothing } from "/web/vendor/lit.js";
import { look } from "/web/parts/look.js";
import "/web/pages/scores/table.js";
import "/web/parts/chart.js";

const NARROW = matchMedia("(max-width: 560px)");

class Part extends LitElement {
  static properties = { section: { attribute: false }, dark: { attribute: false } };
  static styles = [look, css`
    :host { border-top: 1px solid var(--line); margin-top: 1.8rem; padding-top: 1.3rem; scroll-margin-top: 4rem; }
    .lead { color: var(--muted); margin: .25rem 0 .6rem; }
    .pieces { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1.8rem 2.2rem; margin-top: 1rem; }
    .pieces > * { grid-column: 1 / -1; min-width: 0; margin: 0; }
    .pieces > .curves { grid-column: auto; }
    .note { color: var(--muted); font-size: .85rem; margin-top: .45rem; }
    figcaption, h4 { font-weight: 600; font-size: .95rem; margin: 0 0 .45rem; }
    .gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); gap: 1rem; list-style: none; margin: 0; padding: 0; }
    .gallery.roomy { grid-template-columns: repeat(auto-fill, minmax(min(100%, 14rem), 1fr)); }
    .gallery img { display: block; width: 100%; height: 8.5rem; object-fit: contain; background: var(--raised); border-radius: .4rem; margin-bottom: .35rem; }
    .gallery p { font-size: .82rem; line-height: 1.4; color: var(--muted); }
    .gallery img + p { color: var(--text); font-weight: 600; }
    dl { display: grid; grid-template-columns: minmax(6rem, 11rem) minmax(0, 1fr); gap: .25rem 1rem; font-size: .85rem; margin: .5rem 0 0; }
    dt { color: var(--muted); } dd { margin: 0; white-space: pre-wrap; }
    .tiles { grid-template-columns: repeat(auto-fit, minmax(min(100%, 11rem), 1fr)); gap: .7rem; }
    .tiles div { border: 1px solid var(--line); border-radius: var(--round); padding: .7rem .9rem; }
    .tiles .value { font-size: 1.5rem; font-weight: 620; letter-spacing: -.015em; color: var(--text); font-variant-numeric: tabular-nums; line-height: 1.25; }
    summary { cursor: pointer; color: var(--muted); font-size: .9rem; width: fit-content; }
    pre { padding: .6rem .8rem; background: var(--raised); border: 1px solid var(--line); border-radius: .4rem; font: .82rem/1.5 var(--mono); overflow-x: auto; }
    ul.links { margin: .3rem 0 0; padding-left: 1.1rem; font-size: .9rem; }
    .words p + p { margin-top: .5rem; }
    @media (max-width: 720px) { .pieces > .curves { grid-column: 1 / -1; } dl { grid-template-columns: minmax(0, 1fr); gap: 0; } dd { margin-bottom: .4rem; } .tiles { grid-template-columns: 1fr 1fr; } }
  `];

  render() {
    const { title, lead, pieces } = this.section;
    return html`<h2>${title}</h2>${lead ? html`<p class="lead">${lead}</p>` : nothing}
      <div class="pieces">${pieces.map((piece) => this.#piece(piece))}</div>`;
  }

  #piece(piece) {
    const title = piece.title ? html`<figcaption>${piece.title}</figcaption>` : nothing;
    const note = piece.note ? html`<p class="note">${piece.note}</p>` : nothing;
    switch (piece.kind) {
      case "chart":
        return html`<figure class=${piece.shape}>${title}
          <sr-chart .option=${piece.option} .dark=${this.dark} .height=${NARROW.matches ? piece.phone : piece.height}></sr-chart>${note}</figure>`;
      case "table":
        return html`<figure>${title}<scores-table .columns=${piece.columns} .rows=${piece.rows} .label=${piece.title}></scores-table>${note}</figure>`;
      case "gallery":
        return html`<figure>${title}<ul class="gallery ${piece.roomy ? "roomy" : ""}">${piece.pictures.map(({ source, lines, entries }) => html`<li>
          ${source ? html`<img src=${source} alt=${lines[0] ?? "A picture"}>` : nothing}${lines.map((line) => html`<p>${line}</p>`)}${entriesOf(entries)}</li>`)}</ul>${note}</figure>`;
      case "tiles":
        return html`<figure>${title}<dl class="tiles">${piece.tiles.map(({ name, value, note: more }) => html`<div><dt>${name}</dt><dd class="value">${value}</dd>${more ? html`<dd class="note">${more}</dd>` : nothing}</div>`)}</dl></figure>`;
      case "words":
        return html`<div class="words">${piece.title ? html`<h4>${piece.title}</h4>` : nothing}${piece.paragraphs.map((text) => html`<p>${text}</p>`)}
          ${piece.code ? html`<pre tabindex="0">${piece.code}</pre>` : nothing}
          ${piece.links.length ? html`<ul class="links">${piece.links.map((link) => html`<li>${linkOf(link)}</li>`)}</ul>` : nothing}</div>`;
      case "details":
        return html`<details><summary>${piece.title}</summary>${entriesOf(piece.entries)}</details>`;
      default:
        return nothing;
    }
  }
}

const entriesOf = (entries) => entries.length ? html`<dl>${entries.map(([name, text]) => html`<dt>${name}</dt><dd>${text}</dd>`)}</dl>` : nothing;

/** A link, if it leads to the web: other addresses may be programs. */
const linkOf = ({ shown, address }) => /^https?:\/\//.test(address)
  ? html`<a href=${address} target="_blank" rel="noopener noreferrer">${shown}</a>` : html`${shown}`;
customElements.define("scores-section", Part);
