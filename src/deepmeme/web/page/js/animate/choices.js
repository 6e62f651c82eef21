// More choices: a form made from what the API says of its options.
import { freshId, h } from "../dom.js";

const HIDDEN = ["crop", "caption_top", "caption_bottom", "model"]; // the box, the editor, its own select
const ONE_OF = { audio: ["driving", "none"] }; // files of the server's own machine are not for pages
const TITLES = { fps: "Frames a second", max_size: "Largest size", crop_driving: "Square of the clip", audio: "Sound", paste_back: "Paste back" };
const HELP = { crop_driving: "Part of the clip to watch: auto (the face, or else the centre), none, or x,y,width,height." };
const EXAMPLES = { start: "0:01.5", end: "0:04", max_size: "8MB", label_text: "Made with AI" };
const FORMATS = { mp4: "MP4", gif: "GIF", webp: "WebP", webm: "WebM" };

/** The folded form; it writes chosen.options, .format and .inside. */
export function choicesForm({ chosen, options, models }) {
  const shown = options.filter((option) => !HIDDEN.includes(option.name))
    .map((option) => ({ ...option, help: HELP[option.name] ?? option.help }));
  const groups = [...new Set(shown.map((option) => option.group))];
  const fields = [modelField(chosen, models), formatField(chosen), insideField(chosen)];
  const change = (name, value) => {
    const next = { ...chosen.options };
    if (value === undefined) delete next[name];
    else next[name] = value;
    chosen.set({ options: next });
  };
  const sets = groups.map((group) => {
    const mine = shown.filter((option) => option.group === group).map((option) => optionField(option, change));
    fields.push(...mine);
    const more = group === "Output" ? [fields[1].element] : [];
    return h("fieldset", { class: "stack choices-group" }, h("legend", {}, group), more, mine.map((field) => field.element));
  });
  sets.push(h("fieldset", { class: "stack choices-group" }, h("legend", {}, "Engine"), fields[0].element, fields[2].element));
  const count = h("span", { class: "pill", hidden: true });
  const reset = h("button", { type: "button", class: "button quiet", "data-test": "choices-reset", hidden: true, onclick: clear }, "Reset");
  const summary = h("summary", { "data-test": "more-choices" }, h("span", { class: "grow" }, "More choices"), count);
  const element = h("details", { class: "card choices" }, summary, h("div", { class: "row" }, reset), h("div", { class: "choices-groups" }, sets));
  chosen.on(["options", "format", "inside"], () => {
    const changed = Object.keys(chosen.options).length + (chosen.format !== "mp4") + chosen.inside;
    count.textContent = `${changed} changed`;
    count.hidden = reset.hidden = !changed;
  });

  function clear() {
    for (const field of fields) field.reset();
    summary.focus();
    chosen.set({ options: {}, format: "mp4", inside: false });
  }
  return element;
}

function titleOf(name) {
  const words = name.replaceAll("_", " ");
  return TITLES[name] ?? words[0].toUpperCase() + words.slice(1);
}

function optionField(option, change) {
  const told = (value) => change(option.name, value === option.default || value === null ? undefined : value);
  const choices = ONE_OF[option.name] ?? option.one_of;
  if (option.type === "bool") return checkField(option, told);
  if (choices?.length) return selectField(titleOf(option.name), option.help, choices.map((name) => [name, name]), option.default, told, option.name);
  if (option.type === "str") return textField(option, told);
  return numberField(option, told);
}

function field(title, help, control, ...more) {
  const id = freshId("choice");
  control.id = id;
  control.setAttribute("aria-describedby", `${id}-help`);
  return h("div", { class: "field" }, h("label", { for: id }, title), control, more, h("span", { class: "help", id: `${id}-help` }, help));
}

function checkField({ name, help, default: usual }, told) {
  const box = h("input", { type: "checkbox", "data-option": name, checked: usual });
  box.addEventListener("change", () => told(box.checked));
  const element = h("label", { class: "check field-check" }, box, h("span", {}, h("strong", {}, titleOf(name)), h("span", { class: "help" }, help)));
  return { element, reset: () => { box.checked = usual; } };
}

function selectField(title, help, pairs, usual, told, name) {
  const select = h("select", { "data-option": name }, pairs.map(([value, words]) => h("option", { value }, words)));
  select.value = usual;
  select.addEventListener("change", () => told(select.value));
  return { element: field(title, help, select), reset: () => { select.value = usual; } };
}

function textField({ name, help, default: usual }, told) {
  const text = h("input", { type: "text", "data-option": name, value: usual ?? "", maxlength: "200", placeholder: EXAMPLES[name] ? `as ${EXAMPLES[name]}` : null, autocomplete: "off" });
  text.addEventListener("change", () => told(text.value.trim() === "" ? null : text.value.trim()));
  return { element: field(titleOf(name), help, text), reset: () => { text.value = usual ?? ""; } };
}

function numberField({ name, type, help, default: usual, low, high }, told) {
  const whole = type === "int";
  const step = whole ? 1 : (high - low) / 100 > 0.1 ? 0.5 : 0.05;
  const limits = { min: low, max: high, step: whole ? "1" : "any" };
  const number = h("input", { type: "number", "data-option": name, value: usual ?? "", placeholder: "as it is", ...limits });
  const range = usual === null ? null : h("input", { type: "range", "aria-label": titleOf(name), ...limits, step: String(step), value: String(usual) });
  const take = (text) => {
    const value = text === "" ? usual : Math.min(high, Math.max(low, whole ? Math.round(Number(text)) : Number(text)));
    number.value = value ?? "";
    if (range) range.value = value;
    told(value);
  };
  number.addEventListener("change", () => take(number.value));
  range?.addEventListener("input", () => { number.value = range.value; });
  range?.addEventListener("change", () => take(range.value));
  const element = field(titleOf(name), help, number);
  if (range) {
    const both = h("div", { class: "range-and-number" });
    number.replaceWith(both);
    both.append(range, number);
  }
  return { element, reset: () => { number.value = usual ?? ""; if (range) range.value = usual; } };
}

function modelField(chosen, models) {
  const pairs = models.filter((model) => ["portrait", "fomm"].includes(model.family)).map((model) => [model.name, model.title]);
  return selectField("Model", "What the network learnt to move. Chosen to fit picture and clip unless you name one.",
    [["", "the one that fits"], ...pairs], "", (value) => {
      const options = { ...chosen.options };
      if (value) options.model = value;
      else delete options.model;
      chosen.set({ options });
    }, "model");
}

function formatField(chosen) {
  return selectField("File", "What is made first; the others can be had afterwards. A largest size works for GIF and WebP.",
    Object.entries(FORMATS), "mp4", (format) => chosen.set({ format }), "format");
}

function insideField(chosen) {
  const box = h("input", { type: "checkbox", "data-test": "inside" });
  box.addEventListener("change", () => chosen.set({ inside: box.checked }));
  const element = h("label", { class: "check field-check" }, box, h("span", {}, h("strong", {}, "Look inside"),
    h("span", { class: "help" }, "Also make a film of what the networks saw and did, frame by frame.")));
  return { element, reset: () => { box.checked = false; } };
}
