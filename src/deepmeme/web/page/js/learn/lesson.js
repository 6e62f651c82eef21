// The frame of a card: an idea in plain words, something to do, and why it works.
import { h } from "../dom.js";

/** A card; `begin(stage)` furnishes it when it first comes into view. */
export function lesson({ number, name, title, idea, task, why, begin }) {
  const heading = h("h2", { id: `learn-${name}`, tabindex: "-1" }, title);
  const stage = h("div", { class: "lesson-stage" });
  const card = h("article", { class: "card lesson", "data-test": `learn-${name}`, "aria-labelledby": heading.id },
    h("header", { class: "lesson-head" },
      h("span", { class: "lesson-number", "aria-hidden": "true" }, number),
      h("div", { class: "stack lesson-words" }, heading, h("p", {}, idea))),
    h("p", { class: "lesson-task" }, h("strong", {}, "Try it. "), task),
    stage,
    h("p", { class: "lesson-why" }, h("strong", {}, "Why it works. "), why));
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    seen.disconnect();
    begin(stage);
  }, { rootMargin: "200px" });
  seen.observe(card);
  return { card, heading, title };
}
