// A table that remembers what was tried, the newest first.
import { h } from "../dom.js";

const MOST = 8;

/** `add({what, bytes, verdict})`: what was done to a file, and what POST /v1/verify told. */
export function triesTable() {
  const rows = h("tbody");
  const element = h("div", { class: "tries", hidden: true, tabIndex: 0, role: "region", "aria-label": "Your tries" },
    h("table", { "data-test": "marks-tries" },
      h("thead", {}, h("tr", {}, ["What you did", "Watermark", "Credentials"].map((word) =>
        h("th", { scope: "col" }, word)))),
      rows));
  function add({ what, bytes, verdict }) {
    rows.prepend(h("tr", {},
      h("th", { scope: "row" }, what, h("span", { class: "soft small" }, ` ${kilo(bytes)}`)),
      h("td", {}, mark(...watermarkOf(verdict))),
      h("td", {}, mark(...credentialsOf(verdict)))));
    while (rows.children.length > MOST) rows.lastChild.remove();
    element.hidden = false;
  }
  return { element, add };
}

function mark(word, grade) {
  return h("span", { class: `mark ${grade}` }, word);
}

/** ["found", "good"]: whether a mark survived, and how to colour it. */
export function watermarkOf(verdict) {
  return verdict.watermark ? ["found", "good"] : ["lost", "bad"];
}

export function credentialsOf({ credentials }) {
  if (!credentials) return ["none", "faint"];
  if (credentials.state === "invalid") return ["broken", "bad"];
  return ["whole", "good"];
}

function kilo(bytes) {
  return bytes < 1000 ? `${bytes} B` : `${Math.round(bytes / 1000)} kB`;
}
