// One picture and one question as several models read them: the grid of the picture, and the sequence.
import { make } from "./make.js";

const named = (model) => {
  const places = model.pieces.find((piece) => piece.places)?.places ?? 0;
  const words = model.pieces.filter((piece) => !piece.places).length;
  const cells = model.rows > 1 ? `${model.rows} × ${model.columns} cells` : "all of it at once";
  const besides = model.besides ? `, and ${model.besides} tokens that are read beside the words` : "";
  return `${cells}; ${places} ${places > 1 ? "places" : "place"} among ${words} pieces of words${besides}; every token is ${model.width} numbers.`;
};

export const tokens = (place, told) => {
  const grid = make("div", { class: "cells", "aria-hidden": "true" });
  const line = make("p", { class: "sequence" }), sum = make("p", { class: "sum", "aria-live": "polite" });
  const choices = told.models.map((model) => {
    const choice = make("button", { type: "button" }, model.name);
    choice.addEventListener("click", () => {
      choices.forEach((other) => other.setAttribute("aria-pressed", other === choice));
      grid.style.setProperty("--rows", model.rows);
      grid.style.setProperty("--columns", model.columns);
      grid.replaceChildren(...Array.from({ length: model.rows * model.columns }, () => make("i")));
      line.replaceChildren(...model.pieces.map((piece) =>
        piece.places ? make("b", { class: "seen" }, `picture × ${piece.places}`) : make("span", {}, piece.text.replaceAll(" ", "␣"))));
      sum.textContent = named(model);
    });
    return choice;
  });
  place.append(make("p", { class: "words" }, ...choices),
    make("div", { class: "beside" }, make("div", { class: "picture" }, make("img", { src: told.picture, alt: "the photograph" }), grid),
      make("div", {}, line, sum)));
  choices[0].click();
};
