// The words of a meme: two fields, shown over the picture while they are typed.
import { h, newestWins } from "../dom.js";
import { drawCaptions } from "./lettering.js";

/**
 * {element, canvas, words(), shows(picture)}; `onPut` is called with {caption_top, caption_bottom}.
 * `shows` takes {width, height, burnt: {caption_top, caption_bottom}, made} of what is on the screen.
 */
export function captionEditor({ onPut, onTyped }) {
  const canvas = h("canvas", { class: "captions", "aria-hidden": "true", "data-test": "caption-preview" });
  const top = textField("Words at the top", "caption-top");
  const bottom = textField("Words at the bottom", "caption-bottom");
  const put = h("button", { type: "submit", class: "button", "data-test": "caption-put", hidden: true }, "Put it on");
  const element = h("form", { class: "caption-form" }, top.label, bottom.label, put);
  let below = { width: 512, height: 512, burnt: {}, made: false };

  const draw = newestWins(() => {
    const { caption_top, caption_bottom } = words();
    const clean = !below.burnt.caption_top && !below.burnt.caption_bottom; // never letters over letters
    return drawCaptions(canvas, clean ? caption_top : "", clean ? caption_bottom : "");
  });
  for (const { input } of [top, bottom]) {
    input.addEventListener("input", () => {
      onTyped?.();
      settle();
    });
  }
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!put.hidden) onPut(words());
  });

  function words() {
    return { caption_top: top.input.value.trim(), caption_bottom: bottom.input.value.trim() };
  }

  function settle() {
    const now = words();
    const same = ["caption_top", "caption_bottom"].every((name) => now[name] === (below.burnt[name] ?? ""));
    put.hidden = !below.made || same;
    put.textContent = now.caption_top || now.caption_bottom ? "Put it on" : "Take it off";
    draw();
  }

  function shows(picture) {
    below = picture;
    if (canvas.width !== picture.width || canvas.height !== picture.height) {
      canvas.width = picture.width;
      canvas.height = picture.height;
    }
    settle();
  }

  function fill({ caption_top = "", caption_bottom = "" }) {
    top.input.value = caption_top;
    bottom.input.value = caption_bottom;
  }
  return { element, canvas, words, shows, fill };
}

function textField(words, name) {
  const input = h("input", { type: "text", maxlength: "200", placeholder: words, "aria-label": words, autocomplete: "off", "data-test": name });
  return { input, label: h("div", { class: "grow" }, input) };
}
