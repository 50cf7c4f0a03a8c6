// An option of ECharts, in the colours of day and of night.
import { isNight, make, onNight } from "./make.js";

let loading;
export const library = () =>
  (loading ??= new Promise((resolve, reject) => {
    const script = make("script", { src: new URL("../echarts.min.js", import.meta.url) });
    script.onload = () => resolve(window.echarts);
    script.onerror = () => reject(new Error("the charts' library is not there"));
    document.head.append(script);
  }));

// The option with other colours; only what is named a colour is one, whatever a label says.
const recoloured = (value, dark, name = "") => {
  if (Array.isArray(value)) return value.map((one) => recoloured(one, dark, name));
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, recoloured(one, dark, key)]));
  }
  return typeof value === "string" && /color$/i.test(name) ? (dark[value] ?? value) : value;
};

export const chart = async (place, told) => {
  const echarts = await library();
  const narrow = () => place.clientWidth < 560;
  place.style.height = `${narrow() ? told.phone : told.height}px`;
  const drawn = echarts.init(place, null, { renderer: "svg" });
  const show = () => {
    const option = isNight() ? recoloured(told.option, told.dark) : structuredClone(told.option);
    drawn.setOption(option, true);
  };
  new ResizeObserver(() => {
    place.style.height = `${narrow() ? told.phone : told.height}px`;
    drawn.resize();
  }).observe(place);
  onNight(show);
  show();
};
