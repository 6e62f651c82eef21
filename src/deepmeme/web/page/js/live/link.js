// One live session: frames of the camera go out, pictures come back; never more than two are awaited.
import { square } from "../camera.js";

const SIDE = 256;
const EVERY_MS = 40;
const MOST_AWAITED = 2;
const WINDOW_MS = 2000;

/**
 * Speaks with /v1/live. `on` has ready({width, height}), picture(bitmap), face(seen), ended(error | null).
 * `again()` makes the next frame the one that movement counts from; `close()` ends it without a word.
 */
export function openLink({ source, consent, mirror }, video, on) {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(`${scheme}//${location.host}/v1/live`);
  socket.binaryType = "blob";
  const canvas = document.createElement("canvas");
  const answered = []; // moments of the last answers
  let awaited = 0;
  let capturing = false;
  let timer = 0;
  let over = false;
  let frames = 0;

  function end(error) {
    if (over) return;
    over = true;
    clearInterval(timer);
    socket.close();
    on.ended(error);
  }

  async function send() {
    if (over || capturing || awaited >= MOST_AWAITED || !video.videoWidth) return;
    capturing = true;
    try {
      const jpeg = await square(video, SIDE, canvas);
      if (!over && jpeg && socket.readyState === WebSocket.OPEN) {
        awaited += 1;
        socket.send(jpeg);
      }
    } finally {
      capturing = false;
    }
  }

  async function arrived(blob) {
    awaited -= 1;
    frames += 1;
    answered.push(performance.now());
    const bitmap = await createImageBitmap(blob);
    if (!over) on.picture(bitmap);
    bitmap.close();
  }

  socket.addEventListener("open", () => socket.send(JSON.stringify({ source, consent, mirror })));
  socket.addEventListener("message", ({ data }) => {
    if (over) return;
    if (data instanceof Blob) {
      arrived(data).catch(end);
      return;
    }
    const told = JSON.parse(data);
    if (told.error) end(Object.assign(new Error(told.error.message), { type: told.error.type }));
    else if (told.ready) {
      on.ready(told);
      timer = setInterval(send, EVERY_MS);
    } else if (typeof told.face === "boolean") on.face(told.face);
  });
  socket.addEventListener("close", ({ reason }) => end(new Error(reason || "The studio ended the session. Start it again.")));

  return {
    get frames() { return frames; },
    /** Answers a second, over the last two seconds. */
    get fps() {
      const now = performance.now();
      while (answered.length && now - answered[0] > WINDOW_MS) answered.shift();
      if (answered.length < 2) return 0;
      return (answered.length - 1) / ((now - answered[0]) / 1000);
    },
    again() {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ again: true }));
    },
    close() {
      over = true;
      clearInterval(timer);
      socket.close();
    },
  };
}
