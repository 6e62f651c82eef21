// A film that walks from one kept face to the next, and back to the first.
import { h, say } from "../dom.js";
import { submit } from "../jobs.js";
import { jobProgress } from "../animate/making.js";
import { motionAllowed } from "../animate/chosen.js";
import { downloadRow } from "../animate/downloads.js";
import { verifyButton } from "../verify/hand.js";

/** {element, settle({all, fitting})}; `faces` gives those of the film. */
export function morphFilm({ person, faces, app }) {
  const seconds = h("input", { type: "range", id: "morph-seconds", min: "0.5", max: "6", step: "0.5", value: "2", "aria-label": "Seconds from face to face" });
  const told = h("output", { class: "soft small" }, "2 s a face");
  const go = h("button", { type: "button", class: "button primary", id: "dream-morph", disabled: true }, "Morph");
  const hint = h("p", { class: "soft small", "data-test": "morph-hint" });
  const progress = jobProgress((busy) => { go.hidden = busy; });
  const shown = h("div", { class: "stack", "data-test": "morph-result" });
  const element = h("div", { class: "stack of-result" },
    h("div", { class: "row morph-row" }, go, h("label", { class: "row grow" }, seconds, told)), hint, progress.element, shown);
  seconds.addEventListener("input", () => { told.textContent = `${seconds.value} s a face`; });

  go.addEventListener("click", async () => {
    const wanted = { model: person.model, faces: faces(), variety: person.variety, seconds: Number(seconds.value), loop: true };
    shown.replaceChildren();
    const job = await progress.run(() => submit("/v1/morphs", wanted));
    if (job?.state === "done") show(job);
    else go.focus({ preventScroll: true });
  });

  function show(job) {
    const moves = motionAllowed();
    const video = h("video", { src: job.result.url, loop: true, muted: true, playsInline: true, autoplay: moves, controls: true, "aria-label": "The film of the kept faces", "data-test": "morph-video" });
    shown.replaceChildren(h("div", { class: "screen morph-screen" }, video),
      h("div", { class: "row" }, downloadRow(job, () => {}), verifyButton(job, app)));
    video.focus({ preventScroll: true });
    say("The film is ready.");
  }

  function settle({ all, fitting }) {
    go.disabled = fitting < 2;
    go.textContent = fitting < 2 ? "Morph" : `Morph these ${fitting}`;
    const others = all - fitting;
    hint.textContent = others
      ? `${others} of them ${others === 1 ? "was" : "were"} kept with another model or variety and cannot be in one film with the rest.`
      : fitting < 2 ? "Two or more kept faces make a film that walks from one to the next." : "";
    hint.hidden = !hint.textContent;
  }
  settle({ all: 0, fitting: 0 });
  return { element, settle };
}
