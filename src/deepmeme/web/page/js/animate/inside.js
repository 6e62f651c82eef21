// Look inside: the film of what the networks saw and did, frame by frame.
import { h } from "../dom.js";

const LEGEND = [
  ["of-driving", "driving", "the clip, and the points that the network finds in it"],
  ["of-source", "source", "your picture"],
  ["of-source", "source, moved to", "its own points, and where the clip sends them"],
  ["", "keypoints, as blobs", "the same points as the next network is told them"],
  ["", "where it looks", "from where in the picture each pixel is fetched, as a grid"],
  ["", "source, warped", "the picture, fetched so: nothing new in it yet"],
  ["", "what is visible", "white is fetched, dark has to be painted anew"],
  ["of-result", "result", "fetched, and painted where it has to be"],
];

/** A folded part for one finished job; `onAsk` makes the film where there is none yet. */
export function insideView(job, onAsk) {
  const { inside, seconds } = job.result;
  let { frames } = job.result;
  const summary = h("summary", {}, "Look inside");
  if (job.story.still) return h("div", { hidden: true });
  if (!inside) {
    return h("details", { class: "inside", "data-test": "inside-part" }, summary, h("div", { class: "stack" },
      h("p", { class: "small soft" }, "A film of how it was done: the points that the network found in picture and clip, how they pull the picture, and what had to be painted anew."),
      h("div", { class: "row" }, h("button", { type: "button", class: "button", "data-test": "inside-ask", onclick: onAsk }, "Make that film"))));
  }
  const fps = frames / seconds;
  const video = h("video", { src: inside, muted: true, loop: true, playsInline: true, preload: "metadata", "aria-label": "What the networks saw and did", "data-test": "inside-video" });
  const range = h("input", { type: "range", min: "0", max: String(frames - 1), step: "1", value: "0", "aria-label": "Frame", "data-test": "inside-frame" });
  const play = h("button", { type: "button", class: "button slim", "data-test": "inside-play", onclick: () => (video.paused ? video.play() : video.pause()) }, "Play");
  const large = h("button", { type: "button", class: "button slim", onclick: () => video.requestFullscreen?.() }, "Enlarge");
  for (const name of ["play", "pause"]) video.addEventListener(name, () => { play.textContent = video.paused ? "Play" : "Pause"; });
  const number = h("output", { class: "small soft" }, `1 of ${frames}`);
  const tell = (frame) => {
    number.textContent = `${frame + 1} of ${frames}`;
    range.setAttribute("aria-valuetext", `frame ${frame + 1} of ${frames}`);
  };
  video.addEventListener("loadedmetadata", () => { // the film of a very long result ends before it
    frames = Math.max(1, Math.min(frames, Math.round(video.duration * fps)));
    range.max = String(frames - 1);
    tell(Number(range.value));
  });
  range.addEventListener("input", () => {
    video.pause();
    video.currentTime = (Number(range.value) + 0.5) / fps;
    tell(Number(range.value));
  });
  video.addEventListener("timeupdate", () => {
    if (video.paused) return;
    range.value = String(Math.min(frames - 1, Math.floor(video.currentTime * fps)));
    tell(Number(range.value));
  });
  return h("details", { class: "inside", open: true, "data-test": "inside-part" }, summary, h("div", { class: "stack" },
    h("div", { class: "screen" }, video),
    h("div", { class: "row inside-frames" }, play, range, number, large), legend()));
}

function legend() {
  return h("dl", { class: "legend small" }, LEGEND.map(([mine, name, words]) => h("div", { class: mine }, h("dt", {}, name), h("dd", {}, words))));
}
