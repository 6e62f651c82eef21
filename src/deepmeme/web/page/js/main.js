// Opens the house: tabs, theme, door, and each room when it is first entered.
import { get, post } from "./api.js";
import { h, say, showProblem } from "./dom.js";
import { openTabs } from "./tabs.js";
import { themeSwitch } from "./theme.js";

const ROOMS = {
  animate: () => import("./animate/room.js"),
  swap: () => import("./swap.js"),
  dream: () => import("./dream.js"),
  verify: () => import("./verify.js"),
  learn: () => import("./learn/room.js"),
};
const opened = new Map();

/** What rooms share: `app.show("verify")`, and what one room hands to another. */
const app = { show: null, room: enter };
const inside = door();

async function enter(name) {
  if (!opened.has(name)) {
    const panel = document.getElementById(`panel-${name}`);
    const opening = inside
      .then(() => ROOMS[name]())
      .then((module) => module.mount(panel, app))
      .catch((error) => {
        console.error(error);
        showProblem(panel, error);
        opened.delete(name);
      });
    opened.set(name, opening);
  }
  return opened.get(name);
}

/** The session of whoever may come in; somebody without the token waits here until he has it. */
async function door() {
  const session = await get("/v1/session");
  if (!session.needs_token || session.open) return session;
  const place = document.getElementById("sign-in");
  document.getElementById("tabs").hidden = true;
  const token = h("input", { type: "password", id: "token", autocomplete: "current-password", required: true });
  const form = h("form", { class: "stack" },
    h("h1", {}, "This studio has a lock"),
    h("p", { class: "soft" }, "Whoever runs it has its token."),
    h("label", { class: "field" }, h("span", {}, "Token"), token),
    h("button", { class: "button primary", type: "submit" }, "Open"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await post("/v1/session", { token: token.value.trim() });
      location.reload();
    } catch (error) {
      showProblem(form, error);
    }
  });
  place.replaceChildren(form);
  place.hidden = false;
  return new Promise(() => {}); // the page is loaded anew with the token
}

/** What stands at the foot of the page. */
async function foot() {
  const session = await inside;
  document.addEventListener("token-needed", () => location.reload(), { once: true });
  document.getElementById("where").textContent = session.here
    ? "Everything stays on this machine. What leaves the studio is marked as made by AI."
    : "Files are deleted after a while. What leaves the studio is marked as made by AI.";
  const health = await get("/v1/health");
  document.getElementById("version").textContent = `deepmeme ${health.version}`;
}

themeSwitch(document.getElementById("theme"));
// at once, whoever is fast with a hand: a room opens when the server has let the visitor in
app.show = openTabs(document.getElementById("tabs"), (name) => {
  enter(name);
  say("");
});
foot().catch(() => {}); // the open room says what is wrong
