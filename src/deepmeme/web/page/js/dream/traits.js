// Sliders for what a model can change in a face, in groups that a person would look for.
import { get } from "../api.js";
import { h, say } from "../dom.js";

// name of the trait: its short name
const GROUPS = [
  ["Pose", { yaw: "Turn the head", pitch: "Raise the head", gaze: "Look aside" }],
  ["Expression", { smile: "Smile", mouth_open: "Open the mouth", eyes_open: "Open the eyes", brows: "Raise the brows" }],
  ["Person", { age: "Older", womanly: "Womanly", skin: "Lighter skin", beard: "Stubble", makeup: "Make-up" }],
  ["Hair and glasses", { hair: "Lighter hair", hair_length: "Longer hair", glasses: "Glasses" }],
  ["Shape", { nose: "Wider nose", lips: "Fuller lips", eyes: "Larger eyes", face: "Wider face" }],
];
const NAMED = new Set(GROUPS.flatMap(([, names]) => Object.keys(names)));

/** {element, load()}: load() shows the traits that the person's model has. */
export function traitSliders(person, onMoved) {
  const reset = h("button", { type: "button", class: "button quiet", id: "dream-reset", disabled: true, onclick: clear }, "Back to the middle");
  const groups = h("div", { class: "trait-groups" });
  const element = h("section", { class: "card traits", "aria-labelledby": "dream-traits" },
    h("div", { class: "row apart" }, h("h2", { id: "dream-traits" }, "Change this person"), reset), groups);
  const known = new Map(); // model -> its traits
  let sliders = new Map();

  async function load() {
    const { model } = person;
    if (!known.has(model)) known.set(model, (await get(`/v1/faces/traits?model=${model}`)).traits);
    if (person.model !== model) return;
    const traits = known.get(model);
    const here = new Set(traits.map((trait) => trait.name));
    const kept = Object.entries(person.edits).filter(([name]) => here.has(name));
    if (kept.length !== Object.keys(person.edits).length) person.set({ edits: Object.fromEntries(kept) });
    sliders = new Map(traits.map((trait) => [trait.name, slider(trait, person, onMoved)]));
    groups.replaceChildren(...grouped(traits, sliders));
    show();
  }

  function show() {
    for (const [name, one] of sliders) one.show(person.edits[name] ?? 0);
    reset.disabled = Object.keys(person.edits).length === 0;
  }

  function clear() {
    person.set({ edits: {} });
    onMoved();
    sliders.values().next().value?.input.focus({ preventScroll: true }); // the button cannot keep it
    say("All traits are back in the middle.");
  }
  person.on(["edits"], show);
  return { element, load };
}

function grouped(traits, sliders) {
  const others = Object.fromEntries(traits.filter((trait) => !NAMED.has(trait.name)).map((trait) => [trait.name, ""]));
  return [...GROUPS, ["More", others]].flatMap(([title, names]) => {
    const mine = Object.keys(names).filter((name) => sliders.has(name));
    if (!mine.length) return [];
    return [h("fieldset", { class: "trait-group" }, h("legend", {}, title), mine.map((name) => sliders.get(name).element))];
  });
}

function nameOf(trait) {
  for (const [, names] of GROUPS) if (names[trait.name]) return names[trait.name];
  const words = trait.name.replaceAll("_", " ");
  return words[0].toUpperCase() + words.slice(1);
}

function slider(trait, person, onMoved) {
  const words = nameOf(trait);
  const told = h("output", { class: "trait-value", "aria-hidden": "true" });
  const input = h("input", {
    type: "range", min: String(trait.low), max: String(trait.high), step: "0.1", value: "0",
    "aria-label": words, "aria-description": trait.label, "data-trait": trait.name,
  });
  input.addEventListener("input", (event) => {
    person.move(trait.name, Number(input.value));
    onMoved(event.timeStamp);
  });
  const element = h("label", { class: "trait", title: `${trait.label}. Double click: back to the middle.` },
    h("span", { class: "trait-name" }, words), input, told);
  element.addEventListener("dblclick", (event) => {
    event.preventDefault();
    person.move(trait.name, 0);
    onMoved();
  });
  function show(steps) {
    if (Number(input.value) !== steps) input.value = String(steps);
    input.style.setProperty("--at", `${(100 * (steps - trait.low)) / (trait.high - trait.low)}%`);
    told.textContent = steps ? `${steps > 0 ? "+" : "−"}${Math.abs(steps).toFixed(1)}` : "";
    input.setAttribute("aria-valuetext", steps ? `${steps > 0 ? "plus" : "minus"} ${Math.abs(steps)}` : "as it is");
    element.classList.toggle("moved", steps !== 0);
  }
  return { element, input, show };
}
