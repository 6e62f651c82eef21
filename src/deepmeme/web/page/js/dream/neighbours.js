// The next eight seeds with the same changes, painted one after the other while nothing else is.
import { paint } from "../api.js";
import { h } from "../dom.js";
import { seedAfter } from "./person.js";

const COUNT = 8;
const CALM_MS = 350; // a hand that moves a slider is never quite still

/** {element, refresh()}; `onPick` gets a seed. `idle` resolves once the large face is there. */
export function neighbours({ person, idle, isOpen, onPick }) {
  const cells = Array.from({ length: COUNT }, () => cell(onPick));
  const element = h("ul", { class: "neighbours", "aria-label": "The next seeds", "data-test": "neighbours" }, cells.map((one) => h("li", {}, one.button)));
  let round = 0;
  let shown = "";
  let timer = 0;

  async function paintAll(mine) {
    await idle();
    const wanted = JSON.stringify(person.recipe());
    for (const [place, one] of cells.entries()) {
      if (mine !== round || !isOpen()) return;
      try {
        const seed = seedAfter(person.seed, place + 1);
        const blob = await paint("/v1/faces", person.request(seed));
        if (mine !== round) return;
        one.show(blob, seed);
      } catch {
        return; // the large face says what is wrong
      }
      await idle();
    }
    shown = wanted;
  }

  function refresh() {
    round += 1;
    const mine = round;
    clearTimeout(timer);
    if (JSON.stringify(person.recipe()) === shown) return;
    for (const one of cells) one.fade();
    timer = setTimeout(() => paintAll(mine), CALM_MS);
  }
  return { element, refresh };
}

function cell(onPick) {
  const button = h("button", { type: "button", disabled: true, "aria-label": "Not painted yet" });
  const img = h("img", { alt: "", draggable: "false" });
  let url = "";
  button.addEventListener("click", () => onPick(Number(button.dataset.seed)));
  return {
    button,
    fade: () => button.classList.add("old"),
    show(blob, seed) {
      if (url) URL.revokeObjectURL(url);
      url = URL.createObjectURL(blob);
      img.src = url;
      if (!img.isConnected) button.replaceChildren(img);
      button.dataset.seed = String(seed);
      button.disabled = false;
      button.title = `Seed ${seed}`;
      button.setAttribute("aria-label", `Seed ${seed}`);
      button.classList.remove("old");
    },
  };
}
