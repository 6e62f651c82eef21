// Faces that were kept: come back to one, or let a film walk through all of them.
import { h, icon, say } from "../dom.js";

const MOST = 16; // of one film
const CROSS = "M7 7l10 10M17 7L7 17";

/** {element, keep(shown), fitting(), onChange}; `onPick` gets the recipe of a kept face. */
export function tray({ person, onPick, onChange }) {
  let kept = [];
  const list = h("ul", { class: "kept", "aria-label": "Kept faces", "data-test": "kept" });
  const empty = h("p", { class: "soft small" }, "Nobody yet. “Keep” puts the face on the easel here.");
  const element = h("div", { class: "stack" }, empty, list);

  /** Whether a kept face is of the model and the variety that are set now: a film needs one of each. */
  const fits = (one) => one.recipe.model === person.model && one.recipe.variety === person.variety;
  const fitting = () => kept.filter(fits).map(({ recipe }) => ({ seed: recipe.seed, edits: recipe.edits }));

  function keep({ blob, recipe }) {
    if (!blob) return;
    const wanted = JSON.stringify(recipe);
    if (kept.some((one) => JSON.stringify(one.recipe) === wanted)) {
      say("This face is kept already.");
      return;
    }
    if (kept.length >= MOST) put(kept[0]);
    const one = { recipe, url: URL.createObjectURL(blob) };
    const name = `Seed ${recipe.seed}`;
    const moved = Object.keys(recipe.edits).length ? ", changed" : "";
    const look = h("button", { type: "button", class: "kept-face", title: `${name}${moved}`, "aria-label": `Back to ${name}${moved}`, onclick: () => onPick(recipe) },
      h("img", { src: one.url, alt: "", draggable: "false" }));
    const away = h("button", { type: "button", class: "kept-away", "aria-label": `Put ${name} away`, onclick: () => put(one) }, icon(CROSS));
    one.element = h("li", {}, look, away);
    kept.push(one);
    list.append(one.element);
    settle();
    say(`Kept. ${kept.length} in the tray.`);
  }

  function put(one) {
    const next = one.element.nextElementSibling ?? one.element.previousElementSibling;
    const focused = one.element.contains(document.activeElement);
    kept = kept.filter((other) => other !== one);
    URL.revokeObjectURL(one.url);
    one.element.remove();
    if (focused) (next?.querySelector(".kept-away") ?? document.getElementById("dream-keep")).focus();
    settle();
  }

  function settle() {
    empty.hidden = kept.length > 0;
    for (const one of kept) one.element.classList.toggle("of-others", !fits(one));
    onChange({ all: kept.length, fitting: kept.filter(fits).length });
  }
  person.on(["model", "variety"], settle);
  return { element, keep, fitting };
}
