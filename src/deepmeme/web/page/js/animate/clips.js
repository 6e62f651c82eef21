// Step 2: the clip that moves the picture.
import { h, say, showProblem } from "../dom.js";
import { dropZone } from "../drop.js";
import { motionAllowed } from "./chosen.js";
import { broughtAndSeen } from "./looks.js";
import { record } from "./record.js";
import { cameraButton } from "./use-camera.js";

/** {element, choose(clip), takeBrought(brought)}. */
export function clipStep({ chosen, shelf, untilHidden }) {
  const stage = h("div", { class: "clip-stage", "data-test": "clip-stage" });
  const told = h("p", { class: "small soft stage-words", "data-test": "clip-words" });
  const buttons = shelf.driving.map((clip) => shelfButton(clip, () => choose(clip)));
  const place = h("div", { class: "stack" });
  const camera = cameraButton("Record yourself", "record", place, async () => {
    const file = await record(place, untilHidden, { sound: sound.checked });
    if (file) await take(file);
  });
  const sound = h("input", { type: "checkbox" });
  const element = h("section", { class: "card stack of-driving step", "aria-labelledby": "step-clip" },
    h("h2", { class: "step-title", id: "step-clip" }, "Clip"),
    stage, h("div", { class: "row apart stage-row" }, told),
    h("ul", { class: "shelf", "aria-label": "Clips that come with deepmeme" }, buttons.map((button) => h("li", {}, button))),
    dropZone({ label: "Bring a clip", hint: "or a picture, for its pose alone", accept: "video/*,image/*,.mkv", id: "clip-file", onFiles: ([file]) => take(file) }),
    h("div", { class: "row apart" }, camera, h("label", { class: "check" }, sound, h("span", {}, "with sound"))),
    place);
  chosen.on(["clip"], draw);

  function choose(clip) {
    showProblem(place, null);
    chosen.set({ clip: { ...clip, kind: "video" } });
  }

  async function take(file) {
    showProblem(place, null);
    const busy = h("p", { class: "soft small busy" }, "Looking at it…");
    place.append(busy);
    try {
      takeBrought(await chosen.coming(broughtAndSeen(file)));
    } catch (error) {
      showProblem(place, error);
    } finally {
      busy.remove();
    }
  }

  function takeBrought({ ref, kind, look, url }) {
    if (kind === "sound") {
      showProblem(place, new Error("That is a sound. A clip with a face in it is needed here."));
      return;
    }
    chosen.set({ clip: { ref, title: "Your clip", url, poster: look.thumb, kind, seconds: look.seconds, model: null } });
    say("The clip is there.");
  }

  function draw() {
    const { clip } = chosen;
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.ref === clip.ref));
    stage.replaceChildren(shown(clip));
    told.textContent = wordsFor(clip);
  }
  return { element, choose, takeBrought };
}

function shelfButton(clip, onclick) {
  const video = h("video", { src: `${clip.url}#t=0.1`, muted: true, loop: true, playsInline: true, preload: "metadata", "aria-hidden": "true", tabindex: "-1" });
  const button = h("button", { type: "button", title: clip.title, "aria-label": clip.title, "data-ref": clip.ref, onclick }, video);
  const start = () => video.play().catch(() => {}); // the browser may say no: it stays a still
  for (const name of ["pointerenter", "focus"]) button.addEventListener(name, start);
  for (const name of ["pointerleave", "blur"]) button.addEventListener(name, () => video.pause());
  return button;
}

function shown(clip) {
  if (clip.kind === "video") {
    const moves = motionAllowed();
    return h("video", {
      src: clip.url, poster: clip.poster, muted: true, loop: true, playsInline: true, autoplay: moves, controls: !moves,
      preload: "auto", "aria-label": `The clip: ${clip.title}`,
    });
  }
  const still = clip.kind === "picture" ? clip.poster : clip.url;
  return h("img", { src: still, alt: clip.title });
}

function wordsFor(clip) {
  if (clip.kind === "picture") return "A picture has no movement: its pose is taken over, and the result is a still.";
  const long = clip.seconds ? `, ${clip.seconds.toFixed(1)} s` : "";
  return `${clip.title}${long}.`;
}
