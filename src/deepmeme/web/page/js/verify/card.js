// One file under examination: its picture, its name, and the verdict once it is there.
import { h, icon, say, showProblem } from "../dom.js";
import { evidence } from "./evidence.js";
import { STATES, titleOf } from "./states.js";

const CROSS = "M6 6l12 12M18 6L6 18";
const GLASS = "M10.5 4a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13M15.5 15.5L20 20";

/** {element, wait(), show(verdict), fail(error), forget()} of a Blob. */
export function card(blob, name, onClose) {
  const url = URL.createObjectURL(blob);
  const body = h("div", { class: "verdict-body" });
  const close = h("button", { class: "icon-button", type: "button", "aria-label": `Put ${name} away`, onclick: onClose }, icon(CROSS));
  const element = h("li", { class: "card verdict", "data-state": "waiting" }, picture(blob, url), body, close);
  const called = () => h("p", { class: "soft small verdict-name" }, name);
  const titled = (sign, words, ...rest) => {
    body.replaceChildren(h("h2", { class: "verdict-title", tabindex: "-1" }, icon(sign), h("span", {}, words)), ...rest, called());
  };
  titled(GLASS, "Waits for its turn");
  return {
    element,
    wait() {
      element.dataset.state = "looking";
      titled(GLASS, "Looking for marks", h("progress", { "aria-label": `Looking for marks in ${name}` }),
        h("p", { class: "soft small" }, "Usually some seconds; up to a minute where there is none, for then it looks everywhere."));
    },
    show(verdict) {
      element.dataset.state = verdict.state;
      const words = titleOf(verdict);
      titled(STATES[verdict.state].sign, words, h("p", {}, verdict.summary), h("p", { class: "soft small" }, verdict.sureness));
      const more = evidence(verdict);
      if (more) body.append(more);
      say(`${name}: ${words}.`);
    },
    fail(error, again) {
      element.dataset.state = "failed";
      titled(GLASS, "Could not be looked at");
      showProblem(body, error);
      body.append(h("div", { class: "row" }, h("button", { class: "button", type: "button", onclick: again }, "Look again")));
    },
    forget() {
      URL.revokeObjectURL(url);
      element.remove();
    },
  };
}

function picture(blob, url) {
  const frame = h("div", { class: "verdict-picture", "aria-hidden": "true" });
  const shown = blob.type.startsWith("video/")
    ? h("video", { src: url, muted: true, playsinline: true, preload: "metadata" })
    : h("img", { src: url, alt: "" });
  shown.addEventListener("error", () => frame.replaceChildren(icon("M6 3h8l4 4v14H6zM14 3v4h4")));
  frame.append(shown);
  return frame;
}
