// A place to drop, choose or paste files.
import { h } from "./dom.js";

/** `onFiles` gets an array of File. The input inside makes it work by keyboard and screen reader. */
export function dropZone({ label, hint = "", accept = "", multiple = false, onFiles, id = null }) {
  const input = h("input", { type: "file", accept, multiple, "aria-label": label, id });
  const zone = h("div", { class: "drop" }, h("strong", {}, label), hint ? h("span", { class: "small" }, hint) : null, input);
  const take = (files) => {
    const list = [...files];
    if (list.length) onFiles(multiple ? list : list.slice(0, 1));
  };
  input.addEventListener("change", () => {
    take(input.files);
    input.value = "";
  });
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    take(event.dataTransfer.files);
  });
  return zone;
}

/** Pictures pasted anywhere while `isOpen()` says so. */
export function onPaste(isOpen, onFiles) {
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])].filter((file) => file.type.startsWith("image/"));
    if (files.length && isOpen()) onFiles(files);
  });
}
