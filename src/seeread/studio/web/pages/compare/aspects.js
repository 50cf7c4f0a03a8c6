// <compare-aspects>: the table of models by aspects, read off the models. `chosen` are names; with `only` rows in which
// all are alike are left out.
import { follow, isStopped } from "/web/api.js";
import { LitElement, css, html, nothing } from "/web/vendor/lit.js";
import { look } from "/web/parts/look.js";
import "/web/parts/busy.js";
import "/web/parts/trouble.js";

const PARTS = { sight: "on sight alone", words: "on words alone", both: "on both" };
const KNOWN = { stated: "stated by its publishers", reported: "reported in a paper" };

class Aspects extends LitElement {
  static properties = {
    chosen: { attribute: false }, only: { type: Boolean },
    _table: { state: true }, _progress: { state: true }, _trouble: { state: true },
  };
  static styles = [look, css`
    :host { --sight: light-dark(#2f74c0, #6fb0f0); --words: light-dark(#c98a2b, #e0b060); --both: light-dark(#8250b8, #c09af0); } /* as in diagrams */
    ul { margin: .5rem 0 0; padding-left: 1.1rem; display: grid; gap: .3rem; max-width: 54rem; }
    .line { display: flex; flex-wrap: wrap; gap: .4rem 1.3rem; align-items: center; font-size: .85rem; color: var(--muted); }
    .line label { display: flex; gap: .4rem; align-items: center; cursor: pointer; color: var(--text); }
    .key { display: inline-flex; gap: .35rem; align-items: center; }
    .key i { width: .75rem; height: .75rem; border-radius: .2rem; }
    .wide { max-height: none; }
    table { table-layout: fixed; }
    col.aspect { width: 11.5rem; }
    thead th { vertical-align: top; background: var(--raised); font-size: .95rem; }
    thead p { font-weight: 400; font-size: .8rem; line-height: 1.4; color: var(--muted); margin-top: .25rem; }
    th:first-child { position: sticky; left: 0; z-index: 1; background: var(--page); font-weight: 500; }
    thead th:first-child { background: var(--raised); }
    tbody.group th[scope="rowgroup"] { font-weight: 650; padding: 1.3rem .7rem .4rem; font-size: .95rem; position: static; }
    tr.alike td { color: var(--muted); }
    summary { cursor: help; list-style: none; text-decoration: underline dotted var(--muted); text-underline-offset: .25em; }
    summary::-webkit-details-marker { display: none; }
    details p { font-weight: 400; font-size: .8rem; color: var(--muted); padding: .25rem 0; }
    .more { display: block; color: var(--muted); font-size: .8rem; line-height: 1.4; margin-top: .1rem; }
    .stack-bar { display: flex; height: .5rem; border-radius: .25rem; overflow: hidden; background: var(--line); margin: .35rem 0 .25rem; }
    .stack-bar i { min-width: 0; }
    .share { height: .5rem; border-radius: .25rem; background: var(--line); margin: .35rem 0 .25rem; overflow: hidden; }
    .share i { display: block; height: 100%; background: var(--both); min-width: 1px; }
    .sight { background: var(--sight); } .words { background: var(--words); } .both { background: var(--both); }
    .mark { font-size: .72rem; color: var(--muted); border: 1px solid var(--line); border-radius: 1rem; padding: 0 .45rem; white-space: nowrap; margin-left: .3rem; text-decoration: none; }
    a.mark:hover { border-color: var(--muted); }
    .none { color: var(--muted); }
    @media (max-width: 720px) {
      .wide { border: 0; overflow: visible; }
      table, tbody, tr { display: block; min-width: 0 !important; }
      colgroup, thead { display: none; }
      th:first-child, tbody.group th[scope="rowgroup"] { position: static; display: block; border: 0; padding: .2rem 0; }
      tbody.group th[scope="rowgroup"] { padding-top: 1.4rem; font-size: 1.05rem; }
      tr.aspect { padding: .7rem 0; border-bottom: 1px solid var(--line); }
      tr.aspect > th { color: var(--muted); font-size: .85rem; }
      td { display: grid; grid-template-columns: 6.8rem minmax(0, 1fr); gap: .8rem; border: 0; padding: .25rem 0; }
      td::before { content: attr(data-model); color: var(--muted); font-size: .8rem; line-height: 1.4; padding-top: .1rem; }
      .shorts { display: grid; gap: .6rem; }
    }
    @media (min-width: 721px) { .shorts { display: none; } }
  `];
  #asked = "";
  #stop = null;

  updated() {
    const wanted = (this.chosen ?? []).join(",");
    if (wanted !== this.#asked) this.#ask(wanted);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#stop?.abort();
    this.#asked = "";
  }

  async #ask(wanted) {
    this.#asked = wanted;
    this.#stop?.abort();
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this._trouble = "";
    this._progress = { what: "Measuring" };
    try {
      const table = await follow("/api/compare", { models: this.chosen }, { progress: (progress) => { this._progress = progress; } }, { signal });
      if (!signal.aborted) this._table = table;
    } catch (error) {
      if (isStopped(error)) return;
      this._trouble = error.message;
      this._table = null;
    }
    if (!signal.aborted) this._progress = null;
  }

  render() {
    if (this._trouble) return html`<sr-trouble .message=${this._trouble}></sr-trouble>`;
    if (this._progress || !this._table) return html`<sr-busy .progress=${this._progress}></sr-busy>`;
    const { models, contrast, groups } = this._table;
    const names = models.map(({ title }) => title.replace(/^seeread\//, ""));
    const shown = groups.map(({ name, rows }) => ({ name, rows: rows.filter(({ differs }) => differs || !this.only) })).filter(({ rows }) => rows.length);
    return html`<div class="stack">
      ${contrast.length ? html`<div><h2>In short</h2><ul>${contrast.map((sentence) => html`<li>${sentence.replaceAll("seeread/", "")}</li>`)}</ul></div>` : nothing}
      <div class="shorts">${models.map(({ in_short }, place) => html`<p><strong>${names[place]}</strong><br><span class="muted small">${in_short}</span></p>`)}</div>
      <div class="line">
        ${models.length > 1 ? html`<label><input type="checkbox" .checked=${this.only} @change=${this.#toggle}> Only what differs</label>` : nothing}
        ${Object.entries(PARTS).map(([part, meaning]) => html`<span class="key"><i class=${part}></i>${meaning}</span>`)}
        <span>Everything without a mark was measured on the model's shapes.</span>
      </div>
      <div class="wide" role="region" tabindex="0" aria-label="Models by aspects"><table style="min-width:${11.5 + 13 * models.length}rem">
        <colgroup><col class="aspect">${models.map(() => html`<col>`)}</colgroup>
        <thead><tr><th scope="col"><span class="hidden">Aspect</span></th>${models.map((model, place) => html`
          <th scope="col">${names[place]}${model.known === "reported" ? mark("reported", model.source) : nothing}<p>${model.in_short}</p></th>`)}</tr></thead>
        ${shown.map(({ name, rows }) => html`<tbody class="group">
          <tr><th scope="rowgroup" colspan=${models.length + 1}>${name}</th></tr>
          ${rows.map((row) => html`<tr class="aspect ${row.differs || models.length === 1 ? "" : "alike"}">
            <th scope="row"><details><summary>${row.name}</summary><p>${row.about}</p></details></th>
            ${row.cells.map((one, place) => html`<td data-model=${names[place]}><div>${cell(row, one, models[place])}</div></td>`)}</tr>`)}
        </tbody>`)}
      </table></div>
    </div>`;
  }

  #toggle(event) {
    this.dispatchEvent(new CustomEvent("state", { detail: { only: event.target.checked ? "1" : "" }, bubbles: true, composed: true }));
  }
}

const cell = (row, one, model) => {
  if (!one) return html`<span class="none">${model.known === "reported" ? "not reported" : "–"}</span>`;
  const all = one.parts.reduce((sum, { value }) => sum + value, 0);
  const said = one.known === "reported" && model.known === "reported" ? nothing : one.known === "measured" ? nothing : mark(one.known, one.source);
  return html`${one.text}${said}
    ${all ? html`<span class="stack-bar" role="img" aria-label=${one.more}>${one.parts.map(({ name, value }) => html`<i class=${name} style="width:${(100 * value) / all}%"></i>`)}</span>` : nothing}
    ${row.id === "share" ? html`<span class="share" style="display:block"><i style="width:${100 * one.number}%"></i></span>` : nothing}
    ${one.more ? html`<span class="more ${row.id === "first" || row.id === "connector" ? "mono" : ""}">${one.more}</span>` : nothing}`;
};

const mark = (known, source) => source
  ? html`<a class="mark" href=${source.address} target="_blank" rel="noopener noreferrer" title="${KNOWN[known]}: ${source.shown}">${known}</a>`
  : html`<span class="mark" title=${KNOWN[known]}>${known}</span>`;
customElements.define("compare-aspects", Aspects);
