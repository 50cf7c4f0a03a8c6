// What hands do on the map: drag, wheel, pinch, draw a lasso, walk with keys.

const STEP = 60; // pixels that a key moves the map

/** Listens on the canvas of a `SpaceView`. */
export class Hands {
  lassoing = false; // whether the next stroke is a lasso
  #fingers = new Map();
  #stroke = null;
  #moved = 0;

  constructor(view) {
    this.view = view;
    const { sky } = view;
    sky.addEventListener("pointerdown", (event) => this.#down(event));
    sky.addEventListener("pointermove", (event) => this.#move(event));
    sky.addEventListener("pointerup", (event) => this.#up(event));
    sky.addEventListener("pointercancel", (event) => this.#up(event));
    sky.addEventListener("pointerleave", () => this.map.hover(-1));
    sky.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    sky.addEventListener("dblclick", (event) => this.zoom(2, event.offsetX, event.offsetY));
    sky.addEventListener("keydown", (event) => this.#key(event));
  }

  get map() {
    return this.view.map;
  }

  zoom(factor, left, top) {
    this.map.camera.zoomBy(factor, left, top);
    this.map.moved();
  }

  #down(event) {
    if (event.button) return;
    this.view.sky.setPointerCapture(event.pointerId);
    this.#fingers.set(event.pointerId, [event.offsetX, event.offsetY]);
    this.#moved = 0;
    this.#stroke = (this.lassoing || event.shiftKey) && this.#fingers.size === 1 ? [event.offsetX, event.offsetY] : null;
    this.map.hover(-1);
  }

  #move(event) {
    const before = this.#fingers.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== "touch") this.map.hover(this.map.at(event.offsetX, event.offsetY));
      return;
    }
    const now = [event.offsetX, event.offsetY];
    this.#moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
    this.#fingers.set(event.pointerId, now);
    if (this.#stroke) {
      this.#stroke.push(...now);
      this.map.lasso(this.#stroke);
      return;
    }
    if (this.#fingers.size === 2) {
      const [[ax, ay], [bx, by]] = this.#fingers.values();
      const other = now[0] === ax && now[1] === ay ? [bx, by] : [ax, ay];
      const apart = (point) => Math.max(1, Math.hypot(point[0] - other[0], point[1] - other[1]));
      this.map.camera.zoomBy(apart(now) / apart(before), (ax + bx) / 2, (ay + by) / 2);
      this.map.camera.moveBy((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
    } else if (this.#moved > 3) {
      this.view.sky.classList.add("moving");
      this.map.camera.moveBy(now[0] - before[0], now[1] - before[1]);
    }
    this.map.moved();
  }

  #up(event) {
    if (!this.#fingers.delete(event.pointerId)) return;
    this.view.sky.classList.remove("moving");
    if (this.#stroke) {
      this.#stroke = null;
      this.map.lasso(null);
    } else if (this.#moved <= 5 && event.type === "pointerup") {
      const point = this.map.at(event.offsetX, event.offsetY);
      if (point >= 0) this.view.goTo(point);
      else if (this.map.picked >= 0 || this.view.chosen) this.view.clear();
    }
  }

  #wheel(event) {
    event.preventDefault();
    this.map.hover(-1);
    const pixels = event.deltaY * [1, 16, 400][event.deltaMode];
    this.zoom(Math.exp(-Math.max(-300, Math.min(300, pixels)) / 400), event.offsetX, event.offsetY);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { view, map } = this;
    const [across, up] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] ?? [];
    if (across !== undefined && event.shiftKey) {
      map.camera.moveBy(-across * STEP, up * STEP);
      map.moved();
    } else if (across !== undefined) {
      const next = map.toward(across, up);
      if (next >= 0) view.goTo(next);
    } else if (event.key === "+" || event.key === "=") this.zoom(1.3);
    else if (event.key === "-") this.zoom(1 / 1.3);
    else if (event.key === "0") map.home();
    else if (event.key === "l") view.lasso(!this.lassoing);
    else if (event.key === "g") view.side(map.which === "open" ? "closed" : "open");
    else if (event.key === "Escape") this.#back();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #back() {
    this.#stroke = null;
    this.map.outline = null;
    this.view.lasso(false);
    this.view.clear();
  }
}
