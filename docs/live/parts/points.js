// Pictures and texts on one map, as they are or with the gap between them closed.
import { isNight, make, onNight } from "./make.js";
import { library } from "./chart.js";

const tooltip = ({ data }) => {
  const box = make("div", { class: "tip" });
  if (data.picture) box.append(make("img", { src: data.picture, alt: "" }));
  box.append(make("span", {}, data.picture ? `most like: ${data.name}` : data.name));
  return box;
};

export const points = async (place, told) => {
  const echarts = await library();
  const map = make("div", { class: "map" });
  const button = make("button", { type: "button", "aria-pressed": "false" }, "Close the gap");
  place.append(make("p", { class: "words" }, button), map);
  const drawn = echarts.init(map, null, { renderer: "svg" });
  const show = () => {
    const night = isNight(), closed = button.getAttribute("aria-pressed") === "true";
    const axis = { show: false, scale: true };
    const series = (name, chosen, symbol, color) => ({
      name, type: "scatter", symbol, symbolSize: 10, itemStyle: { color, opacity: 0.75 }, universalTransition: true, animationDurationUpdate: 700,
      data: chosen.map((point) => ({ value: closed ? point.closed : point.at, name: point.name, picture: point.picture })),
    });
    drawn.setOption({
      xAxis: axis, yAxis: axis, grid: { left: 10, right: 10, top: 34, bottom: 10 },
      legend: { top: 0, left: 0, textStyle: { color: night ? "#c9ced6" : "#3b4350" } },
      tooltip: { formatter: tooltip, confine: true, backgroundColor: night ? "#20252e" : "#fff", textStyle: { color: night ? "#e7e9ed" : "#1f2430" } },
      aria: { enabled: true },
      series: [
        series("pictures", told.points.filter((one) => one.picture), "rect", night ? "#5999fb" : "#3f91dd"),
        series("sentences", told.points.filter((one) => !one.picture), "circle", night ? "#e69c3d" : "#d14b07"),
      ],
    });
  };
  button.addEventListener("click", () => {
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    show();
  });
  new ResizeObserver(() => drawn.resize()).observe(map);
  onNight(show);
  show();
};
