// What a page of explanations does when it is open: shows the map of what is pointed at, and switches methods.
(() => {
  "use strict";
  const { explanations, ramps, covered } = JSON.parse(document.getElementById("data").textContent);
  const find = (name) => document.getElementById(name);
  const picture = find("picture");
  const state = { method: 0, pinned: 0, strength: 1 };

  const colours = Object.fromEntries(Object.entries(ramps).map(([name, hex]) =>
    [name, Uint8Array.from(hex.match(/../g), (two) => parseInt(two, 16))]));
  const doubted = (map) => map.faithfulness?.believed === false;
  const tested = (map) => (map.faithfulness ? (doubted(map) ? "doubted" : "sure") : "untested");

  // Each place of a line between cells, by Keys' cubic convolution as Pillow has it: which four cells, how much of each.
  const taps = (count, length, first, last) => Array.from({ length }, (_, place) => {
    const share = (place + 0.5) / length;
    if (share < first || share >= last) return null;
    const at = ((share - first) / (last - first)) * count - 0.5;
    const low = Math.floor(at), t = at - low;
    const cubic = (x) => {
      x = Math.abs(x);
      return x < 1 ? (1.5 * x - 2.5) * x * x + 1 : x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
    };
    return [-1, 0, 1, 2].map((step) => [Math.min(Math.max(low + step, 0), count - 1), cubic(t - step)]);
  });

  // How hot each pixel is, 0 to 1; -1 where the model does not see.
  const spread = ({ rows, columns, values, area }, width, height) => {
    const low = Math.min(...values), high = Math.max(...values);
    const shares = values.map((value) => (high > low ? (value - low) / (high - low) : 0));
    const across = taps(columns, width, area.left, area.right), down = taps(rows, height, area.top, area.bottom);
    const wide = new Float32Array(rows * width);
    for (let row = 0; row < rows; row++) {
      for (let x = 0; x < width; x++) {
        for (const [cell, weight] of across[x] ?? []) wide[row * width + x] += weight * shares[row * columns + cell];
      }
    }
    const heat = new Float32Array(width * height).fill(-1);
    for (let y = 0; y < height; y++) {
      if (!down[y]) continue;
      for (let x = 0; x < width; x++) {
        if (!across[x]) continue;
        let sum = 0;
        for (const [row, weight] of down[y]) sum += weight * wide[row * width + x];
        heat[y * width + x] = Math.min(Math.max(sum, 0), 1);
      }
    }
    return heat;
  };

  const cover = (heat) => {
    const rising = Math.min(Math.max((heat - 0.08) / 0.5, 0), 1);
    return covered * rising * rising * (3 - 2 * rising);
  };

  const paint = (canvas, map, longest, strength) => {
    const scale = Math.min(1, longest / Math.max(picture.naturalWidth, picture.naturalHeight));
    const width = canvas.width = Math.max(1, Math.round(picture.naturalWidth * scale));
    const height = canvas.height = Math.max(1, Math.round(picture.naturalHeight * scale));
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0, width, height);
    if (!strength) return;
    const heat = spread(map, width, height), ramp = colours[doubted(map) ? "grey" : "hot"];
    const image = context.getImageData(0, 0, width, height), pixels = image.data;
    for (let place = 0; place < heat.length; place++) {
      const at = 4 * place, hot = Math.max(heat[place], 0), hidden = cover(hot), step = 3 * Math.round(255 * hot);
      const grey = 0.299 * pixels[at] + 0.587 * pixels[at + 1] + 0.114 * pixels[at + 2];
      for (let channel = 0; channel < 3; channel++) {
        const own = pixels[at + channel];
        let mixed = (0.72 * grey + 0.28 * own) * (1 - hidden) + ramp[step + channel] * hidden;
        if (heat[place] < 0) mixed *= 0.45;
        pixels[at + channel] = own + strength * (mixed - own);
      }
    }
    context.putImageData(image, 0, 0);
    if (map.box) frame(context, map.box, width, height);
  };

  const frame = (context, box, width, height) => {
    const line = Math.max(2, Math.round(Math.min(width, height) / 150));
    const place = [box.x_min * width, box.y_min * height, (box.x_max - box.x_min) * width, (box.y_max - box.y_min) * height];
    for (const [colour, thick] of [["#141418", line + 2], ["#ffffff", line]]) {
      context.strokeStyle = colour;
      context.lineWidth = thick;
      context.strokeRect(...place);
    }
  };

  const element = (name, text = "", kind = "") => Object.assign(document.createElement(name), { textContent: text, className: kind });
  const maps = () => explanations[state.method].maps;
  const button = (place, text) => {
    const one = element("button", text);
    one.type = "button";
    one.dataset.place = place;
    one.addEventListener("click", () => { state.pinned = place; show(place); });
    one.addEventListener("pointerenter", () => show(place));
    one.addEventListener("focus", () => show(place));
    one.addEventListener("pointerleave", () => show(state.pinned));
    return one;
  };

  // What was said, each part of it to be pointed at where it stands.
  const said = find("said");
  const spell = () => {
    const { answer } = explanations[0], parts = maps().map((map, place) => ({ ...map, place }));
    const words = parts.filter((part) => part.kind === "word");
    said.textContent = "";
    if (answer === null || !words.length) {
      said.classList.add("apart");
      said.append(...parts.map((part) => button(part.place, part.about)));
      return;
    }
    let at = 0;
    for (const word of words) {
      const begin = answer.indexOf(word.about, at);
      if (begin < 0) continue;
      said.append(answer.slice(at, begin), button(word.place, word.about));
      at = begin + word.about.length;
    }
    said.append(answer.slice(at));
  };

  const likely = ({ probability, score, kind }) => {
    if (probability === null) return `The model's score for it is ${score.toFixed(2)}, of no known scale.`;
    if (kind === "box" || (kind === "answer" && maps().length > 1)) return ""; // each of many is unlikely: that says nothing
    const shown = probability < 0.001 ? "less than 0.001" : probability.toFixed(3);
    const what = kind === "label" ? "The model gives this label" : "The model gives this word";
    return `${what} a probability of ${shown}${kind === "word" ? ", after the words before it" : ""}. Nobody has calibrated it.`;
  };

  const NAMES = { random: "random blobs (95 of 100)", centre: "a spot in the middle", edges: "edges in the picture" };
  const bars = ({ faithfulness }) => {
    const place = find("controls");
    place.textContent = "";
    if (!faithfulness) return;
    const rows = [["this map", faithfulness.score, true], ...Object.entries(faithfulness.controls).map(([name, value]) => [NAMES[name] ?? name, value, false])];
    const low = Math.min(0, ...rows.map((row) => row[1])), high = Math.max(0.5, ...rows.map((row) => row[1]));
    const at = (value) => (100 * (value - low)) / (high - low);
    place.style.setProperty("--zero", `${at(0)}%`);
    for (const [name, value, own] of rows) {
      const track = element("span", "", `track${own ? " own" : ""}${faithfulness.believed ? "" : " doubted"}`), bar = element("i");
      Object.assign(bar.style, { left: `${at(Math.min(value, 0))}%`, width: `${Math.abs(at(value) - at(0))}%` });
      track.append(bar);
      place.append(element("span", name, own ? "name own" : "name"), track, element("span", value.toFixed(2).replace("-", "\u2212"), "figure"));
    }
  };

  const mark = () => {
    for (const one of document.querySelectorAll("#said button, #all button")) {
      const map = maps()[one.dataset.place];
      one.setAttribute("aria-pressed", String(Number(one.dataset.place) === state.pinned));
      if (one.parentNode === said) one.className = tested(map);
    }
    for (const [place, one] of [...find("methods").children].entries()) one.setAttribute("aria-pressed", String(place === state.method));
  };

  const show = (place) => {
    const map = maps()[place];
    paint(find("map"), map, 900, state.strength);
    find("map").setAttribute("aria-label", `The map of ${map.about} over the picture`);
    find("about").textContent = map.kind === "answer" ? "The whole answer" : map.about;
    find("likely").textContent = likely(map);
    const verdict = find("verdict");
    verdict.textContent = map.faithfulness?.verdict ?? "";
    verdict.className = tested(map);
    bars(map);
    find("meaning").hidden = !map.faithfulness;
    const ramp = colours[doubted(map) ? "grey" : "hot"];
    const stops = [0, 32, 64, 96, 128, 160, 192, 224, 255].map((step) => `rgb(${ramp.slice(3 * step, 3 * step + 3).join(" ")})`);
    document.querySelector(".legend b").style.background = `linear-gradient(90deg, ${stops.join(", ")})`;
    mark();
  };

  const gallery = () => {
    const list = document.querySelector("#all ul");
    list.textContent = "";
    maps().forEach((map, place) => {
      const one = button(place, ""), canvas = element("canvas");
      paint(canvas, map, 320, 1);
      const faith = map.faithfulness;
      one.append(canvas, element("span", map.kind === "answer" ? "the whole answer" : map.about), element("span", faith ? (faith.believed ? `faithful ${faith.score.toFixed(2)}` : "not to be believed") : "", tested(map)));
      const item = element("li");
      item.append(one);
      list.append(item);
    });
    find("all").hidden = maps().length < 2;
  };

  const choose = (method) => {
    state.method = method;
    const { method: { summary, source }, notes, record } = explanations[method];
    find("summary").textContent = source ? `${summary} (${source})` : summary;
    find("record").textContent = record?.sentence ?? "";
    find("notes").replaceChildren(...notes.map((note) => element("li", note)));
    gallery();
    show(state.pinned);
  };

  explanations.forEach(({ method: { name } }, place) => {
    const one = element("button", name);
    one.type = "button";
    one.addEventListener("click", () => choose(place));
    find("methods").append(one);
  });
  find("strength").addEventListener("input", ({ target }) => { state.strength = target.value / 100; show(state.pinned); });
  for (const bar of [said, find("methods")]) {
    bar.addEventListener("keydown", ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[key], all = [...bar.querySelectorAll("button")];
      if (step) all[(all.indexOf(document.activeElement) + step + all.length) % all.length]?.focus();
    });
  }

  const night = matchMedia("(prefers-color-scheme: dark)"), theme = find("theme");
  let chosen = null; // by the button; until then the system's choice holds
  const light = () => {
    const dark = chosen ?? night.matches;
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    theme.textContent = dark ? "Light" : "Dark";
    theme.setAttribute("aria-pressed", String(dark));
  };
  theme.addEventListener("click", () => { chosen = !(chosen ?? night.matches); light(); });
  night.addEventListener("change", light);
  light();
  picture.decode().then(() => { spell(); choose(0); });
})();
