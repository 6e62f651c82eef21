// A walk through people: two directions among the numbers that a face is painted from.
import { get, paint } from "../api.js";
import { h, newestWins, say, showProblem } from "../dom.js";
import { pad } from "./pad.js";

const FARTHEST = 2.5; // beyond, faces fall apart
const SIDE = 3; // of the map on the pad: 3 x 3 faces
// name of the direction, its low end, its high end
const WORDS = {
  yaw: ["Head turn", "turned left", "turned right"],
  pitch: ["Nod", "head lowered", "head raised"],
  smile: ["Smile", "no smile", "a smile"],
  mouth_open: ["Mouth", "mouth shut", "mouth open"],
  eyes_open: ["Lids", "eyes narrow", "eyes wide"],
  brows: ["Brows", "frowning", "brows raised"],
  gaze: ["Gaze", "looking left", "looking right"],
  womanly: ["Woman or man", "like a man", "like a woman"],
  skin: ["Skin", "darker skin", "lighter skin"],
  hair: ["Colour of hair", "darker hair", "lighter hair"],
  hair_length: ["Length of hair", "shorter hair", "longer hair"],
  beard: ["Stubble", "shaven", "stubble"],
  glasses: ["Glasses", "no glasses", "glasses"],
  makeup: ["Make-up", "no make-up", "make-up"],
  nose: ["Nose", "narrower nose", "wider nose"],
  lips: ["Lips", "thinner lips", "fuller lips"],
  eyes: ["Size of eyes", "smaller eyes", "larger eyes"],
  face: ["Face", "narrower face", "wider face"],
};

export const walk = {
  name: "walk",
  title: "A walk through people",
  idea: "None of these people exist. A face is painted from a list of numbers, and every place on this map is another list.",
  task: "Pull the dot over the map. Then keep it where it is and ask for another person.",
  why: "All smiles lie in the same direction among the numbers. Who takes that way begins to smile, whoever they are, and mostly stays who they are.",
  begin,
};

async function begin(stage) {
  try {
    const { traits } = await get("/v1/faces/traits?model=gan");
    furnish(stage, traits);
  } catch (error) {
    showProblem(stage, error);
  }
}

function furnish(stage, traits) {
  const state = { seed: 7, across: "yaw", up: "smile" };
  const face = h("img", { class: "walk-face", alt: "A face that was dreamt up", width: 384, height: 384, "data-test": "walk-face" });
  const where = h("p", { class: "soft small walk-where", "data-test": "walk-where" });
  const ends = { left: end("left"), right: end("right"), high: end("high"), low: end("low") };
  const told = (x, y) => `${inSteps(traits, state.across, x)}, ${inSteps(traits, state.up, y)}`;
  const square = pad({ label: "Where you are among people", onMove: () => draw(), inWords: told });

  const edits = (x, y) => ({ [state.across]: round(FARTHEST * x), [state.up]: round(FARTHEST * y) });
  const draw = newestWins(async () => {
    const { x, y } = square.at;
    where.textContent = `${told(x, y)}.`;
    try {
      show(face, await paint("/v1/faces", { model: "gan", seed: state.seed, edits: edits(x, y) }));
      showProblem(stage, null);
    } catch (error) {
      showProblem(stage, error);
    }
  });
  const chart = newestWins(async () => {
    const { seed, across, up } = state;
    for (const [place, tile] of [...square.ground.children].entries()) {
      const x = (place % SIDE) / (SIDE - 1) * 2 - 1;
      const y = 1 - Math.floor(place / SIDE) / (SIDE - 1) * 2;
      if (seed !== state.seed || across !== state.across || up !== state.up) return; // a newer map waits
      try {
        show(tile, await paint("/v1/faces", { model: "gan", seed, edits: edits(x * 0.8, y * 0.8) }));
      } catch {
        return; // the large face says what is wrong
      }
    }
  });
  for (let i = 0; i < SIDE * SIDE; i += 1) square.ground.append(h("img", { alt: "", draggable: false }));

  function begun() {
    [ends.left.textContent, ends.right.textContent] = words(traits, state.across).slice(1);
    [ends.low.textContent, ends.high.textContent] = words(traits, state.up).slice(1);
    square.put(square.at.x, square.at.y);
    chart();
  }
  const another = h("button", { class: "button", type: "button", "data-test": "walk-another", onclick: () => {
    state.seed = Math.floor(Math.random() * 100_000);
    begun();
    say("Another person, in the same place.");
  } }, "Another person");
  const middle = h("button", { class: "button quiet", type: "button", onclick: () => square.put(0, 0) }, "To the middle");
  const selects = {};
  for (const which of ["across", "up"]) {
    selects[which] = chooser(traits, state[which], (name) => {
      state[which] = name;
      oneEach(selects);
      begun();
    }, `walk-${which}`);
  }
  oneEach(selects);
  const choose = (which, label) => h("label", { class: "field" }, h("span", {}, label), selects[which]);
  stage.append(
    h("div", { class: "walk" },
      h("div", { class: "walk-map" }, ends.high, square.element, ends.left, ends.low, ends.right),
      h("figure", { class: "walk-shown" }, face, h("figcaption", {}, where))),
    h("div", { class: "row walk-tools" }, choose("across", "Across"), choose("up", "Up"), another, middle));
  begun();
}

function chooser(traits, chosen, onChoose, test) {
  const select = h("select", { "data-test": test }, traits.map(({ name }) =>
    h("option", { value: name, selected: name === chosen }, words(traits, name)[0])));
  select.addEventListener("change", () => onChoose(select.value));
  return select;
}

/** What goes across is not offered upwards, and the other way round. */
function oneEach({ across, up }) {
  for (const option of across.options) option.disabled = option.value === up.value;
  for (const option of up.options) option.disabled = option.value === across.value;
}

function end(side) {
  return h("span", { class: `walk-end walk-${side}`, "aria-hidden": "true" });
}

function words(traits, name) {
  const label = traits.find((trait) => trait.name === name)?.label ?? name;
  return WORDS[name] ?? [label, `less: ${label}`, `more: ${label}`];
}

function inSteps(traits, name, value) {
  const [title] = words(traits, name);
  const step = round(FARTHEST * value);
  return `${title} ${step > 0 ? "+" : ""}${step.toFixed(1).replace("-", "\u2212")}`;
}

function round(value) {
  return Math.round(value * 100) / 100;
}

/** Put a Blob into an <img>, and let go of the one before. */
function show(image, blob) {
  const before = image.src;
  image.src = URL.createObjectURL(blob);
  if (before.startsWith("blob:")) URL.revokeObjectURL(before);
}
