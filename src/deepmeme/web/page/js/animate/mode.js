// Clip or live: what moves the picture.
import { h, showProblem } from "../dom.js";

/** {element, place, isLive()}: the switch, and where Live is built when it is first asked for. */
export function modeSwitch({ app, clipPart, picture }) {
  const place = h("div", { class: "live-place", hidden: true });
  const buttons = { clip: button("Clip", "mode-clip"), live: button("Live", "mode-live") };
  const element = h("div", { class: "segmented", role: "group", "aria-label": "What moves the picture" }, buttons.clip, buttons.live);
  let live = null;

  function set(mode) {
    for (const [name, one] of Object.entries(buttons)) one.setAttribute("aria-pressed", String(name === mode));
    clipPart.hidden = mode === "live";
    place.hidden = mode !== "live";
    if (mode === "live") open();
    else live?.then((room) => room?.leave?.());
  }

  function open() {
    showProblem(place, null);
    live ??= import("../live.js")
      .then((module) => module.mount(place, app, { picture }))
      .catch((error) => {
        console.error(error);
        showProblem(place, error);
        live = null;
      });
    live.then((room) => room?.enter?.());
  }

  for (const [name, one] of Object.entries(buttons)) one.addEventListener("click", () => set(name));
  set("clip");
  return { element, place, set, isLive: () => !place.hidden };
}

function button(words, test) {
  return h("button", { type: "button", "data-test": test }, words);
}
