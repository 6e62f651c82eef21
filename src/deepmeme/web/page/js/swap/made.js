// A swap that is done: the film, what was learnt, and learning on.
import { motionAllowed } from "../animate/chosen.js";
import { post } from "../api.js";
import { h, icon, say } from "../dom.js";
import { verifyButton } from "../verify/hand.js";
import { whoGetsWhat } from "./watch.js";

/** Elements for a finished job; `trainOn` gets a function that asks for the next one. */
export function made(job, app, trainOn) {
  const minutes = h("input", { type: "number", id: "swap-more", class: "swap-more", min: "1", max: "720", step: "1", value: "5", "aria-label": "Minutes to train on" });
  const again = h("button", { type: "button", class: "button", "data-test": "swap-again" }, "Train on for");
  again.addEventListener("click", () => {
    const wanted = Math.min(720, Math.max(1, Number(minutes.value) || 5));
    trainOn(() => post(`/v1/jobs/${job.id}/again`, { minutes: wanted }));
  });
  return [
    h("div", { class: "screen" }, film(job)),
    h("p", { class: "small soft", "data-test": "swap-facts" }, facts(job.story)),
    ...(job.story.warnings ?? []).map((words) => h("p", { class: "note small" }, words)),
    h("div", { class: "row" },
      h("a", { class: "button primary", href: `${job.result.url}?download=1`, download: `deepmeme-swap-${job.id.slice(0, 6)}.${job.result.name.split(".").at(-1)}`, "data-test": "swap-download" }, "Download"),
      h("div", { class: "row swap-again" }, again, minutes, h("span", {}, "minutes")),
      verifyButton(job, app)),
  ];
}

function film(job) {
  if (!job.result.media_type.startsWith("video/")) return h("img", { src: job.result.url, alt: "The picture with the other face" });
  return h("video", {
    src: job.result.url, loop: true, muted: true, playsInline: true, autoplay: motionAllowed(), controls: true,
    "aria-label": "The clip with the other face", "data-test": "swap-video", tabindex: "0",
  });
}

function facts(story) {
  const parts = [];
  if (story.put_in) parts.push(whoGetsWhat(story));
  if (story.learnt_s) parts.push(`Learnt for ${inMinutes(story.learnt_s)} so far.`);
  if (story.still_learning) parts.push("They still get better: more minutes help.");
  return parts.join(" ");
}

function inMinutes(seconds) {
  const whole = Math.max(1, Math.round(seconds / 60));
  return whole === 1 ? "a minute" : `${whole} minutes`;
}

/** What has to be installed first, to copy; null for other errors. */
export function missingExtra(error) {
  if (error?.type !== "MissingExtra") return null;
  const line = /Type:\s*(.+)$/s.exec(error.message)?.[1].trim() ?? error.message;
  const copy = h("button", { type: "button", class: "icon-button", "aria-label": "Copy the line" }, icon("M9 9h10v11H9zM5 15V4h10"));
  const code = h("code", { tabindex: "0" }, line);
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(line);
      say("Copied.");
      copy.replaceChildren(icon("M5 12.5l4.5 4.5L19 7.5"));
    } catch {
      getSelection().selectAllChildren(code); // no clipboard without https: it is selected for a hand
    }
  });
  return h("div", { class: "stack", "data-test": "swap-install" },
    h("p", { class: "small" }, "Whoever runs this studio types this once, and starts it again:"), h("div", { class: "copyable" }, code, copy));
}
