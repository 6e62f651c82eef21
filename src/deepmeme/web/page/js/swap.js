// Swap: two people in, some minutes of learning, one clip out.
import { jobProgress } from "./animate/making.js";
import { get, post } from "./api.js";
import { h, say, showProblem } from "./dom.js";
import { ended, submit } from "./jobs.js";
import { shelf } from "./shelf.js";
import { made, missingExtra } from "./swap/made.js";
import { fileSide } from "./swap/side.js";
import { watch } from "./swap/watch.js";

const CONSENT = "Swap faces of people who agreed to it. Never use it to deceive, to shame or to pose as somebody. "
  + "What deepmeme makes is marked as made by AI.";
const MANY = "some seconds of video, or twenty pictures and more, that show this person alone";

export async function mount(panel, app) {
  const room = { app, settle: () => {}, run: null, busy: false };
  const settle = () => room.settle();
  room.direction = h("p", { class: "small soft", "data-test": "swap-direction" });
  room.same = h("button", { type: "button", class: "button", hidden: true, "data-test": "swap-same", onclick: () => takeSame(room) }, "Take B's video");
  const soft = (words) => h("p", { class: "small soft" }, words);
  room.a = fileSide({ title: "A: the face that goes in", words: soft("Whose face is wanted."), hint: MANY, id: "swap-a", onChange: settle });
  room.b = fileSide({ title: "B: the person in the clip", words: soft("Who does the talking."), hint: MANY, id: "swap-b", onChange: settle });
  room.clip = fileSide({ title: "The clip", words: room.direction, hint: "often the same as B's", id: "swap-clip", one: true, more: room.same, onChange: settle });
  room.a.element.classList.add("of-source");
  room.b.element.classList.add("of-driving");
  room.clip.element.classList.add("of-driving");
  const outcome = outcomeCard(room);
  const example = h("button", { type: "button", class: "button", "data-test": "swap-example" }, "Try it with the two shipped clips");
  const tried = h("div", {});
  const learning = learningCard(room);
  example.addEventListener("click", () => tryExample(room, example, tried));
  panel.append(
    h("div", { class: "row apart intro-row" },
      h("div", { class: "intro" }, h("h1", {}, "Swap a face"),
        h("p", { class: "soft" }, "Two networks learn two people by drawing them again and again. Then one draws what the other does.")),
      example),
    tried,
    h("div", { class: "swap-room" }, room.a.element, room.b.element, room.clip.element, learning, outcome));
  room.settle();
  await goOn(room);
}

/** Minutes, consent, and the button. */
function learningCard(room) {
  const minutes = h("input", { type: "range", min: "2", max: "60", step: "1", value: "10", id: "swap-minutes", "aria-describedby": "swap-minutes-help" });
  const told = h("output", { class: "soft", for: "swap-minutes" });
  const consent = h("input", { type: "checkbox", id: "swap-consent", "data-test": "swap-consent" });
  const go = h("button", { type: "button", class: "button primary large", "data-test": "swap-go" }, "Learn and swap");
  const missing = h("p", { class: "small soft", "data-test": "swap-missing" });
  room.minutes = minutes;
  room.settle = () => {
    told.textContent = `${minutes.value} minutes`;
    minutes.setAttribute("aria-valuetext", told.textContent);
    const wanting = [
      room.a.refs().length ? "" : "A's files", room.b.refs().length ? "" : "B's files",
      room.clip.refs().length ? "" : "the clip", consent.checked ? "" : "the consent",
    ].filter(Boolean);
    const coming = [room.a, room.b, room.clip].some((side) => side.waiting());
    go.disabled = room.busy || coming || wanting.length > 0;
    missing.textContent = wanting.length ? `Still missing: ${wanting.join(", ")}.` : coming ? "Files are on their way…" : "";
    missing.hidden = !missing.textContent;
    room.same.hidden = room.clip.refs().length > 0 || !room.b.files().some((file) => file.kind === "video");
    room.direction.textContent = directionOf(room);
  };
  minutes.addEventListener("input", () => room.settle());
  consent.addEventListener("change", () => room.settle());
  go.addEventListener("click", () => room.run(() => submit("/v1/swaps", {
    a: room.a.refs(), b: room.b.refs(), convert: room.clip.refs()[0],
    minutes: Number(minutes.value), consent: consent.checked,
  })));
  return h("section", { class: "card stack swap-learning", "aria-label": "Learning" },
    h("div", { class: "field" },
      h("div", { class: "row apart" }, h("label", { for: "swap-minutes" }, "Minutes to train"), told), minutes,
      h("span", { class: "help", id: "swap-minutes-help" }, "Ten give a soft likeness, an hour a good one. You can train on later.")),
    h("p", { class: "small soft" }, CONSENT),
    h("label", { class: "check" }, consent, h("span", {}, "I have the consent of both people.")),
    go, missing);
}

/** The server looks who is in the clip, and puts in the other one's face; a file of A's is A. */
function directionOf({ a, b, clip }) {
  const [ref] = clip.refs();
  if (ref && a.refs().includes(ref)) return "This is a clip of A, so A gets B's face.";
  if (ref && b.refs().includes(ref)) return "B is in it, and gets A's face.";
  return "Shows B, who gets A's face. If it shows A instead, A gets B's.";
}

function takeSame(room) {
  room.clip.fill([room.b.files().find((file) => file.kind === "video")]);
  document.getElementById("swap-clip").focus({ preventScroll: true });
}

async function tryExample(room, button, place) {
  showProblem(place, null);
  button.disabled = true;
  try {
    const { driving } = await shelf();
    const files = await Promise.all(["shelf:driver", "shelf:guest"].map(async (ref) => {
      const { title } = driving.find((clip) => clip.ref === ref);
      const look = await post("/v1/looks", { ref });
      return { ref, kind: "video", words: `${title}, ${look.seconds.toFixed(0)} s`, url: look.thumb };
    }));
    room.a.fill([files[0]]);
    room.b.fill([files[1]]);
    room.clip.fill([files[1]]);
    room.minutes.value = "2";
    room.settle();
    say("Two rendered people are chosen. Two minutes of training give a rough likeness.");
    document.getElementById("swap-consent").focus();
  } catch (error) {
    showProblem(place, error);
  } finally {
    button.disabled = false;
  }
}

/** Progress with what the networks draw so far, then the film. */
function outcomeCard(room) {
  const seen = watch();
  let before = null;
  const hint = h("p", { class: "small soft" }, "While they learn you see what they draw, renewed every ten seconds.");
  const shown = h("div", { class: "stack", "data-test": "swap-result" });
  const progress = jobProgress((busy) => {
    room.busy = busy;
    seen.element.hidden = !busy;
    hint.hidden = busy || shown.childElementCount > 0;
    room.settle();
  });
  room.run = async (ask) => {
    shown.replaceChildren();
    seen.clear();
    const job = await progress.run(ask, seen.frame, seen.news);
    if (job?.state === "done") room.show(job, true);
    else if (before) room.show(before, false); // what was there is not lost
    const install = missingExtra(job?.error);
    if (install) shown.prepend(install);
  };
  room.show = (job, announced) => {
    before = job;
    shown.replaceChildren(...made(job, room.app, room.run));
    hint.hidden = true;
    if (announced) say("The swap is ready.");
  };
  return h("section", { class: "card stack of-result swap-outcome", "aria-labelledby": "swap-outcome" },
    h("h2", { class: "step-title", id: "swap-outcome" }, "Result"), hint, progress.element, seen.element, shown);
}

/** A swap takes long: whoever comes back finds the one that runs, or the last one that was made. */
async function goOn(room) {
  const { jobs } = await get("/v1/jobs");
  const mine = jobs.filter((job) => job.kind === "swap");
  const running = mine.find((job) => !ended(job));
  const last = mine.find((job) => job.state === "done");
  if (running) room.run(() => running);
  else if (last) room.show(last, false);
}
