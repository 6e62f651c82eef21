// One job under way: words, a bar, the newest frame, and a way to stop it.
import { h, say, showProblem } from "../dom.js";
import { cancel, ended, follow, inWords } from "../jobs.js";

/** {element, busy(), run(ask, onFrame)}: run resolves with the job that is done, or null. */
export function jobProgress(onBusy) {
  const words = h("p", { class: "grow", "data-test": "progress-words" });
  const bar = h("progress", { max: 1, "aria-label": "Progress", "data-test": "progress" });
  const stop = h("button", { type: "button", class: "button", "data-test": "cancel" }, "Cancel");
  const going = h("div", { class: "stack", hidden: true, "data-test": "making" }, h("div", { class: "row making-row" }, words, stop), bar);
  const element = h("div", { class: "stack progress-place" }, going);
  let job = null;
  let busy = false;

  stop.addEventListener("click", async () => {
    if (!job) return;
    stop.disabled = true;
    try {
      await cancel(job);
    } catch (error) {
      showProblem(element, error);
    }
  });

  function tell(news) {
    job = news;
    words.textContent = ended(news) ? "" : inWords(news);
    if (news.total) {
      bar.max = news.total;
      bar.value = news.done;
    } else bar.removeAttribute("value");
  }

  function set(now) {
    busy = now;
    going.hidden = !now;
    stop.disabled = false;
    onBusy(now);
  }

  /** `ask` gives the job's first answer; onFrame gets the address of each new frame, onNews each news. */
  async function run(ask, onFrame, onNews) {
    if (busy) return null;
    showProblem(element, null);
    words.textContent = "Asking…";
    bar.removeAttribute("value");
    set(true);
    try {
      let seen = "";
      const first = await ask();
      tell(first);
      say("It is being made.");
      const last = await follow(first, (news) => {
        tell(news);
        onNews?.(news);
        if (news.preview && news.preview !== seen) onFrame?.(seen = news.preview);
      }).promise;
      if (last.state === "failed") showProblem(element, new Error(last.error.message));
      if (last.state === "cancelled") say("Stopped.");
      return last;
    } catch (error) {
      showProblem(element, error);
      return null;
    } finally {
      job = null;
      set(false);
    }
  }
  return { element, run, busy: () => busy, problem: (error) => showProblem(element, error) };
}
