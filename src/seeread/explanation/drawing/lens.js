// What each spot of the picture would say, layer by layer: the part of the page that is there for the lens.
(() => {
  "use strict";
  const { lens } = JSON.parse(document.getElementById("data").textContent);
  const find = (name) => document.getElementById(name);
  const spots = lens.places.filter((place) => place.area);
  const state = { layer: lens.layers.length - 1, spot: null };
  const shown = (word) => word.trim() || "\u2423"; // a space alone would not be seen

  find("layer").max = state.layer;
  find("layer").value = state.layer;
  find("lens-picture").src = find("picture").src;

  const cells = spots.map((spot, place) => {
    const [left, top, right, bottom] = spot.area, cell = document.createElement("button");
    cell.type = "button";
    Object.assign(cell.style, { left: `${100 * left}%`, top: `${100 * top}%`, width: `${100 * (right - left)}%`, height: `${100 * (bottom - top)}%` });
    for (const event of ["pointerenter", "focus"]) cell.addEventListener(event, () => { state.spot = place; tell(); });
    find("spots").append(cell);
    return cell;
  });

  const label = (layer) => `Layer ${layer + 1} of ${lens.layers.length}`;

  const tell = () => {
    find("spot-title").textContent = state.spot === null ? "Point at a spot" : "This spot, from the first layer to the last";
    cells.forEach((cell, place) => cell.classList.toggle("picked", place === state.spot));
    const list = find("spot-words");
    list.replaceChildren(...(state.spot === null ? [] : spots[state.spot].words.map((words, layer) => {
      const row = document.createElement("li");
      row.classList.toggle("picked", layer === state.layer);
      row.append(...[`${layer + 1}`, ...words.slice(0, 3).map(([word, share]) => `${shown(word)} ${share.toFixed(2)}`)].map((text) => {
        const part = document.createElement("span");
        part.textContent = text;
        return part;
      }));
      return row;
    })));
  };

  const show = () => {
    state.layer = Number(find("layer").value);
    find("layer-name").textContent = label(state.layer);
    cells.forEach((cell, place) => {
      const [word, share] = spots[place].words[state.layer][0];
      cell.textContent = shown(word);
      cell.style.setProperty("--share", share.toFixed(3));
      cell.setAttribute("aria-label", `${shown(word)}, with a probability of ${share.toFixed(2)}`);
    });
    tell();
  };

  find("layer").addEventListener("input", show);
  show();
})();
