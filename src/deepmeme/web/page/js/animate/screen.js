// The large screen: what is going to be, what is being made, what was made.
import { h } from "../dom.js";
import { motionAllowed } from "./chosen.js";

/** {element, waiting(chosen), making(url), playing(result, label)}; `layer` lies over the picture. */
export function resultScreen(layer) {
  const place = h("div", { class: "result-media" });
  const element = h("div", { class: "screen result-screen", "data-test": "result-screen" }, place);
  let shown = "";
  let small = { clip: null, element: null }; // kept while the clip stays: a new one would load anew

  function fill(name, ratio, ...parts) {
    shown = name;
    place.style.setProperty("--ratio", String(ratio));
    place.replaceChildren(...parts, layer);
    element.dataset.shows = name.split(" ")[0];
  }

  /** Picture and clip, before anything was made. */
  function waiting({ pictures, clip }) {
    const [first] = pictures;
    if (small.clip !== clip) small = { clip, element: h("div", { class: "corner-clip" }, corner(clip)) };
    const ratio = first?.look ? first.look.width / first.look.height : 1;
    fill("waiting", ratio,
      first ? h("img", { class: "to-be", src: first.thumb, alt: "" }) : null,
      small.element);
  }

  /** The newest frame of a job that runs. */
  function making(url) {
    const there = place.querySelector("img.preview");
    if (shown === "making" && there) there.src = url;
    else {
      const image = h("img", { class: "preview", src: url, alt: "The newest frame" });
      image.addEventListener("load", () => place.style.setProperty("--ratio", String(image.naturalWidth / image.naturalHeight)), { once: true });
      fill("making", 1, image);
    }
  }

  function playing(result, label) {
    fill(`playing ${result.url}`, result.width / result.height, media(result, label));
  }
  return { element, waiting, making, playing, video: () => place.querySelector("video") };
}

/** A <video> or <img> of a job's result. */
export function media(result, label) {
  if (!result.media_type.startsWith("video/")) return h("img", { src: result.url, alt: label, "data-test": "result-image" });
  return h("video", {
    src: result.url, muted: true, loop: true, playsInline: true, autoplay: motionAllowed(), controls: true,
    "aria-label": label, "data-test": "result-video",
  });
}

function corner(clip) {
  if (!clip) return "";
  if (clip.kind === "picture" || clip.kind === "animation") return h("img", { src: clip.poster ?? clip.url, alt: "" });
  return h("video", { src: `${clip.url}#t=0.1`, poster: clip.poster, muted: true, loop: true, playsInline: true, autoplay: motionAllowed(), preload: "metadata", "aria-hidden": "true", tabindex: "-1" });
}
