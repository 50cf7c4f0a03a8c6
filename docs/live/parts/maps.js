// A picture, what a model said of it, and for each word where that came from: hover, tap or focus a word.
import { make } from "./make.js";

const paint = (canvas, map) => {
  const rows = map.values.length, columns = map.values[0].length;
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d"), pixels = context.createImageData(columns, rows);
  const most = Math.max(...map.values.flat()) || 1;
  map.values.flat().forEach((value, place) => {
    const strength = value / most;
    const [red, green, blue] = map.believed ? [255, 140 - 90 * strength, 20] : [128, 128, 128];
    pixels.data.set([red, green, blue, 215 * strength], 4 * place);
  });
  context.putImageData(pixels, 0, 0);
  const { left, top, right, bottom } = map.area;
  canvas.style.cssText = `left:${100 * left}%;top:${100 * top}%;width:${100 * (right - left)}%;height:${100 * (bottom - top)}%`;
};

export const maps = (place, told) => {
  const shown = told.pictures.map((one) => {
    const canvas = make("canvas", { "aria-hidden": "true" }), verdict = make("small", { class: "verdict" });
    const words = one.maps.map((map) => {
      const word = make("button", { type: "button", class: map.believed ? "" : "doubted" }, map.about);
      const choose = () => {
        words.forEach((other) => other.setAttribute("aria-pressed", other === word));
        paint(canvas, map);
        verdict.textContent = map.verdict;
      };
      for (const event of ["pointerenter", "focus", "click"]) word.addEventListener(event, choose);
      return word;
    });
    queueMicrotask(() => (words[one.maps.findIndex((map) => map.believed)] ?? words[0])?.click());
    return make("div", { class: "mapped" }, make("div", { class: "picture" }, make("img", { src: one.picture, alt: one.asked }), canvas),
      make("small", {}, one.asked), make("p", { class: "words" }, ...words), verdict);
  });
  place.append(make("div", { class: "maps" }, ...shown));
};
