// A driving clip from the webcam: three, two, one, up to ten seconds.
import { openCamera } from "../camera.js";
import { h, say } from "../dom.js";

const LONGEST_S = 10;
const KINDS = ["video/webm;codecs=vp8,opus", "video/webm", "video/mp4"];

/** Shows the camera in `place`; resolves with a File, or null if it was closed. */
export async function record(place, untilHidden, { sound = false } = {}) {
  if (!window.MediaRecorder) throw new Error("This browser cannot record. Bring a clip instead.");
  const camera = await openCamera({ sound });
  camera.video.classList.add("mirrored");
  const count = h("div", { class: "countdown", "aria-hidden": "true" });
  const bar = h("progress", { max: LONGEST_S, value: 0, "aria-label": "Seconds recorded", hidden: true });
  const begin = h("button", { type: "button", class: "button primary", "data-test": "record-begin" }, "Record");
  const stop = h("button", { type: "button", class: "button primary", "data-test": "record-stop", hidden: true }, "Stop");
  const close = h("button", { type: "button", class: "button quiet" }, "Close");
  const view = h("div", { class: "camera-view" }, h("div", { class: "camera-frame" }, camera.video, count), bar,
    h("p", { class: "small soft" }, "Look into the camera first, as the picture does. Then move, talk, blink."),
    h("div", { class: "row" }, begin, stop, close));
  place.append(view);
  view.scrollIntoView({ block: "nearest" });
  begin.focus({ preventScroll: true });

  return new Promise((resolve) => {
    let closed = false;
    const end = (file) => {
      if (closed) return;
      closed = true;
      camera.close();
      view.remove();
      forget();
      resolve(file);
    };
    const forget = untilHidden(() => end(null));
    close.addEventListener("click", () => end(null));
    begin.addEventListener("click", async () => {
      begin.hidden = true;
      stop.hidden = false;
      stop.focus();
      let early = false;
      stop.addEventListener("click", () => { early = true; }, { once: true });
      for (const number of [3, 2, 1]) {
        if (closed || early) break;
        count.textContent = String(number);
        say(String(number));
        await pause(1000);
      }
      count.textContent = "";
      if (early) end(null);
      else if (!closed) end(await recorded(camera.stream, bar, stop, () => closed));
    });
  });
}

async function recorded(stream, bar, stop, isClosed) {
  const kind = KINDS.find((name) => MediaRecorder.isTypeSupported(name)) ?? "";
  const recorder = new MediaRecorder(stream, kind ? { mimeType: kind } : {});
  const pieces = [];
  recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
  const done = new Promise((resolve) => recorder.addEventListener("stop", resolve, { once: true }));
  const since = performance.now();
  const finish = () => recorder.state !== "inactive" && recorder.stop();
  bar.hidden = false;
  const tick = setInterval(() => {
    bar.value = (performance.now() - since) / 1000;
    if (bar.value >= LONGEST_S || isClosed()) finish();
  }, 100);
  stop.addEventListener("click", finish, { once: true });
  recorder.start();
  say("Recording");
  await done;
  clearInterval(tick);
  const type = recorder.mimeType || "video/webm";
  return isClosed() ? null : new File(pieces, "camera", { type });
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
