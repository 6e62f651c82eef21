// A strip of what was made before.
import { get, remove } from "../api.js";
import { h, showProblem } from "../dom.js";

const SHOWN = 40;

/** {element, refresh(), mark(id)}; `onPick` gets the job, `onGone` the id of one that was deleted. */
export function earlierStrip({ onPick, onGone }) {
  const list = h("ul", { class: "strip", "data-test": "earlier" });
  const title = h("h2", { id: "earlier-title", tabindex: "-1" }, "Made before");
  const element = h("section", { class: "stack earlier", "aria-labelledby": "earlier-title", hidden: true }, title, list);
  let chosen = "";

  /** All animations of this user; also those that are still being made. */
  async function refresh() {
    const { jobs } = await get("/v1/jobs");
    const mine = jobs.filter((job) => job.kind === "animate");
    const done = mine.filter((job) => job.state === "done").slice(0, SHOWN);
    const there = new Map([...list.children].map((item) => [item.dataset.id, item]));
    list.replaceChildren(...done.map((job) => there.get(job.id) ?? tile(job)));
    element.hidden = !done.length;
    mark(chosen);
    return mine;
  }

  function tile(job) {
    const name = nameOf(job);
    const pick = h("button", { type: "button", class: "tile", "aria-label": name, title: name, onclick: () => onPick(job) }, small(job.result));
    const away = h("button", { type: "button", class: "tile-away", "aria-label": `Delete: ${name}`, "data-test": "earlier-delete" }, h("span", {}, "×"));
    const item = h("li", { "data-id": job.id }, pick, away);
    twice(away, () => drop(job.id, item));
    return item;
  }

  async function drop(id, item) {
    const next = item.nextElementSibling ?? item.previousElementSibling;
    showProblem(element, null);
    try {
      await remove(`/v1/jobs/${id}`);
      item.remove();
      element.hidden = !list.children.length;
      (next?.querySelector(".tile") ?? title).focus({ preventScroll: true });
      onGone(id);
    } catch (error) {
      showProblem(element, error);
    }
  }

  function mark(id) {
    chosen = id;
    for (const item of list.children) item.querySelector(".tile").setAttribute("aria-pressed", String(item.dataset.id === id));
  }
  return { element, refresh, mark };
}

/** Deleting asks once more, on the button itself. */
function twice(button, act) {
  const label = button.getAttribute("aria-label");
  const calm = () => {
    button.firstChild.textContent = "×";
    button.classList.remove("sure");
    button.setAttribute("aria-label", label);
  };
  button.addEventListener("click", () => {
    if (button.classList.contains("sure")) return act();
    button.firstChild.textContent = "Delete?";
    button.classList.add("sure");
    button.setAttribute("aria-label", `${label}. Press again to delete it.`);
    return undefined;
  });
  button.addEventListener("blur", calm);
  button.addEventListener("pointerleave", calm);
}

function small(result) {
  const format = result.media_type.split("/")[1].toUpperCase();
  if (!result.media_type.startsWith("video/")) {
    return [h("img", { src: result.url, alt: "", loading: "lazy" }), h("span", { class: "format" }, format)];
  }
  const video = h("video", { src: `${result.url}#t=0.1`, muted: true, playsInline: true, preload: "metadata", "aria-hidden": "true", tabindex: "-1" });
  return format === "MP4" ? video : [video, h("span", { class: "format" }, format)];
}

function nameOf({ created, story, result }) {
  const words = [story.options?.caption_top, story.options?.caption_bottom].filter(Boolean).join(" / ");
  const when = new Date(created).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  return `${words || result.name}, ${when}`;
}
