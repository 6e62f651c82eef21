// What stands below the screen once something was made: facts, downloads, the mark, the insides.
import { bytes } from "../api.js";
import { h, showProblem } from "../dom.js";
import { downloadRow } from "./downloads.js";
import { insideView } from "./inside.js";

/** Everything about one finished job, as elements. */
export function outcome(job, { app, onMade, onInside }) {
  const warnings = (job.story.warnings ?? []).map((words) => h("p", { class: "note small" }, words));
  return h("div", { class: "stack outcome", "data-test": "outcome" },
    h("p", { class: "small soft facts", "data-test": "facts" }, facts(job.result)),
    job.result.reduced ? h("p", { class: "note small" }, job.result.reduced) : null,
    warnings, downloadRow(job, onMade), markedLine(job, app), insideView(job, onInside));
}

function facts({ width, height, frames, seconds, bytes: size, media_type: type }) {
  const parts = [type.split("/")[1].toUpperCase(), `${width} × ${height}`];
  if (frames > 1) parts.push(`${frames} frames`, `${seconds.toFixed(1)} s`);
  parts.push(size >= 1e6 ? `${(size / 1e6).toFixed(1)} MB` : `${Math.max(1, Math.round(size / 1e3))} kB`);
  return parts.join(" · ");
}

function markedLine(job, app) {
  const button = h("button", { type: "button", class: "button quiet small-button", "data-test": "verify-it" }, "Verify it");
  const line = h("div", { class: "marked" },
    h("p", { class: "small" }, "Marked as made by AI: signed credentials, and a watermark that nobody sees."), button);
  button.addEventListener("click", async () => {
    showProblem(line, null);
    try {
      const blob = await bytes(job.result.url);
      const room = await app.room("verify");
      if (!room?.check) throw new Error("The room of verify is not open.");
      app.show("verify");
      await room.check(blob, job.result.name);
    } catch (error) {
      showProblem(line, error);
    }
  });
  return line;
}
