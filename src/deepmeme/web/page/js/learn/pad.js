// A square pad: one handle, two directions. Pointer, arrows, Home for the middle.
import { h } from "../dom.js";

const STEP = 0.05;

/** `onMove(x, y)` gets both in [-1, 1], up is positive; `inWords(x, y)` tells them aloud. */
export function pad({ label, onMove, inWords }) {
  const handle = h("span", { class: "pad-handle" });
  const ground = h("div", { class: "pad-ground", "aria-hidden": "true" });
  const element = h("div", {
    class: "pad", role: "slider", tabIndex: 0, "aria-label": label, "data-test": "walk-pad",
    "aria-roledescription": "pad with two directions", "aria-valuemin": "-100", "aria-valuemax": "100",
  }, ground, handle);
  const at = { x: 0, y: 0 };

  function put(x, y, quiet = false) {
    at.x = clamped(x);
    at.y = clamped(y);
    handle.style.setProperty("left", `${50 + 50 * at.x}%`);
    handle.style.setProperty("top", `${50 - 50 * at.y}%`);
    element.setAttribute("aria-valuenow", String(Math.round(100 * at.x)));
    element.setAttribute("aria-valuetext", inWords(at.x, at.y));
    if (!quiet) onMove(at.x, at.y);
  }
  function follow(event) {
    const box = element.getBoundingClientRect();
    put((event.clientX - box.left) / box.width * 2 - 1, 1 - (event.clientY - box.top) / box.height * 2);
  }
  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    element.focus({ focusVisible: false });
    follow(event);
  });
  element.addEventListener("pointermove", (event) => {
    if (element.hasPointerCapture(event.pointerId)) follow(event);
  });
  element.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? 4 * STEP : STEP;
    const way = { ArrowRight: [step, 0], ArrowLeft: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] }[event.key];
    if (way) put(at.x + way[0], at.y + way[1]);
    else if (event.key === "Home") put(0, 0);
    else return;
    event.preventDefault();
  });
  put(0, 0, true);
  return { element, ground, at, put };
}

function clamped(value) {
  return Math.max(-1, Math.min(1, value));
}
