// Learn: four ideas behind the studio, each with something to do.
import { h } from "../dom.js";
import { lesson } from "./lesson.js";
import { marks } from "./marks.js";
import { points } from "./points.js";
import { relative } from "./relative.js";
import { walk } from "./walk.js";

const LESSONS = [points, walk, marks, relative];

export async function mount(panel) {
  const made = LESSONS.map((about, place) => lesson({ ...about, number: place + 1 }));
  const ways = made.map(({ heading, title }) =>
    h("button", { class: "button quiet", type: "button", onclick: () => goTo(heading) }, title));
  panel.append(
    h("header", { class: "intro" },
      h("h1", {}, "Four ideas, by hand"),
      h("p", { class: "soft" }, "What the studio does is no magic. Here you can take hold of it."),
      h("nav", { class: "row lesson-ways", "aria-label": "The four ideas" }, ways)),
    h("div", { class: "lessons" }, made.map(({ card }) => card)));
}

function goTo(heading) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  heading.closest(".lesson").scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
  heading.focus({ preventScroll: true });
}
