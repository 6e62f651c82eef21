// The question that has to be answered before a real person's picture moves.
import { h, showProblem } from "../dom.js";

const ASKED = "Animate pictures of people who agreed to it, of people long gone, and of faces that were painted, "
  + "drawn or carved. Never use it to deceive, to shame or to pose as somebody. What deepmeme makes is marked as "
  + "made by AI.";

/** {element, missing()}: missing() says so and shows where to answer. */
export function consentQuestion(chosen) {
  const box = h("input", { type: "checkbox", id: "consent", "data-test": "consent" });
  const element = h("div", { class: "note stack consent", hidden: true, "data-test": "consent-note" },
    h("p", { class: "small" }, ASKED),
    h("label", { class: "check" }, box, h("span", {}, "I have the consent of the people in my pictures, where they can be asked.")));
  box.addEventListener("change", () => {
    showProblem(element, null);
    chosen.set({ consent: box.checked });
  });
  chosen.on(["pictures", "consent"], () => {
    element.hidden = !chosen.asks;
    box.checked = chosen.consent;
  });
  function missing() {
    if (!chosen.asks || chosen.consent) return false;
    showProblem(element, new Error("Please answer this first."));
    box.focus();
    return true;
  }
  return { element, missing };
}
