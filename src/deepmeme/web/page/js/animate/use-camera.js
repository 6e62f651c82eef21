// A button that opens the camera, does something with it, and has the focus again afterwards.
import { h, showProblem } from "../dom.js";

/** `work` is awaited while the button waits; its errors are shown in `place`. */
export function cameraButton(words, test, place, work) {
  const button = h("button", { type: "button", class: "button slim", "data-test": test }, words);
  button.addEventListener("click", async () => {
    button.disabled = true;
    showProblem(place, null);
    try {
      await work();
    } catch (error) {
      showProblem(place, error);
    } finally {
      button.disabled = false;
      button.focus({ preventScroll: true });
    }
  });
  return button;
}
