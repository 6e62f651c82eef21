// The room of animate: a picture, a clip, and what comes of both.
import { get } from "../api.js";
import { h, say } from "../dom.js";
import { choicesForm } from "./choices.js";
import { Chosen } from "./chosen.js";
import { clipStep } from "./clips.js";
import { modeSwitch } from "./mode.js";
import { clipFor, pictureFor } from "./pairing.js";
import { pictureStep } from "./pictures.js";
import { resultStep } from "./results.js";

export async function mount(panel, app) {
  const [shelf, { options }, { models }] = await Promise.all([get("/v1/shelf"), get("/v1/options"), get("/v1/models")]);
  const chosen = new Chosen();
  const untilHidden = hiddenCalls(panel);
  let mode = null;
  const isOpen = () => !panel.hidden && !mode.isLive();

  const clips = clipStep({ chosen, shelf, untilHidden });
  const pictures = pictureStep({ chosen, shelf, isOpen, untilHidden, onClip: clips.takeBrought });
  const results = resultStep({ chosen, consent: pictures.consent, app });
  const pairing = h("p", { class: "note small pairing", hidden: true, "data-test": "pairing" });
  const clipPart = h("div", { class: "animate-room" },
    pictures.element, clips.element,
    h("div", { class: "between" }, pairing, choicesForm({ chosen, options, models })),
    h("div", { class: "made-column" }, results.action, results.result),
    results.earlier);
  mode = modeSwitch({ app, clipPart, picture: () => chosen.pictures[0]?.ref ?? "shelf:painting" });
  pairUp(chosen, shelf, pictures, clips, pairing);

  panel.replaceChildren(
    h("div", { class: "row apart intro-row" },
      h("div", { class: "intro" }, h("h1", {}, "Bring a picture to life"), h("p", { class: "soft" }, "A picture, a clip: the picture moves like the clip.")),
      mode.element),
    clipPart, mode.place);

  clips.choose(shelf.driving.find((clip) => clip.ref === "shelf:driver") ?? shelf.driving[0]);
  pictures.choose(shelf.pictures.find((picture) => picture.ref === "shelf:painting") ?? shelf.pictures[0]);
  await results.begin();
  return { setPicture: pictures.setPicture };
}

/** Keep picture and clip of one kind, and say what was changed for it. */
function pairUp(chosen, shelf, pictures, clips, place) {
  const seen = { picture: "", clip: "" };
  const tell = (words) => {
    place.textContent = words ?? "";
    place.hidden = !words;
    if (words) say(words);
  };
  chosen.on(["pictures", "clip"], () => {
    const now = { picture: chosen.pictures.map((picture) => picture.ref).join(), clip: chosen.clip?.ref };
    const picked = now.picture !== seen.picture ? "picture" : now.clip !== seen.clip ? "clip" : null;
    Object.assign(seen, now);
    if (!picked || !chosen.clip || !chosen.pictures.length) return;
    const fitting = picked === "picture" ? clipFor(chosen.pictures, chosen.clip, shelf) : pictureFor(chosen.clip, chosen.pictures, shelf);
    if (!fitting) {
      if (!place.dataset.now) tell(null);
      return;
    }
    place.dataset.now = "1"; // the change below is ours: its words stay
    if (fitting.clip) clips.choose(fitting.clip);
    else pictures.choose(fitting.picture);
    delete place.dataset.now;
    tell(fitting.words);
  });
}

/** `untilHidden(act)` calls act once when the panel is left; it returns how to forget that. */
function hiddenCalls(panel) {
  const waiting = new Set();
  new MutationObserver(() => {
    const videos = panel.querySelectorAll("video");
    if (!panel.hidden) {
      for (const video of videos) if (video.autoplay) video.play().catch(() => {});
      return;
    }
    for (const act of [...waiting]) act();
    for (const video of videos) video.pause();
  }).observe(panel, { attributes: true, attributeFilter: ["hidden"] });
  return (act) => {
    waiting.add(act);
    return () => waiting.delete(act);
  };
}
