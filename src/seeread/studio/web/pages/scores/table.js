// <scores-table>: a table whose headings sort it: numbers by size, text as people order it, and what is empty last.
import { LitElement, css, html, nothing } from "/web/vendor/lit.js";
import { look } from "/web/parts/look.js";

const order = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
const keyOf = (cell) => (cell === null ? null : (cell.key ?? cell.shown));

class SortedTable extends LitElement {
  static properties = { columns: { attribute: false }, rows: { attribute: false }, label: {}, _by: { state: true }, _down: { state: true } };
  static styles = [look, css`
    .wide { max-height: 34rem; overflow-y: auto; }
    .few { width: fit-content; max-width: 100%; }
    .few table { width: auto; min-width: min(100%, 26rem); }
    .few th button, .few td { padding-inline: 1rem; }
    thead th { position: sticky; top: 0; background: var(--raised); padding: 0; z-index: 1; vertical-align: bottom; }
    th button { border: 0; border-radius: 0; background: none; width: 100%; text-align: inherit; font-weight: 600; padding: .45rem .7rem; min-width: 5.5rem; line-height: 1.3; }
    th button::after { content: "\\2195"; opacity: .3; margin-left: .35rem; }
    th[aria-sort="ascending"] button::after { content: "\\2191"; opacity: 1; }
    th[aria-sort="descending"] button::after { content: "\\2193"; opacity: 1; }
    .number { text-align: right; }
    td.number { white-space: nowrap; }
    th, td { overflow-wrap: break-word; }
    td:first-child { min-width: 9rem; }
    tbody tr:last-child td { border-bottom: 0; }
    tbody tr:hover td { background: var(--raised); }
  `];

  render() {
    const numeric = this.columns.map((_, place) => {
      const known = this.rows.map((row) => row[place]).filter(Boolean);
      return known.length > 0 && known.every(({ key }) => key !== null);
    });
    return html`<div class="wide ${this.columns.length < 4 ? "few" : ""}" role="region" tabindex="0" aria-label=${this.label}><table>
      <thead><tr>${this.columns.map((name, place) => html`<th scope="col" class=${numeric[place] ? "number" : ""}
        aria-sort=${place === this._by ? (this._down ? "descending" : "ascending") : nothing}>
        <button @click=${() => this.#sort(place, numeric[place])}>${name || html`<span class="hidden">name</span>`}</button></th>`)}</tr></thead>
      <tbody>${this.#sorted.map((row) => html`<tr>${row.map((cell, place) => html`<td class=${numeric[place] ? "number" : ""}>${cell?.shown ?? ""}</td>`)}</tr>`)}</tbody>
    </table></div>`;
  }

  get #sorted() {
    if (this._by === undefined) return this.rows;
    const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : order.compare(String(a), String(b)));
    return [...this.rows].sort((one, other) => {
      const [a, b] = [keyOf(one[this._by]), keyOf(other[this._by])];
      if (a === null || b === null) return (a === null) - (b === null);
      return this._down ? compare(b, a) : compare(a, b);
    });
  }

  #sort(place, number) {
    this._down = place === this._by ? !this._down : number;
    this._by = place;
  }
}
customElements.define("scores-table", SortedTable);
