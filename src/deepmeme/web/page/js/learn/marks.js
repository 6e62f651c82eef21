// Marks that stay: wear a made picture down, and see whether it still tells that it was made.
import { paint, verify } from "../api.js";
import { h, newestWins, say, showProblem } from "../dom.js";
import { follow, inWords as jobInWords, submit } from "../jobs.js";
import { taken } from "./taken.js";
import { credentialsOf, triesTable, watermarkOf } from "./tries.js";
import { AS_IT_IS, inWords, worsened } from "./worsen.js";

const FACE = { model: "gan", seed: 21, edits: { smile: 1.5 } };
const FILM = { sources: ["shelf:painting"], driving: "shelf:driver", options: { end: "1", size: 256 } };
const WEARS = [
  ["quality", "JPEG quality", 2, 100, ""],
  ["size", "Size", 10, 100, " %"],
  ["light", "Brightness", -70, 70, " %"],
  ["crop", "Cut off", 0, 80, " %"],
];

export const marks = {
  name: "marks",
  title: "Marks that stay",
  idea: "Files that the studio makes say that AI made them, twice: in signed words beside the picture (credentials), and in the picture itself (a watermark).",
  task: "Make the face worse until nobody can tell any more who made it. Then see what a film has more.",
  why: "The watermark is a faint pattern over the whole picture, repeated many times; a part of it is enough. Credentials are a signature over every byte: they know about the smallest change, but they are gone as soon as somebody saves the picture anew.",
  begin,
};

async function begin(stage) {
  const table = triesTable();
  const verdict = h("p", { class: "marks-verdict", role: "status", "data-test": "marks-verdict" });
  const test = async (button, what, made, place) => {
    button.disabled = true;
    showProblem(place, null);
    verdict.textContent = "Reading its marks …";
    try {
      const blob = await made();
      const told = await verify(blob);
      verdict.textContent = inShort(told);
      table.add({ what: what(), bytes: blob.size, verdict: told });
    } catch (error) {
      verdict.textContent = "";
      showProblem(place, error);
    }
    button.disabled = false;
    button.focus();
  };
  const parts = { face: facePart(stage, test), film: filmPart(test) };
  parts.film.hidden = true;
  stage.append(
    h("div", { class: "row" }, chooser(parts)),
    parts.face, parts.film,
    h("div", { class: "stack" }, verdict, table.element));
}

function chooser(parts) {
  const buttons = [["face", "A face"], ["film", "A film"]].map(([name, label]) => {
    const button = h("button", { type: "button", "data-test": `marks-of-${name}` }, label);
    button.setAttribute("aria-pressed", String(name === "face"));
    button.addEventListener("click", () => {
      for (const [other, part] of Object.entries(parts)) part.hidden = other !== name;
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      if (name !== "film") parts.film.querySelector("video")?.pause();
    });
    return button;
  });
  return h("div", { class: "segmented", role: "group", "aria-label": "What to wear down" }, buttons);
}

function facePart(stage, test) {
  const wear = { ...AS_IT_IS };
  const picture = new Image();
  const canvas = h("canvas", { class: "marks-canvas", width: 384, height: 384, role: "img", "aria-label": "The face, as bad as you made it", "data-test": "marks-canvas" });
  const shown = h("img", { class: "marks-shown", alt: "The face, as bad as you made it", width: 384, height: 384 });
  const weight = h("p", { class: "soft small" });
  let original = null;
  let worn = null;
  const draw = newestWins(async () => {
    if (!original) return;
    worn = await worsened(picture, original, wear, canvas);
    const before = shown.src;
    shown.src = URL.createObjectURL(worn);
    if (before.startsWith("blob:")) URL.revokeObjectURL(before);
    weight.textContent = `${canvas.width} × ${canvas.height} pixels, ${Math.max(1, Math.round(worn.size / 1000))} kB`;
  });
  const sliders = WEARS.map(([name, label, low, high, unit]) => slider(wear, name, label, low, high, unit, draw));
  const button = h("button", { class: "button primary", type: "button", "data-test": "marks-verify" }, "Verify it");
  button.addEventListener("click", () => test(button, () => `Face, ${inWords(wear)}`, async () => worn, stage));
  const afresh = h("button", { class: "button quiet", type: "button", "data-test": "marks-afresh", onclick: () => {
    Object.assign(wear, AS_IT_IS);
    for (const each of sliders) each.reset();
    draw();
  } }, "As it came");
  const come = async () => {
    try {
      original = await paint("/v1/faces", FACE);
      picture.src = URL.createObjectURL(original);
      await picture.decode();
      draw();
    } catch (error) {
      showProblem(stage, error);
    }
  };
  come();
  return h("div", { class: "marks" },
    h("figure", { class: "marks-figure of-result" }, h("div", { class: "marks-frame" }, shown), h("figcaption", {}, weight)),
    h("div", { class: "stack" }, sliders.map(({ element }) => element), h("div", { class: "row" }, button, afresh)));
}

function slider(wear, name, label, low, high, unit, onChange) {
  const shown = h("output", { class: "soft" });
  const input = h("input", { type: "range", min: String(low), max: String(high), step: "1", "data-test": `marks-${name}` });
  const tell = () => {
    const sign = name === "light" && wear[name] > 0 ? "+" : "";
    shown.textContent = `${sign}${wear[name]}${unit}`.replace("-", "\u2212");
  };
  const reset = () => {
    input.value = String(wear[name]);
    tell();
  };
  input.addEventListener("input", () => {
    wear[name] = Number(input.value);
    tell();
    onChange();
  });
  reset();
  const element = h("label", { class: "field" }, h("span", { class: "row apart" }, label, shown), input);
  return { element, reset };
}

// A film carries credentials too: whole as it came, broken by one changed byte.
function filmPart(test) {
  const place = h("div", { class: "stack marks-film" });
  const make = h("button", { class: "button", type: "button", "data-test": "marks-film" }, "Make a film of one second");
  const news = h("span", { class: "soft small", role: "status" });
  make.addEventListener("click", async () => {
    make.disabled = true;
    showProblem(place, null);
    try {
      const job = await submit("/v1/animations", FILM);
      const ended = await follow(job, (now) => { news.textContent = jobInWords(now); }).promise;
      if (ended.state !== "done") throw ended.error ?? new Error("The film was stopped.");
      const film = await taken(ended);
      news.textContent = "";
      make.replaceWith(filmTools(film, test, place));
      say("The film is ready.");
    } catch (error) {
      news.textContent = "";
      make.disabled = false;
      showProblem(place, error);
    }
  });
  place.append(
    h("p", {}, "A face painted for the screen has the watermark alone. A film that a job made has credentials as well."),
    h("div", { class: "row" }, make, news));
  return place;
}

function filmTools(film, test, place) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const video = h("video", { class: "marks-video", muted: true, loop: true, autoplay: !calm, playsInline: true, controls: true, "aria-label": "The film" });
  video.src = URL.createObjectURL(film);
  const tool = (label, name, made) => {
    const button = h("button", { class: "button", type: "button", "data-test": `marks-film-${name}` }, label);
    button.addEventListener("click", () => test(button, () => `Film, ${label.toLowerCase()}`, made, place));
    return button;
  };
  const tools = h("div", { class: "stack" },
    h("p", { class: "soft small" }, "Verify the film:"),
    h("div", { class: "row" },
      tool("As it came", "whole", async () => film),
      tool("One byte changed", "byte", () => oneByteChanged(film)),
      tool("A screenshot of it", "shot", () => screenshot(video))));
  return h("div", { class: "marks-film-tools" }, video, tools);
}

async function oneByteChanged(film) {
  const changed = new Uint8Array(await film.arrayBuffer());
  changed[changed.length >> 1] ^= 1;
  return new Blob([changed], { type: film.type });
}

function screenshot(video) {
  const canvas = h("canvas", { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext("2d").drawImage(video, 0, 0);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.9));
}

function inShort(told) {
  const water = watermarkOf(told)[0];
  const signed = credentialsOf(told)[0];
  if (signed === "whole") return "Both marks are there, and nothing was changed since.";
  if (signed === "broken") return "The credentials noticed the change. The watermark still says that AI made it.";
  if (water === "found") return "The watermark is still there: made by AI, with deepmeme. No credentials came with it.";
  return "Nothing is left to find. That does not mean that it is real.";
}
