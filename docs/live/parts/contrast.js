// Cosines of pictures and texts, and what a contrastive loss makes of them at any temperature.
import { make } from "./make.js";

const softmax = (row) => {
  const most = Math.max(...row);
  const each = row.map((value) => Math.exp(value - most));
  const all = each.reduce((a, b) => a + b);
  return each.map((value) => value / all);
};
const mean = (values) => values.reduce((a, b) => a + b) / values.length;
const columns = (rows) => rows[0].map((_, place) => rows.map((row) => row[place]));

const LOSSES = {
  InfoNCE: (logits) => {
    const byPicture = logits.map(softmax), byText = columns(logits).map(softmax);
    const loss = (rows) => mean(rows.map((row, place) => -Math.log(row[place])));
    return { shares: byPicture, loss: (loss(byPicture) + loss(byText)) / 2 };
  },
  sigmoid: (logits) => {
    const middle = mean(logits.flat()); // stands for the bias that such a model learns
    const shares = logits.map((row) => row.map((value) => 1 / (1 + Math.exp(middle - value))));
    const each = shares.map((row, y) => row.map((share, x) => -Math.log(x === y ? share : 1 - share)));
    return { shares, loss: each.flat().reduce((a, b) => a + b) / logits.length };
  },
};

export const contrast = (place, told) => {
  const cells = [];
  const table = make("table", { class: "contrast" });
  table.append(make("tr", {}, make("td"), ...told.texts.map((text) => make("th", { scope: "col" }, text))));
  told.pictures.forEach((picture, y) => {
    const row = make("tr", {}, make("th", { scope: "row" }, make("img", { src: picture, alt: told.texts[y] })));
    cells.push(told.texts.map((_, x) => {
      const cell = make("td", { class: x === y ? "own" : "" }, make("b"), make("small", {}, told.cosines[y][x].toFixed(2)));
      row.append(cell);
      return cell;
    }));
    table.append(row);
  });

  const slider = make("input", { type: "range", min: "-2.3", max: "0", step: "0.01", "aria-label": "temperature" });
  slider.value = Math.log10(1 / told.scale);
  const shown = make("output"), figures = make("p", { class: "sum", "aria-live": "polite" });
  const kind = make("select", { "aria-label": "loss" }, ...Object.keys(LOSSES).map((name) => make("option", {}, name)));
  const show = () => {
    const temperature = 10 ** slider.value;
    const { shares, loss } = LOSSES[kind.value](told.cosines.map((row) => row.map((cosine) => cosine / temperature)));
    shares.forEach((row, y) => row.forEach((share, x) => {
      cells[y][x].style.setProperty("--share", share.toFixed(3));
      cells[y][x].firstChild.textContent = `${(100 * share).toFixed(share < 0.095 ? 1 : 0)}%`;
    }));
    const right = shares.filter((row, y) => row[y] === Math.max(...row)).length;
    shown.textContent = temperature.toFixed(3);
    figures.replaceChildren(make("span", {}, "loss ", make("b", {}, loss.toFixed(3))),
      make("span", {}, "own text is the likeliest for ", make("b", {}, `${right} of ${shares.length}`)),
      make("span", {}, "learned temperature ", make("b", {}, (1 / told.scale).toFixed(3))));
  };
  slider.addEventListener("input", show);
  kind.addEventListener("input", show);
  place.append(make("div", { class: "controls" }, make("label", {}, "Loss ", kind),
    make("label", {}, "Temperature ", slider, " ", shown)), make("div", { class: "scroll" }, table), figures);
  show();
};
