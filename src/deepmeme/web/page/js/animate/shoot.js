// A picture from the webcam.
import { openCamera } from "../camera.js";
import { h, showProblem } from "../dom.js";

/** Shows the camera in `place` until a picture is taken (a File) or it is closed (null). */
export async function shoot(place, untilHidden) {
  showProblem(place, null);
  const camera = await openCamera();
  camera.video.classList.add("mirrored");
  return new Promise((resolve) => {
    const end = (file) => {
      camera.close();
      view.remove();
      forget();
      resolve(file);
    };
    const take = h("button", { type: "button", class: "button primary", "data-test": "shoot-take", onclick: async () => end(await still(camera.video)) }, "Take the picture");
    const view = h("div", { class: "camera-view" }, h("div", { class: "camera-frame" }, camera.video),
      h("div", { class: "row" }, take, h("button", { type: "button", class: "button quiet", onclick: () => end(null) }, "Close")));
    const forget = untilHidden(() => end(null));
    place.append(view);
    view.scrollIntoView({ block: "nearest" });
    take.focus({ preventScroll: true });
  });
}

async function still(video) {
  const canvas = h("canvas", { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext("2d").drawImage(video, 0, 0);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.92));
  return new File([blob], "camera.jpg", { type: "image/jpeg" });
}
