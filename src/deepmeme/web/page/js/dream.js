// Dream: people who do not exist, under sliders.
import { post } from "./api.js";
import { h, icon, say, showProblem } from "./dom.js";
import { easel } from "./dream/easel.js";
import { morphFilm } from "./dream/film.js";
import { neighbours } from "./dream/neighbours.js";
import { drawSeed, MOST_SEED, Person } from "./dream/person.js";
import { traitSliders } from "./dream/traits.js";
import { tray } from "./dream/tray.js";

const DICE = "M5 4h14a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1M8.5 8.5v.1M15.5 8.5v.1M12 12v.1M8.5 15.5v.1M15.5 15.5v.1";
const MODELS = { gan: ["GAN", "sharper"], vae: ["VAE", "softer"] };

export async function mount(panel, app) {
  const person = new Person();
  const face = easel(person);
  const strip = neighbours({ person, idle: face.idle, isOpen: () => !panel.hidden, onPick: (seed) => change({ seed }) });
  const wish = (since) => {
    face.ask(since);
    strip.refresh();
  };
  const change = (changes, since) => {
    person.set(changes);
    wish(since);
  };
  const traits = traitSliders(person, wish);
  const settings = settingsOf(person, change, traits);
  let film = null;
  const kept = tray({ person, onPick: (recipe) => settings.goTo(recipe), onChange: (counts) => film?.settle(counts) });
  film = morphFilm({ person, faces: kept.fitting, app });

  panel.append(
    h("div", { class: "intro" },
      h("h1", {}, "Dream up a face"),
      h("p", { class: "soft" }, "These people do not exist. Every picture is marked as made by AI.")),
    h("div", { class: "dream-room" },
      h("div", { class: "dream-left" },
        h("div", { class: "card stack of-source dream-stage" }, face.element, settings.seedRow, actions(person, face, kept, app)),
        h("section", { class: "card stack", "aria-labelledby": "dream-next" }, h("h2", { id: "dream-next" }, "Next to it"), strip.element)),
      h("div", { class: "dream-right" }, settings.element, traits.element,
        h("section", { class: "card stack", "aria-labelledby": "dream-kept" }, h("h2", { id: "dream-kept" }, "Kept"), kept.element, film.element))));

  new MutationObserver(() => { if (!panel.hidden) strip.refresh(); }).observe(panel, { attributes: true, attributeFilter: ["hidden"] });
  await traits.load();
  wish();
  return { person };
}

function actions(person, face, kept, app) {
  const place = h("div", { class: "stack" });
  const animate = h("button", { type: "button", class: "button primary", id: "dream-animate" }, "Animate this person");
  const keep = h("button", { type: "button", class: "button", id: "dream-keep", onclick: () => kept.keep(face.shown()) }, "Keep");
  const save = h("button", { type: "button", class: "button", id: "dream-save", onclick: () => signed(face, place) }, "Save picture");
  animate.addEventListener("click", async () => {
    animate.disabled = true;
    showProblem(place, null);
    try {
      await face.idle();
      const { blob, recipe } = face.shown();
      const { ref } = await post("/v1/faces", { ...recipe, keep: true });
      const room = await app.room("animate");
      app.show("animate");
      await room.setPicture(ref, URL.createObjectURL(blob)); // its address is that room's from now on
      say("The face is in Animate.");
    } catch (error) {
      showProblem(place, error);
    } finally {
      animate.disabled = false;
    }
  });
  place.append(h("div", { class: "dream-actions" }, animate, keep, save));
  return place;
}

/** The face on the easel as a signed PNG, to be saved. */
async function signed(face, place) {
  showProblem(place, null);
  try {
    await face.idle();
    const { recipe } = face.shown();
    const { ref } = await post("/v1/faces", { ...recipe, keep: true });
    h("a", { href: `/v1/files/${ref}`, download: `dream-${recipe.seed}.png` }).click();
  } catch (error) {
    showProblem(place, error);
  }
}

/** Seed, model and variety: {element, seedRow, goTo(recipe)}. */
function settingsOf(person, change, traits) {
  const seed = h("input", { type: "number", id: "dream-seed", min: "0", max: String(MOST_SEED), step: "1", value: String(person.seed), inputmode: "numeric", "aria-label": "Seed" });
  seed.addEventListener("change", () => {
    const wanted = Math.min(MOST_SEED, Math.max(0, Math.floor(Number(seed.value) || 0)));
    seed.value = String(wanted);
    change({ seed: wanted });
  });
  const dice = h("button", { type: "button", class: "button", id: "dream-dice", onclick: (event) => change({ seed: drawSeed() }, event.timeStamp) }, icon(DICE), "Somebody new");
  const seedRow = h("div", { class: "row seed-row" }, dice, h("label", { class: "row grow" }, h("span", { class: "soft small" }, "Seed"), seed));

  const variety = h("input", { type: "range", id: "dream-variety", min: "0", max: "1.5", step: "0.05", value: "1", "aria-describedby": "dream-variety-help" });
  const told = h("output", { class: "trait-value", for: "dream-variety" }, "1.00");
  variety.addEventListener("input", (event) => change({ variety: Number(variety.value) }, event.timeStamp));
  const models = Object.entries(MODELS).map(([name, [title, words]]) =>
    h("button", { type: "button", "data-model": name, onclick: () => goTo({ model: name }) }, title, h("span", { class: "small" }, ` ${words}`)));

  /** Another model has other traits: its sliders come first, then its face. */
  async function goTo(recipe) {
    person.set(recipe);
    await traits.load();
    change({});
  }

  function show() {
    seed.value = String(person.seed);
    variety.value = String(person.variety);
    told.textContent = person.variety.toFixed(2);
    for (const button of models) button.setAttribute("aria-pressed", String(button.dataset.model === person.model));
  }
  person.on(["seed", "variety", "model"], show);
  show();
  const element = h("section", { class: "card dream-settings", "aria-label": "How it is painted" },
    h("div", { class: "segmented", role: "group", "aria-label": "Model" }, models),
    h("div", { class: "field grow" },
      h("div", { class: "row apart" }, h("label", { for: "dream-variety" }, "Variety"), told), variety,
      h("span", { class: "help", id: "dream-variety-help" }, "At 0 everybody is the average face; above 1 they grow bold and strange.")));
  return { element, seedRow, goTo };
}
