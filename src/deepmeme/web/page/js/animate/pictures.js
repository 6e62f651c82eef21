// Step 1: the pictures that give the looks.
import { h, say, showProblem } from "../dom.js";
import { dropZone, onPaste } from "../drop.js";
import { MOST_PICTURES, isToon } from "./chosen.js";
import { consentQuestion } from "./consent.js";
import { cropBox } from "./cropbox.js";
import { broughtAndSeen, lookAt, ownSquare } from "./looks.js";
import { shoot } from "./shoot.js";
import { cameraButton } from "./use-camera.js";

/** {element, take(files), setPicture(...), consent}; a clip that lands here goes to `onClip`. */
export function pictureStep({ chosen, shelf, isOpen, untilHidden, onClip }) {
  const stage = cropBox((square) => chosen.set({ crop: square }));
  const grid = h("ul", { class: "picture-grid", "aria-label": "Chosen pictures", hidden: true });
  const told = h("p", { class: "small soft stage-words", "data-test": "picture-words" });
  const auto = h("button", { type: "button", class: "button quiet small-button", "data-test": "crop-auto", onclick: freed }, "Auto");
  const buttons = shelf.pictures.map((picture) => {
    const button = h("button", { type: "button", title: picture.title, "data-ref": picture.ref, onclick: () => choose(picture) },
      h("img", { src: picture.url, alt: picture.title, draggable: "false" }));
    return button;
  });
  const several = h("input", { type: "checkbox", "data-test": "several" });
  const consent = consentQuestion(chosen);
  const place = h("div", { class: "stack" });
  const camera = cameraButton("Camera", "shoot", place, async () => {
    const file = await shoot(place, untilHidden);
    if (file) await take([file]);
  });
  const element = h("section", { class: "card stack of-source step", "aria-labelledby": "step-picture" },
    h("h2", { class: "step-title", id: "step-picture" }, "Picture"),
    stage.element, grid, h("div", { class: "row apart stage-row" }, told, auto), consent.element,
    h("ul", { class: "shelf", "aria-label": "Pictures that come with deepmeme" }, buttons.map((button) => h("li", {}, button))),
    dropZone({ label: "Bring a picture", hint: "drop, choose or paste", accept: "image/*,.heic,.avif", multiple: true, id: "picture-file", onFiles: take }),
    h("div", { class: "row apart" }, camera, h("label", { class: "check" }, several, h("span", {}, "Several pictures"))),
    place);

  several.addEventListener("change", () => chosen.set({ several: several.checked, crop: null, pictures: several.checked ? chosen.pictures : chosen.pictures.slice(-1) }));
  onPaste(isOpen, take);
  chosen.on(["pictures", "several", "crop", "clip", "options"], draw);

  function choose(picture) {
    showProblem(place, null);
    const there = chosen.pictures.some((other) => other.ref === picture.ref);
    if (there && chosen.several && chosen.pictures.length > 1) return drop(picture.ref);
    if (there) return null;
    return add({ ref: picture.ref, title: picture.title, thumb: picture.url, look: null, asks: false });
  }

  function add(picture) {
    const pictures = chosen.several ? [...chosen.pictures, picture] : [picture];
    if (pictures.length > MOST_PICTURES) {
      showProblem(place, new Error(`${MOST_PICTURES} pictures are the most.`));
      return;
    }
    chosen.set({ pictures, crop: null, consent: chosen.consent && !picture.asks });
    if (picture.look) return;
    chosen.coming(lookAt(picture.ref)).then((look) => learnt(picture.ref, look), (error) => showProblem(place, error));
  }

  function learnt(ref, look) {
    const pictures = chosen.pictures.map((picture) => picture.ref !== ref ? picture
      : { ...picture, look, asks: picture.asks || look.asks_consent });
    chosen.set({ pictures });
  }

  function drop(ref) {
    chosen.set({ pictures: chosen.pictures.filter((picture) => picture.ref !== ref), crop: null });
  }

  function away(ref) {
    drop(ref);
    (grid.querySelector("button") ?? buttons[0]).focus();
  }

  /** Back to the square that deepmeme takes by itself. */
  function freed() {
    stage.element.querySelector(".crop-box").focus();
    chosen.set({ crop: null });
    say("The square is chosen for you again.");
  }

  async function take(files) {
    showProblem(place, null);
    if (files.length > 1 && !chosen.several) chosen.set({ several: true, pictures: [] });
    const busy = h("p", { class: "soft small busy" }, "Looking at it…");
    place.append(busy);
    try {
      await chosen.coming(takeAll(files.slice(0, MOST_PICTURES)));
    } catch (error) {
      showProblem(place, error);
    } finally {
      busy.remove();
      if (!chosen.pictures.length) choose(shelf.pictures[0]);
    }
  }

  async function takeAll(files) {
    for (const file of files) await takeOne(file);
  }

  async function takeOne(file) {
    const brought = await broughtAndSeen(file);
    if (!brought.look.crop) {
      if (brought.kind === "sound") throw new Error("That is a sound. A picture is needed here.");
      onClip(brought);
      return;
    }
    const { ref, look } = brought;
    add({ ref, title: "Your picture", thumb: look.thumb, look, asks: look.asks_consent });
    say("The picture is there.");
  }

  function draw() {
    const { pictures } = chosen;
    several.checked = chosen.several;
    for (const button of buttons) button.setAttribute("aria-pressed", String(pictures.some((picture) => picture.ref === button.dataset.ref)));
    const alone = pictures.length === 1 ? pictures[0] : null;
    stage.element.hidden = !alone;
    grid.hidden = Boolean(alone);
    auto.hidden = !alone || !chosen.crop;
    if (alone) drawOne(alone);
    else drawSeveral(pictures);
  }

  function drawOne({ thumb, look }) {
    const square = look && (chosen.crop ?? ownSquare(look, chosen.model));
    stage.show(thumb, look && [look.width, look.height], look?.faces ?? [], square);
    told.textContent = wordsFor(chosen, look);
  }

  function drawSeveral(pictures) {
    grid.replaceChildren(...pictures.map((picture, number) => h("li", {},
      h("img", { src: picture.thumb, alt: picture.title }),
      h("button", { type: "button", class: "tile-away", "aria-label": `Take picture ${number + 1} away`, onclick: () => away(picture.ref) }, h("span", {}, "×")))));
    told.textContent = pictures.length ? `${pictures.length} pictures, one grid.${chosen.model === "toon" ? "" : " Each face is found by itself."}` : "Choose two or more.";
  }

  return {
    element, take, consent,
    setPicture: (ref, thumb, asks = false) => {
      chosen.set({ several: false });
      add({ ref, title: "Your picture", thumb, look: null, asks });
    },
    choose,
  };
}

function wordsFor(chosen, look) {
  if (!look) return "Looking at it…";
  if (chosen.crop) return "Your square moves.";
  if (chosen.model === "toon") return isToon(chosen.pictures[0]) ? "The whole animal moves." : "The middle moves; pull the square over the thing that should.";
  if (!look.found_face) return "No face was found, so the square lies where one is likeliest. Move it if you know better; for an animal, take the goat as the clip.";
  const number = look.faces.length;
  return number > 1 ? `${number} faces; the largest moves, or the one you put the square on.` : "The square moves. Drag it, or pull a corner.";
}
