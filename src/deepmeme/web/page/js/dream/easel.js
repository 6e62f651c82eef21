// The large face: painted at once, always the newest wish, and never two at a time.
import { paint } from "../api.js";
import { h, newestWins, showProblem } from "../dom.js";

/** Name of the measure that each new picture leaves: from the movement of a hand to the screen. */
const MEASURE = "dream-painted";

/** {element, ask(since), idle(), shown()}; shown() is {blob, url, recipe} of what is on it. */
export function easel(person) {
  const face = h("img", { id: "dream-face", alt: "A dreamt-up face", width: 384, height: 384, "data-test": "dream-face", draggable: "false" });
  const frame = h("div", { class: "dream-frame waiting" }, face);
  const place = h("div", {});
  const element = h("div", { class: "dream-easel" }, frame, place);
  const waiting = new Set();
  let last = { blob: null, url: "", recipe: null };
  let wishes = 0;

  const work = newestWins(async (since, wish) => {
    const recipe = person.recipe();
    try {
      const blob = await paint("/v1/faces", recipe);
      const url = URL.createObjectURL(blob);
      await decoded(url); // else the old face is gone before the new one is there
      face.src = url;
      face.dataset.seed = String(recipe.seed);
      frame.classList.remove("waiting");
      if (last.url) URL.revokeObjectURL(last.url);
      last = { blob, url, recipe };
      showProblem(place, null);
      measure(since);
    } catch (error) {
      showProblem(place, error);
    } finally {
      if (wish === wishes) settle();
    }
  });

  function settle() {
    for (const go of waiting) go();
    waiting.clear();
  }

  function ask(since = performance.now()) {
    wishes += 1;
    work(since, wishes);
  }

  /** Resolves once the newest wish is on the easel, or could not be painted. */
  function idle() {
    const there = JSON.stringify(last.recipe) === JSON.stringify(person.recipe());
    return there ? Promise.resolve() : new Promise((resolve) => waiting.add(resolve));
  }
  return { element, ask, idle, shown: () => last };
}

async function decoded(url) {
  const picture = new Image();
  picture.src = url;
  await picture.decode();
}

function measure(since) {
  performance.clearMeasures(MEASURE);
  performance.measure(MEASURE, { start: since, end: performance.now() });
}
