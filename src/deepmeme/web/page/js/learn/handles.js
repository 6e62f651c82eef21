// Points over a picture, to pull by pointer or by arrow keys.
import { h, say } from "../dom.js";
import { handlesAmong, inWords, shares } from "./anatomy.js";

const SVG = "http://www.w3.org/2000/svg";
const GRASP_PX = 60; // a pointer takes the nearest handle within this
const STEP = 0.02;
const MOVED = 0.008;
const SAY_MS = 600;

/** `onMove(points)` gets all points whenever they were pulled; `onTell` gets in words which, and where to. */
export function handleLayer({ stage, onMove, onTell }) {
  const lines = document.createElementNS(SVG, "svg");
  lines.setAttribute("viewBox", "-1 -1 2 2");
  lines.setAttribute("aria-hidden", "true");
  const buttons = h("div", { class: "puppet-points" });
  stage.append(lines, buttons);
  let home = [];
  let at = [];
  let names = [];
  let handles = []; // {place, button, line}
  let held = null; // {place, from, share, x, y}
  let saying = 0;

  /** Take the points of a picture at rest. */
  function rest(told) {
    const same = names.join() === told.names.join();
    ({ home, names } = told);
    at = home.map((point) => [...point]);
    if (!same) build();
    draw();
  }

  function build() {
    handles = handlesAmong(names).map((place) => {
      const button = h("button", {
        class: "puppet-point", type: "button", "data-test": "puppet-point", "data-point": names[place],
        "aria-label": inWords(names[place]), "aria-roledescription": "point to pull",
      });
      button.addEventListener("keydown", (event) => byKey(event, place));
      button.addEventListener("focus", () => onTell(`${whereIs(place)}.`));
      const line = document.createElementNS(SVG, "line");
      return { place, button, line };
    });
    buttons.replaceChildren(...handles.map(({ button }) => button));
    lines.replaceChildren(...handles.map(({ line }) => line));
  }

  function draw() {
    for (const { place, button, line } of handles) {
      const [x, y] = at[place];
      button.style.setProperty("left", `${50 + 50 * x}%`);
      button.style.setProperty("top", `${50 + 50 * y}%`);
      button.classList.toggle("moved", distance(at[place], home[place]) > MOVED);
      const ends = { x1: home[place][0], y1: home[place][1], x2: x, y2: y };
      for (const [name, value] of Object.entries(ends)) line.setAttribute(name, String(value));
    }
  }

  function pull(place, from, share, dx, dy) {
    at = from.map(([x, y], i) => [clamped(x + share[i] * dx), clamped(y + share[i] * dy)]);
    draw();
    onMove(at);
    onTell(`${whereIs(place)}.`);
  }

  function byKey(event, place) {
    const step = event.shiftKey ? 4 * STEP : STEP;
    const way = { ArrowRight: [step, 0], ArrowLeft: [-step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
    if (!way) return;
    event.preventDefault();
    pull(place, at, shares(home, names, place), ...way);
    clearTimeout(saying);
    saying = setTimeout(() => say(whereIs(place)), SAY_MS);
  }

  function whereIs(place) {
    const across = Math.round(100 * (at[place][0] - home[place][0]));
    const down = Math.round(100 * (at[place][1] - home[place][1]));
    const parts = [across && `${Math.abs(across)} ${across > 0 ? "right" : "left"}`, down && `${Math.abs(down)} ${down > 0 ? "down" : "up"}`];
    const name = inWords(names[place]);
    return `${name[0].toUpperCase()}${name.slice(1)}: ${parts.filter(Boolean).join(", ") || "at home"}`;
  }

  function spot(event) {
    const box = stage.getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width * 2 - 1, y: (event.clientY - box.top) / box.height * 2 - 1, perPx: 2 / box.width };
  }

  stage.addEventListener("pointerdown", (event) => {
    const { x, y, perPx } = spot(event);
    const near = handles.map((handle) => ({ handle, far: distance(at[handle.place], [x, y]) })).sort((a, b) => a.far - b.far)[0];
    if (!near || near.far > GRASP_PX * perPx) return;
    event.preventDefault();
    stage.setPointerCapture(event.pointerId);
    near.handle.button.focus({ preventScroll: true, focusVisible: false });
    held = { ...near.handle, from: at, share: shares(home, names, near.handle.place), x, y };
    stage.classList.add("held");
    held.button.classList.add("held");
  });
  stage.addEventListener("pointermove", (event) => {
    if (!held) return;
    const { x, y } = spot(event);
    pull(held.place, held.from, held.share, x - held.x, y - held.y);
  });
  const letGo = () => {
    held?.button.classList.remove("held");
    stage.classList.remove("held");
    held = null;
  };
  stage.addEventListener("pointerup", letGo);
  stage.addEventListener("pointercancel", letGo);
  return { rest };
}

function distance([x, y], [u, v]) {
  return Math.hypot(x - u, y - v);
}

function clamped(value) {
  return Math.max(-1, Math.min(1, value));
}
