// Live: the camera moves a picture while you watch.
import { post } from "./api.js";
import { openCamera } from "./camera.js";
import { h, say, showProblem } from "./dom.js";
import { openLink } from "./live/link.js";
import { isAnimal, pictureShelf, shelf } from "./shelf.js";

const FIRST = "shelf:painting";
const TELL_MS = 500;
const AGAIN_MS = 600; // the server needs a moment to let go of the session before
const PATIENCE_MS = 20_000;

/**
 * Furnishes `panel`. `picture()` names the ref to begin with; a row of the shelf's is offered, too.
 * Returns {start, stop, enter, leave}: enter() asks picture() again, leave() switches all off.
 */
export async function mount(panel, app, { picture = null } = {}) {
  const view = furniture();
  const state = { ref: FIRST, given: null, camera: null, link: null, starting: false, turn: 0, retry: 0, closed: -PATIENCE_MS, consent: false, asked: "" };

  async function start() {
    if (state.starting || state.link) return;
    state.starting = true;
    const turn = state.turn += 1;
    showProblem(view.side, null);
    setRunning(view, "starting");
    const source = state.ref;
    try {
      const camera = await openCamera();
      if (turn !== state.turn) { // stopped while the browser asked
        camera.close();
        return;
      }
      state.camera = camera;
      view.cameraPlace.replaceChildren(camera.video);
      connect(source);
    } catch (error) {
      stop();
      showProblem(view.side, error);
    }
  }

  function connect(source) {
    const consent = state.consent && state.asked === source;
    state.link = openLink({ source, consent, mirror: view.mirror.checked }, state.camera.video, listener(source));
  }

  function listener(source) {
    const brush = view.canvas.getContext("2d");
    return {
      ready({ width, height }) {
        Object.assign(view.canvas, { width, height });
        state.starting = false;
        view.consent.hidden = true;
        setRunning(view, "running");
        say("Live. Look calmly into the camera.");
      },
      picture(bitmap) {
        brush.drawImage(bitmap, 0, 0);
        view.canvas.hidden = false;
        view.poster.hidden = true;
      },
      face(seen) {
        view.unseen.hidden = seen;
      },
      ended(error) {
        if (error?.type === "Busy" && performance.now() - state.closed < PATIENCE_MS) {
          state.retry = setTimeout(connect, AGAIN_MS, source); // our own session before keeps it busy
          return;
        }
        stop();
        if (error?.type === "ConsentNeeded") askConsent(source, error);
        else if (error) showProblem(view.side, error);
      },
    };
  }

  function askConsent(source, error) {
    state.asked = source;
    view.consentWords.textContent = error.message;
    view.consent.hidden = false;
    view.agreed.checked = state.consent = false;
    view.agreed.focus();
  }

  function stop() {
    clearTimeout(state.retry);
    state.turn += 1;
    if (state.link) state.closed = performance.now();
    state.starting = false;
    state.link?.close();
    state.camera?.close();
    state.link = state.camera = null;
    view.cameraPlace.replaceChildren();
    view.unseen.hidden = true;
    setRunning(view, "stopped");
  }

  async function refresh() {
    const running = state.link !== null;
    stop();
    const { turn } = state;
    view.consent.hidden = state.ref !== state.asked;
    await showPoster(view, state.ref);
    if (running && turn === state.turn) await start();
  }

  view.start.addEventListener("click", start);
  view.stop.addEventListener("click", () => {
    stop();
    view.start.focus();
    say("Stopped. The camera is off.");
  });
  view.again.addEventListener("click", () => {
    state.link?.again();
    say("From now on, movement counts from this face.");
  });
  view.mirror.addEventListener("change", () => {
    view.cameraPlace.classList.toggle("mirror", view.mirror.checked);
    if (state.link) refresh();
  });
  view.agreed.addEventListener("change", () => { state.consent = view.agreed.checked; });
  async function enter() {
    const given = picture?.() || FIRST;
    if (given === state.given) return;
    state.given = given;
    state.ref = isAnimal(given) ? FIRST : given;
    await refresh();
    view.choice.replaceChildren(await choice(state, view.poster.src, refresh));
  }

  panel.append(view.root);
  stopWhenUnseen(view.root, stop);
  tellRate(view, state);
  await enter();
  return { start, stop, enter, leave: stop };
}

function furniture() {
  const view = {
    canvas: h("canvas", { role: "img", "aria-label": "The picture, moved by you", hidden: true, "data-test": "live-canvas" }),
    poster: h("img", { alt: "The picture, at rest" }),
    unseen: h("p", { class: "live-unseen", role: "status", hidden: true, "data-test": "live-unseen" }, "No face seen. Come into the light, in front of the camera."),
    cameraPlace: h("div", { class: "live-camera mirror" }),
    rate: h("span", { class: "live-rate", hidden: true, "data-test": "live-fps" }),
    start: h("button", { class: "button primary large", type: "button", "data-test": "live-start" }, "Start the camera"),
    stop: h("button", { class: "button", type: "button", hidden: true, "data-test": "live-stop" }, "Stop"),
    again: h("button", { class: "button", type: "button", hidden: true, "data-test": "live-again" }, "This is my calm face"),
    mirror: h("input", { type: "checkbox", checked: true, "data-test": "live-mirror" }),
    agreed: h("input", { type: "checkbox", "data-test": "live-consent" }),
    consentWords: h("p", {}),
    choice: h("div", { class: "of-source" }),
  };
  view.consent = h("div", { class: "note stack", hidden: true }, view.consentWords,
    h("label", { class: "check" }, view.agreed, h("span", {}, "The person in it agreed to be animated. Then start again.")));
  view.side = h("div", { class: "stack live-side" },
    h("div", { class: "live-camera-frame of-driving" }, view.cameraPlace,
      h("div", { class: "stack grow" }, h("h3", { class: "step-title" }, "You"),
        h("p", { class: "soft small" }, "Begin with a calm face, as the picture has: movement counts from there."))),
    view.choice,
    view.consent,
    h("div", { class: "row" }, view.start, view.stop, view.again),
    h("label", { class: "check" }, view.mirror, h("span", {}, "Move like a mirror")),
    h("p", { class: "soft small" }, "Frames are looked at and not kept. Leaving this page switches the camera off."));
  view.root = h("section", { class: "live stack", "aria-label": "Live" },
    h("div", { class: "live-room" },
      h("div", { class: "screen live-screen of-result" }, view.poster, view.canvas, view.unseen, view.rate), view.side));
  return view;
}

function setRunning(view, now) {
  const off = now === "stopped";
  const hadFocus = [view.start, view.stop].includes(document.activeElement);
  view.start.hidden = !off;
  view.stop.hidden = off;
  view.again.hidden = now !== "running";
  view.rate.hidden = off;
  view.rate.textContent = "Waking up …";
  if (hadFocus) (off ? view.start : view.stop).focus();
  if (off) {
    view.canvas.hidden = true;
    view.poster.hidden = false;
  }
}

async function choice(state, url, onChange) {
  const faces = (await shelf()).pictures.filter(({ ref }) => !isAnimal(ref));
  if (!faces.some(({ ref }) => ref === state.ref)) faces.unshift({ ref: state.ref, title: "Your picture", url });
  return pictureShelf({ pictures: faces, chosen: state.ref, label: "Picture that you move", onChoose: ({ ref }) => {
    state.ref = ref;
    onChange();
  } });
}

async function showPoster(view, ref) {
  try {
    const url = ref.startsWith("shelf:") ? `/v1/shelf/${ref.slice(6)}` : (await post("/v1/looks", { ref })).thumb;
    view.poster.src = url;
  } catch (error) {
    showProblem(view.side, error);
  }
}

/** Leaving the room, the mode or the page switches the camera off. */
function stopWhenUnseen(root, stop) {
  new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width === 0) stop();
  }).observe(root);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) stop();
  });
  addEventListener("pagehide", stop);
}

function tellRate(view, state) {
  setInterval(() => {
    if (state.link && !state.starting) view.rate.textContent = `${state.link.fps.toFixed(1)} frames a second`;
  }, TELL_MS);
  window.deepmemeLive = {
    get fps() { return state.link?.fps ?? 0; },
    get frames() { return state.link?.frames ?? 0; },
    get running() { return state.link !== null && !state.starting; },
  };
}
