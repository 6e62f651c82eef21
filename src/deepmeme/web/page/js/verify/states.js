// The four answers of verify: their words, signs and what they mean.
import { h, icon } from "../dom.js";

export const STATES = {
  intact: {
    title: "Made by deepmeme, unchanged",
    sign: "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M8 12.5l2.8 2.8L16 9.5",
    means: "It carries deepmeme's content credentials, and they fit to the bit: nothing that is seen or heard has changed since it was signed.",
  },
  altered: {
    title: "Made by deepmeme, changed since",
    sign: "M12 4L2.8 20h18.4zM12 10v4.5M12 17.2v.1",
    means: "A mark of deepmeme is left, but its credentials are gone or do not fit: it was sent through an app, cut, re-encoded or edited.",
  },
  others: {
    title: "Credentials of another program",
    sign: "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M12 11v5.5M12 7.6v.1",
    means: "No mark of deepmeme. A camera or another program says something of it; whether that holds stands beneath.",
  },
  unmarked: {
    title: "No mark found",
    sign: "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M8 12h8",
    means: "Nothing to go by. That is no proof either way: most cameras and programs leave no marks, and marks can be removed.",
  },
};

const SAID_ONLY = "Says deepmeme, but it does not hold";

/** The verdict in big words. Without the watermark, credentials that do not hold prove nothing. */
export function titleOf(verdict) {
  const bare = verdict.state === "altered" && !verdict.watermark;
  return bare && verdict.sureness.startsWith("Not sure") ? SAID_ONLY : STATES[verdict.state].title;
}

/** Sign, title and meaning of all four, folded. */
export function legend() {
  const rows = Object.entries(STATES).map(([name, state]) => h("div", { class: "verdict-row", "data-state": name },
    h("dt", {}, icon(state.sign), state.title), h("dd", { class: "soft" }, state.means)));
  return h("details", { class: "card verdict-legend", id: "verify-legend", open: matchMedia("(min-width: 1080px)").matches },
    h("summary", {}, "What the four answers mean"), h("dl", {}, rows));
}
