// The camera: opened when asked for, closed when done.
import { h } from "./dom.js";

/** A playing <video> of the camera; throws words when there is none or it is not allowed. */
export async function openCamera({ sound = false } = {}) {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new Error("This browser gives the camera only to pages on this machine, or over https.");
  }
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      video: { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: "user" },
      audio: sound,
    });
  } catch (error) {
    throw new Error(wordsFor(error, sound));
  }
  const video = h("video", { muted: true, autoplay: true, playsInline: true, "aria-label": "Your camera" });
  video.srcObject = stream;
  await video.play();
  return { video, stream, close: () => stream.getTracks().forEach((track) => track.stop()) };
}

function wordsFor(error, sound) {
  const what = sound ? "camera or microphone" : "camera";
  if (error.name === "NotAllowedError") return `The ${what} was not allowed. The lock beside the address changes that.`;
  if (error.name === "NotReadableError") return `The ${what} is in use by another program. Close that and try again.`;
  return `No ${what} was found.${sound ? " Without sound a camera is enough." : ""}`;
}

/** The square in the middle of a video, as a JPEG Blob of `side` pixels. */
export function square(video, side, canvas, quality = 0.8) {
  const from = Math.min(video.videoWidth, video.videoHeight);
  canvas.width = side;
  canvas.height = side;
  const x = (video.videoWidth - from) / 2;
  const y = (video.videoHeight - from) / 2;
  canvas.getContext("2d").drawImage(video, x, y, from, from, 0, 0, side, side);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
}
