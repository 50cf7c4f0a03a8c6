// <inside-result>: what comes out: how alike picture and texts are, or word by word what was likeliest.
import { LitElement, css, html, nothing } from "/web/vendor/lit.js";
import { look } from "/web/parts/look.js";
import "/web/parts/bars.js";
import { percent, shown, written } from "/web/pages/inside/drawing.js";
import { style } from "/web/pages/inside/style.js";

class Result extends LitElement {
  static properties = { run: { attribute: false }, _place: { state: true } };
  static styles = [look, style, css`
    .token { cursor: pointer; flex-direction: column; padding: .15rem .5rem; }
    .token small { color: var(--muted); font-size: .72rem; }
    sr-bars { max-width: 34rem; }
    table { width: auto; }
    td.figure, th.figure { text-align: right; white-space: nowrap; }
  `];

  willUpdate(changed) {
    if (changed.has("run")) this._place = 0;
  }

  render() {
    return this.run.result.kind === "labels" ? this.#labels() : this.#answer();
  }

  #labels() {
    const { labels, scores, shares, cosines, scale, bias, loss } = this.run.result;
    const best = shares.indexOf(Math.max(...shares));
    return html`
      ${cosines ? html`<p>Picture and text are one vector each, both of length 1. Their cosine says how alike they point; times ${shown(scale)}${bias === null ? "" : html`, ${bias < 0 ? "less" : "plus"} ${shown(Math.abs(bias))}`}, which the model has learned, it is the score.</p>
        <div class="scroll"><table><thead><tr><th>text</th><th class="figure">cosine</th><th class="figure">× ${shown(scale)}${bias === null ? "" : ` ${bias < 0 ? "−" : "+"} ${shown(Math.abs(bias))}`}</th><th class="figure">${loss === "softmax" ? "share of all" : "on its own"}</th></tr></thead>
          <tbody>${labels.map((label, place) => html`<tr><td>${label}</td><td class="figure">${shown(cosines[place], 3)}</td><td class="figure">${shown(scores[place])}</td><td class="figure">${percent(shares[place])}</td></tr>`)}</tbody></table></div>` : nothing}
      <p class="muted small">${loss === "softmax" ? (labels.length > 1 || !cosines ? "The shares add up to 100 %: the model picks among these texts, even where none of them fits." : "With a single text its share is always 100 %. Give several, with ; between them.") : "Each text is judged on its own: all may fit, or none."}</p>
      <sr-bars .bars=${labels.map((label, place) => ({ label, value: shares[place], shown: percent(shares[place]), marked: place === best }))}></sr-bars>`;
  }

  #answer() {
    const { tokens } = this.run.result;
    const now = tokens[Math.min(this._place, tokens.length - 1)];
    return html`
      <p>At every place the last vector is compared with all words; the likeliest is written, and read in turn.</p>
      <div class="tokens">${tokens.map((token, place) => html`
        <button class="token answer" aria-pressed=${String(place === this._place)} @click=${() => { this._place = place; }} @pointerenter=${() => { this._place = place; }}>${token.text === null ? "end" : written(token.text)}<small>${token.share === null ? "" : percent(token.share)}</small></button>`)}</div>
      <sr-bars .most=${Math.max(...now.likeliest.map(({ value }) => value))} .bars=${now.likeliest.map(({ text, value }, place) => ({ label: `${place + 1}. ${written(text)}`, value, shown: percent(value), marked: text === now.text }))}></sr-bars>`;
  }
}
customElements.define("inside-result", Result);
