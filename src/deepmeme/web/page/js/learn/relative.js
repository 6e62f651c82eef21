// Relative or absolute: the same picture and clip, moved in two ways.
import { h, say, showProblem } from "../dom.js";
import { cancel, ended, follow, inWords, submit } from "../jobs.js";
import { isAnimal, pictureShelf, shelf } from "../shelf.js";
import { taken } from "./taken.js";
import { together } from "./together.js";

const SECONDS = 1.5;
const FIRST = "shelf:cartoon"; // whose proportions are least like the driver's
const WAYS = [
  ["relative", true, "Relative", "Its own shape, moved as the driver moves."],
  ["absolute", false, "Absolute", "Its points go to where the driver's are."],
];

export const relative = {
  name: "relative",
  title: "Relative or absolute",
  idea: "A clip can lend a picture its movement, or its whole pose. Only one of them leaves the face its own.",
  task: "Choose a picture and a clip and animate it both ways. Look at the shape of the face and where it sits.",
  why: "Relative adds to each point only what changed since the frame of the clip that looks most like the picture, so the face keeps its proportions. Absolute puts the points where the driver's are, and with them the driver's proportions and place.",
  begin,
};

async function begin(stage) {
  try {
    furnish(stage, await shelf());
  } catch (error) {
    showProblem(stage, error);
  }
}

function furnish(stage, { pictures, driving }) {
  const chosen = { picture: pictures.find(({ ref }) => ref === FIRST) ?? pictures[0], clip: null };
  const clips = h("select", { "data-test": "relative-clip" });
  const run = { jobs: [], films: null };
  const films = h("div", { class: "films" });
  const start = h("button", { class: "button primary", type: "button", "data-test": "relative-start" }, "Animate both ways");
  const pause = h("button", { class: "button", type: "button", hidden: true, "data-test": "relative-pause" }, "Pause");

  const offer = () => {
    const fitting = driving.filter(({ model }) => model === modelOf(chosen.picture));
    clips.replaceChildren(...fitting.map(({ ref, title }) => h("option", { value: ref }, title)));
    chosen.clip = fitting[0];
  };
  clips.addEventListener("change", () => { chosen.clip = driving.find(({ ref }) => ref === clips.value); });
  const row = pictureShelf({ pictures, chosen: chosen.picture.ref, label: "Picture to animate", onChoose: (picture) => {
    chosen.picture = picture;
    offer();
  } });
  const tellPause = () => { pause.textContent = run.films?.playing ? "Pause" : "Play"; };
  pause.addEventListener("click", () => {
    if (run.films.playing) run.films.pause();
    else run.films.play();
    tellPause();
  });
  start.addEventListener("click", async () => {
    start.disabled = true;
    pause.hidden = true;
    run.films?.pause();
    showProblem(stage, null);
    try {
      const videos = await both(films, chosen, run);
      run.films = together(videos, SECONDS);
      window.deepmemeTogether = run.films;
      if (!matchMedia("(prefers-reduced-motion: reduce)").matches) run.films.play();
      pause.hidden = false;
      tellPause();
      say("Both films are ready.");
    } catch (error) {
      for (const job of run.jobs) if (!ended(job)) cancel(job).catch(() => {});
      showProblem(stage, error);
    }
    start.disabled = false;
  });
  offer();
  stage.append(
    h("div", { class: "of-source" }, row),
    h("div", { class: "row relative-tools" },
      h("label", { class: "field" }, h("span", {}, "Clip that moves it"), clips), start, pause),
    films);
}

/** Ask for both films and show them; their videos, the driving clip's first. */
async function both(place, { picture, clip }, run) {
  const driver = film("of-driving", "The clip", "Whose movement it is.");
  const cells = WAYS.map(([name, , title, words]) => film("of-result", title, words, name));
  place.replaceChildren(driver.element, ...cells.map(({ element }) => element));
  driver.show(clip.url);
  run.jobs = [];
  for (const [, kind] of WAYS) run.jobs.push(await submit("/v1/animations", request(picture, clip, kind)));
  const done = run.jobs.map(async (job, place) => {
    const cell = cells[place];
    const last = await follow(job, (now) => {
      run.jobs[place] = now;
      cell.tell(now);
    }).promise;
    if (last.state !== "done") throw last.error ?? new Error("The film was stopped.");
    cell.show(URL.createObjectURL(await taken(last)));
  });
  await Promise.all(done);
  const videos = [driver, ...cells].map(({ video }) => video);
  await Promise.all(videos.map(ready));
  return videos;
}

function request(picture, clip, isRelative) {
  const options = { end: String(SECONDS), size: 192, relative: isRelative, audio: "none" };
  const model = modelOf(picture);
  if (model !== "portrait") options.model = model;
  return { sources: [picture.ref], driving: clip.ref, options };
}

function modelOf(picture) {
  return isAnimal(picture.ref) ? "toon" : "portrait";
}

function film(colour, title, words, name = "driving") {
  const video = h("video", { muted: true, playsInline: true, preload: "auto", hidden: true, "aria-label": title, "data-test": `relative-video-${name}` });
  const bar = h("progress", { "aria-label": `${title}: how far` });
  const news = h("p", { class: "small soft" }, "Waiting for its turn");
  const wait = h("div", { class: "stack film-wait" }, news, bar);
  const element = h("figure", { class: `film ${colour}` },
    h("div", { class: "film-screen" }, wait, video),
    h("figcaption", {}, h("strong", { class: "step-title" }, title), h("span", { class: "soft small" }, words)));
  return {
    element,
    video,
    tell(job) {
      news.textContent = inWords(job);
      if (job.total) {
        bar.max = job.total;
        bar.value = job.done;
      } else bar.removeAttribute("value");
    },
    show(url) {
      wait.hidden = true;
      video.hidden = false;
      video.src = url;
    },
  };
}

function ready(video) {
  if (video.readyState >= 2) return Promise.resolve();
  return new Promise((resolve, reject) => {
    video.addEventListener("loadeddata", resolve, { once: true });
    video.addEventListener("error", () => reject(new Error("The browser cannot play this film.")), { once: true });
  });
}
