// Verify: drop files, and hear where they come from as far as their marks tell.
import { verify } from "./api.js";
import { h } from "./dom.js";
import { dropZone, onPaste } from "./drop.js";
import { card } from "./verify/card.js";
import { legend } from "./verify/states.js";

/** The room hands out `check(blob, name)`: look at something that another room made. */
export async function mount(panel) {
  const list = h("ul", { class: "verdicts", id: "verdicts", "aria-label": "Verdicts" });
  let line = Promise.resolve(); // one after the other: a check takes a whole core

  function check(blob, name = blob.name || "A file", before = list.firstChild) {
    let gone = false;
    const shown = card(blob, name, () => {
      gone = true;
      const next = shown.element.nextElementSibling ?? shown.element.previousElementSibling;
      shown.forget();
      (next?.querySelector(".icon-button") ?? input).focus();
    });
    const look = () => {
      line = line.then(async () => {
        if (gone) return null;
        shown.wait();
        try {
          const verdict = await verify(blob);
          shown.show(verdict);
          return verdict;
        } catch (error) {
          shown.fail(error, look);
          return null;
        }
      });
      return line;
    };
    list.insertBefore(shown.element, before);
    return look();
  }

  const checkAll = (files) => {
    const before = list.firstChild;
    files.forEach((file) => check(file, file.name, before?.isConnected ? before : null));
  };
  const zone = dropZone({
    label: "Drop pictures or videos",
    hint: "or click to choose, or paste. They are looked at and not kept.",
    accept: "image/*,video/*",
    multiple: true,
    onFiles: checkAll,
    id: "verify-files",
  });
  const input = zone.querySelector("input");
  onPaste(() => !panel.hidden, checkAll);
  panel.append(
    h("div", { class: "intro" },
      h("h1", {}, "Did deepmeme make this?"),
      h("p", { class: "soft" }, "Everything that leaves the studio is signed and carries an invisible watermark. Here both are read again.")),
    h("div", { class: "verify-room" }, h("div", { class: "verify-desk" }, zone, list), legend()));
  return { check };
}
