// A swap under way: the sheet of faces that are drawn so far, how the loss falls, who gets whose face.
import { h } from "../dom.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDE = 240;
const TALL = 48;
const ROWS = "In threes: A as filmed, A as drawn, A doing what B does; then the same of B.";

/** {element, frame(url), news(job), clear()}. */
export function watch() {
  const sheet = h("img", { class: "swap-sheet", alt: "The faces that the networks draw so far", "data-test": "swap-sheet" });
  const figure = h("figure", { class: "stack", hidden: true }, h("div", { class: "swap-sheet-place" }, sheet), h("figcaption", { class: "small soft" }, ROWS));
  const curve = document.createElementNS(SVG, "svg");
  curve.setAttribute("viewBox", `0 0 ${WIDE} ${TALL}`);
  curve.setAttribute("class", "swap-curve");
  curve.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(SVG, "polyline");
  curve.append(line);
  const loss = h("p", { class: "small soft", "data-test": "swap-loss" });
  const losses = h("div", { class: "swap-losses", hidden: true }, curve, loss);
  const who = h("p", { class: "small", hidden: true, "data-test": "swap-who" });
  const element = h("div", { class: "stack swap-watch" }, who, figure, losses);

  function frame(url) {
    sheet.src = url;
    figure.hidden = false;
  }

  function news(job) {
    const { story } = job;
    if (story.put_in) {
      who.textContent = whoGetsWhat(story);
      who.hidden = false;
    }
    figure.classList.toggle("film", job.stage === "convert");
    figure.lastChild.hidden = job.stage === "convert"; // then frames of the film are shown
    if (story.curve?.length) {
      losses.hidden = job.stage !== "train";
      loss.textContent = `Error ${story.loss.toFixed(3)} after ${story.step} steps; it falls as they learn.`;
      line.setAttribute("points", points(story.curve));
    }
  }

  function clear() {
    for (const part of [figure, losses, who]) part.hidden = true;
  }
  return { element, frame, news, clear };
}

/** "B is in the clip and gets A's face." */
export function whoGetsWhat({ shown, put_in: face }) {
  return `${shown} is in the clip and gets ${face}'s face.`;
}

function points(curve) {
  const [times, values] = [curve.map(([seconds]) => seconds), curve.map(([, value]) => value)];
  const scale = (value, low, high) => (high > low ? (value - low) / (high - low) : 0.5);
  const [first, last, low, high] = [times[0], times.at(-1), Math.min(...values), Math.max(...values)];
  return curve.map(([seconds, value]) =>
    `${(WIDE * scale(seconds, first, last)).toFixed(1)},${(3 + (TALL - 6) * (1 - scale(value, low, high))).toFixed(1)}`).join(" ");
}
