// Points that carry a face: pull them, and see how the network moves the picture after them.
import { post } from "../api.js";
import { h, newestWins, say, showProblem } from "../dom.js";
import { isAnimal, pictureShelf, shelf } from "../shelf.js";
import { handleLayer } from "./handles.js";

const VIEWS = [
  ["heatmap", "What the network is told", "Each point a blob: dark where it was, in its colour where it went."],
  ["grid", "How it bends the picture", "A grid, bent as the picture is. Straight lines: nothing moved."],
  ["occlusion", "What it has to invent", "Light where the picture shows what is needed, dark where it has to be painted anew."],
];

export const points = {
  name: "points",
  title: "Points that carry a face",
  idea: "The network knows a face by a few dozen points. Whatever moves the points moves the face.",
  task: "Pull at a point: a corner of the mouth, a brow, the tip of the nose. Its neighbours come along. With the keyboard, go to a point with Tab and pull with the arrow keys.",
  why: "Near each point the picture follows that point; in between, the network decides whom to follow. It bends the picture it has, and paints only what the picture never showed.",
  begin,
};

async function begin(stage) {
  try {
    const faces = (await shelf()).pictures.filter((picture) => !isAnimal(picture.ref));
    furnish(stage, faces);
  } catch (error) {
    showProblem(stage, error);
  }
}

function furnish(stage, faces) {
  const state = { ref: faces[0].ref };
  const picture = h("img", { src: faces[0].url, alt: "The picture, as its points are now", draggable: false, "data-test": "puppet-picture" });
  const board = h("div", { class: "puppet-stage", "data-test": "puppet-stage", role: "group", "aria-label": "Points of the face" }, picture);
  const views = VIEWS.map((view) => shownBeside(...view));
  const where = h("p", { class: "soft small grow", "data-test": "puppet-where" });
  const layer = handleLayer({
    stage: board,
    onMove: (at) => move(state.ref, at),
    onTell: (words) => { where.textContent = words; },
  });

  function draw(told) {
    picture.src = told.picture;
    for (const view of views) view.show(told[view.name]);
  }
  const move = newestWins(async (ref, at) => {
    try {
      const told = await post("/v1/puppets", { ref, points: at });
      if (ref !== state.ref) return; // another picture since
      if (at !== null) draw(told);
      else rest(told);
      showProblem(stage, null);
    } catch (error) {
      showProblem(stage, error);
    }
  });
  function rest(told) {
    draw(told);
    layer.rest(told);
    where.textContent = "All points are at home.";
  }
  const letGo = h("button", { class: "button", type: "button", "data-test": "puppet-reset", onclick: () => {
    move(state.ref, null);
    say("All points are back at home.");
  } }, "Let go");
  const row = pictureShelf({ pictures: faces, chosen: state.ref, label: "Picture whose points you pull", onChoose: ({ ref }) => {
    state.ref = ref;
    move(ref, null);
  } });
  stage.append(
    h("div", { class: "puppet" },
      h("div", { class: "stack" }, board,
        h("div", { class: "row apart" }, where, letGo)),
      h("div", { class: "puppet-side" },
        h("div", { class: "of-source" }, row),
        h("div", { class: "puppet-views" }, views.map(({ element }) => element)))));
  move(state.ref, null);
}

function shownBeside(name, title, words) {
  const image = h("img", { alt: title, "data-test": `puppet-${name}` });
  const element = h("figure", { hidden: true }, image, h("figcaption", {}, h("strong", {}, title), words));
  return {
    name,
    element,
    show(url) {
      element.hidden = !url;
      if (url) image.src = url;
    },
  };
}
