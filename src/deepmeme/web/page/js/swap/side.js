// One step's pictures and videos: brought, listed, taken away again.
import { bring, post } from "../api.js";
import { dropZone } from "../drop.js";
import { h, icon, say, showProblem } from "../dom.js";

const CROSS = "M6 6l12 12M18 6L6 18";

/** {element, files(), refs(), fill(files), waiting()}; a file is {ref, kind, words, url}. `one` allows a single one. */
export function fileSide({ title, words, hint, id, one = false, more = null, onChange }) {
  let files = [];
  let coming = 0;
  let line = Promise.resolve(); // one after the other: each is looked at, and there may be a hundred
  const list = h("ul", { class: "swap-files", "data-test": `${id}-files`, "aria-label": title });
  const zone = dropZone({
    label: one ? "Bring the clip" : "Bring pictures or videos",
    hint, accept: "image/*,video/*,.mkv", multiple: !one, id, onFiles: (brought) => brought.forEach(take),
  });
  const busy = h("p", { class: "small soft", hidden: true }, "");
  const place = h("div", {});
  const element = h("section", { class: "card stack swap-side", "aria-labelledby": `${id}-title` },
    h("h2", { class: "step-title", id: `${id}-title` }, title), words, list, busy, more, zone, place);

  function take(file) {
    showProblem(place, null);
    counted(1);
    line = line.then(async () => {
      try {
        const { ref, kind } = await bring(file);
        if (kind === "sound") throw new Error("That is a sound. Pictures and videos show faces.");
        const seen = await post("/v1/looks", { ref });
        add({ ref, kind, words: seen.seconds ? `${kind}, ${seen.seconds.toFixed(0)} s` : kind, url: seen.thumb });
        say(`${title}: ${files.length} there.`);
      } catch (error) {
        showProblem(place, error);
      } finally {
        counted(-1);
      }
    });
  }

  function counted(step) {
    coming += step;
    busy.textContent = coming > 1 ? `Looking at them, ${coming} to go…` : "Looking at it…";
    busy.hidden = coming === 0;
    onChange();
  }

  function add(file) {
    files = one ? [file] : [...files, file];
    draw();
    onChange();
  }

  function drop(file) {
    files = files.filter((other) => other !== file);
    draw();
    zone.querySelector("input").focus();
    onChange();
  }

  function draw() {
    list.replaceChildren(...files.map((file) => h("li", {},
      h("img", { src: file.url, alt: "" }),
      h("span", { class: "small grow" }, file.words),
      h("button", { type: "button", class: "icon-button", "aria-label": `Take ${file.words} away`, onclick: () => drop(file) }, icon(CROSS)))));
  }

  function fill(given) {
    files = [];
    given.forEach(add);
  }
  return { element, files: () => files, refs: () => files.map((file) => file.ref), fill, waiting: () => coming > 0 };
}
