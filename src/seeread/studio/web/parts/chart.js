// <sr-chart>: a chart of ECharts. `option` is one of its options, `height` pixels. Follows day, night and its width.
// The events of ECharts named in `watch` come out as "chart" with {name, event}; `chart` is the instance itself.
import { LitElement, css, html } from "/web/vendor/lit.js";

let loading = null;
/** ECharts, fetched when the first chart wants it. */
export const echarts = () => (loading ??= new Promise((resolve, reject) => {
  const script = document.createElement("script");
  script.src = "/web/vendor/echarts.js";
  script.onload = () => resolve(window.echarts);
  script.onerror = () => { loading = null; reject(new Error("The charts' library cannot be read.")); };
  document.head.append(script);
}));

/** A colour of the page as it is now, such as colour("--muted"). */
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

class Chart extends LitElement {
  static properties = {
    option: { attribute: false }, height: { type: Number }, watch: { attribute: false }, dark: { attribute: false },
    renderer: {},
  };
  static styles = css`:host { display: block; min-width: 0; } div { width: 100%; }`;
  chart = null;
  #watched = null;

  connectedCallback() {
    super.connectedCallback();
    document.addEventListener("theme", this.#themed);
    if (this.hasUpdated) this.requestUpdate();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    document.removeEventListener("theme", this.#themed);
    this.#watched?.disconnect();
    this.chart?.dispose();
    this.chart = null;
  }

  render() {
    return html`<div style="height:${this.height || 320}px"></div>`;
  }

  async updated(changed) {
    if (!this.option) return;
    const library = await echarts();
    if (!this.isConnected) return;
    if (!this.chart) this.#begin(library);
    if (changed.has("height")) this.chart.resize();
    this.#draw();
  }

  #begin(library) {
    const place = this.renderRoot.querySelector("div");
    this.chart = library.init(place, null, { renderer: this.renderer ?? "svg" });
    for (const name of this.watch ?? []) {
      this.chart.on(name, (event) => this.dispatchEvent(new CustomEvent("chart", { detail: { name, event } })));
    }
    this.#watched = new ResizeObserver(() => this.chart?.resize());
    this.#watched.observe(place);
  }

  #draw() {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const dark = document.documentElement.dataset.theme === "dark";
    const option = dark && this.dark ? recoloured(this.option, "", this.dark) : this.option;
    this.chart.setOption({
      ...option,
      ...(calm ? { animation: false } : {}),
      backgroundColor: "transparent",
      textStyle: { fontFamily: colour("--sans"), color: colour("--text"), ...option.textStyle },
    }, true);
  }

  #themed = () => { if (this.chart) this.#draw(); };
}

/** An option of the library's charts in other colours, as their pages do it: `dark` has them by those of daylight. */
const recoloured = (value, name, dark) => {
  if (Array.isArray(value)) return value.map((one) => recoloured(one, name, dark));
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, recoloured(one, key, dark)]));
  }
  return typeof value === "string" && /color$/i.test(name) ? (dark[value] ?? value) : value;
};
customElements.define("sr-chart", Chart);
