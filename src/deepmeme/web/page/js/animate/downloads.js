// Take it away: as it is at once, in another format once that is made.
import { post } from "../api.js";
import { h, say, showProblem } from "../dom.js";
import { follow, inWords } from "../jobs.js";

const FORMATS = [["mp4", "MP4", "video/mp4"], ["gif", "GIF", "image/gif"], ["webp", "WebP", "image/webp"]];

/** A row of buttons for one finished job; `onMade` hears of jobs that came of it. */
export function downloadRow(job, onMade) {
  const place = h("div", { class: "stack" });
  if (!job.result.media_type.startsWith("video/") && job.story.still) {
    return h("div", { class: "row" }, link(job, "Download the picture", "png"));
  }
  const known = FORMATS.map(([, , type]) => type).includes(job.result.media_type);
  const row = h("div", { class: "row downloads", role: "group", "aria-label": "Download" }, h("span", { class: "soft small" }, "Download"));
  if (!known) row.append(link(job, job.result.name.split(".").at(-1).toUpperCase(), "webm"));
  for (const [format, words, type] of FORMATS) {
    row.append(type === job.result.media_type ? link(job, words, format) : later(job, format, words, place, onMade));
  }
  place.append(row);
  return place;
}

function link(job, words, format) {
  return h("a", { class: "button", href: `${job.result.url}?download=1`, download: `deepmeme-${job.id.slice(0, 6)}.${format}`, "data-test": `download-${format}` }, words);
}

function later(job, format, words, place, onMade) {
  const button = h("button", { type: "button", class: "button", "data-test": `download-${format}` }, words);
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-disabled")) return;
    button.setAttribute("aria-disabled", "true");
    showProblem(place, null);
    const bar = h("progress", { "aria-label": `Making the ${words}` });
    const told = h("p", { class: "small soft" }, "Asking…");
    const going = h("div", { class: "stack", "data-test": `making-${format}` }, told, bar);
    place.append(going);
    try {
      const options = format === "mp4" && job.story.options?.max_size ? { max_size: null } : {};
      const asked = await post(`/v1/jobs/${job.id}/again`, { options, format });
      const made = await follow(asked, (news) => {
        told.textContent = `${words}: ${inWords(news)}`;
        if (news.total) {
          bar.max = news.total;
          bar.value = news.done;
        }
      }).promise;
      if (made.state === "failed") throw new Error(made.error.message);
      if (made.state === "done") {
        const ready = link(made, words, format);
        button.replaceWith(ready);
        ready.focus({ preventScroll: true });
        ready.click();
        say(`The ${words} is ready.`);
        onMade(made);
      }
    } catch (error) {
      showProblem(place, error);
    } finally {
      going.remove();
      button.removeAttribute("aria-disabled");
    }
  });
  return button;
}
