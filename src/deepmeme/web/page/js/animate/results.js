// Step 3: make it, watch it, caption it, take it away.
import { post } from "../api.js";
import { h, say } from "../dom.js";
import { submit } from "../jobs.js";
import { captionEditor } from "./captions.js";
import { motionAllowed } from "./chosen.js";
import { earlierStrip } from "./earlier.js";
import { jobProgress } from "./making.js";
import { outcome } from "./outcome.js";
import { resultScreen } from "./screen.js";

/** {action, result, earlier, begin()}: the button, the card of the result, the strip. */
export function resultStep({ chosen, consent, app }) {
  const go = h("button", { type: "button", class: "button primary large animate-button", "data-test": "animate", id: "animate-button", onclick: animate }, "Animate");
  const captions = captionEditor({ onPut: (words) => again({ options: words }), onTyped: backToClean });
  const screen = resultScreen(captions.canvas);
  const progress = jobProgress((busy) => {
    go.textContent = busy ? "Making it…" : "Animate";
    go.setAttribute("aria-disabled", String(busy));
    for (const part of [captions.element, earlier.element, below]) part.classList.toggle("resting", busy);
  });
  const below = h("div", {});
  const earlier = earlierStrip({ onPick: (job) => pick(job), onGone: (id) => id === shown?.id && empty() });
  const action = h("div", { class: "action" }, go);
  const result = h("section", { class: "card stack of-result step", "aria-labelledby": "step-result" },
    h("h2", { class: "step-title", id: "step-result", tabindex: "-1" }, "Result"),
    progress.element, screen.element, captions.element, below);
  const cleanOf = new Map(); // id of a captioned result -> the same without words
  let shown = null;
  let waiting = false;

  chosen.on(["pictures", "clip"], () => !shown && !progress.busy() && empty());

  async function animate() {
    if (progress.busy() || waiting || consent.missing()) return;
    waiting = true;
    go.textContent = "Waiting for your file…";
    const there = await chosen.settled();
    waiting = false;
    go.textContent = "Animate";
    if (!there || consent.missing()) return;
    if (!chosen.pictures.length) {
      progress.problem(new Error("Choose a picture first."));
      return;
    }
    const words = Object.fromEntries(Object.entries(captions.words()).filter(([, text]) => text));
    toResult();
    await made(() => submit("/v1/animations", chosen.request(words)), screen.making);
  }

  /** The job on the screen once more, with something different. */
  async function again(changes) {
    const from = shown;
    const clean = cleanOf.get(from.id) ?? (burnt(from) ? null : from);
    const next = await made(() => post(`/v1/jobs/${from.id}/again`, changes));
    if (next && clean && burnt(next)) cleanOf.set(next.id, clean);
  }

  async function made(ask, onFrame) {
    const last = await progress.run(ask, onFrame);
    if (last?.state === "done") {
      show(last);
      say("Done. The result is on the screen.");
      earlier.refresh().catch(progress.problem);
      return last;
    }
    if (last?.error?.type === "ConsentNeeded") chosen.set({ pictures: chosen.pictures.map((picture) => ({ ...picture, asks: true })) });
    if (shown) show(shown);
    else empty();
    return null;
  }

  function show(job) {
    shown = job;
    screen.playing(job.result, "The result");
    captions.shows({ ...job.result, burnt: job.story.options ?? {}, made: true });
    below.replaceChildren(outcome(job, { app, onMade: () => earlier.refresh(), onInside: () => again({ inside: true }) }));
    earlier.mark(job.id);
  }

  /** Whoever changes words that are in the picture already sees them over the picture without. */
  function backToClean() {
    const clean = shown && cleanOf.get(shown.id);
    if (clean && !progress.busy()) show(clean);
  }

  function pick(job) {
    if (progress.busy()) return;
    captions.fill(job.story.options ?? {});
    show(job);
    toResult();
  }

  function empty() {
    shown = null;
    earlier.mark("");
    below.replaceChildren();
    screen.waiting(chosen);
    const look = chosen.pictures[0]?.look;
    captions.shows({ width: look ? Math.round(512 * look.width / look.height) : 512, height: 512, burnt: {}, made: false });
  }

  function toResult() {
    const behavior = motionAllowed() ? "smooth" : "auto";
    const stacked = matchMedia("(max-width: 1020px)").matches;
    if (stacked) result.scrollIntoView({ behavior, block: "start" });
    else screen.element.scrollIntoView({ behavior, block: "nearest" });
  }

  /** Fill the strip; go on watching a job that runs since before the page was opened. */
  async function begin() {
    empty();
    const jobs = await earlier.refresh();
    const running = jobs.find((job) => job.state === "queued" || job.state === "running");
    if (running) made(() => running, screen.making);
  }
  return { action, result, earlier: earlier.element, begin };
}

function burnt(job) {
  return Boolean(job.story.options?.caption_top || job.story.options?.caption_bottom);
}
