// The pictures that come with deepmeme, as a row to choose from.
import { get } from "./api.js";
import { h } from "./dom.js";

let asked = null;

/** {pictures, driving} of GET /v1/shelf, asked once. */
export function shelf() {
  asked ??= get("/v1/shelf").catch((error) => {
    asked = null;
    throw error;
  });
  return asked;
}

/** Whether it is one of the animals, which need the model that learnt from animals. */
export function isAnimal(ref) {
  return ref.startsWith("shelf:toon_");
}

/** Small pictures, one of them chosen; `onChoose` gets {ref, title, url}. */
export function pictureShelf({ pictures, chosen, onChoose, label }) {
  const buttons = pictures.map((picture) => {
    const button = h("button", { type: "button", title: picture.title, "data-ref": picture.ref },
      h("img", { src: picture.url, alt: picture.title, loading: "lazy", draggable: false }));
    button.setAttribute("aria-pressed", String(picture.ref === chosen));
    button.addEventListener("click", () => {
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      onChoose(picture);
    });
    return button;
  });
  return h("ul", { class: "shelf small-shelf", role: "group", "aria-label": label },
    buttons.map((button) => h("li", { role: "presentation" }, button)));
}
