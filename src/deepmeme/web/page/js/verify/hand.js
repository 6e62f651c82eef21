// A button for other rooms: hand what was made to the room of verify.
import { bytes } from "../api.js";
import { h, showProblem } from "../dom.js";

/** For a job that is done. */
export function verifyButton(job, app) {
  const place = h("div", {});
  const button = h("button", { type: "button", class: "button quiet", "data-test": "verify-it" }, "Verify it");
  place.append(button);
  button.addEventListener("click", async () => {
    showProblem(place, null);
    try {
      const blob = await bytes(job.result.url);
      const room = await app.room("verify");
      app.show("verify");
      room.check(blob, job.result.name);
    } catch (error) {
      showProblem(place, error);
    }
  });
  return place;
}
