// Draws the live figures of the documentation: <div class="figure" data-figure="NAME"></div>.
// Each file was made by the project itself (recipes/figures) and names the command that makes it again.
import { chart } from "./parts/chart.js";
import { contrast } from "./parts/contrast.js";
import { flow } from "./parts/flow.js";
import { maps } from "./parts/maps.js";
import { make } from "./parts/make.js";
import { points } from "./parts/points.js";
import { tokens } from "./parts/tokens.js";

const KINDS = { chart, contrast, flow, maps, points, tokens };

const draw = async (place) => {
  const address = new URL(`data/${place.dataset.figure}.json`, import.meta.url);
  const figure = make("figure", { class: "live" });
  place.replaceChildren(figure);
  try {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${answer.status}`);
    const told = await answer.json();
    const inside = make("div", { class: "inside" });
    figure.append(
      make("h4", {}, told.title),
      inside,
      make("figcaption", {}, told.says, make("span", { class: "made" }, "Made by ", make("code", {}, told.command))),
    );
    KINDS[told.kind](inside, told);
  } catch (error) {
    figure.append(make("p", { class: "missing" }, "This figure is made by ", make("code", {}, "make docs"),
      ", and is read from a server: ", make("code", {}, "python -m http.server -d site"), `. (${error.message})`));
  }
};

const drawAll = () => document.querySelectorAll(".figure[data-figure]:empty").forEach(draw);
drawAll();
