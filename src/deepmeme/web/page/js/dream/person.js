// The person on the easel: a seed, what was moved, how bold; and who hears when that changes.
import { Changing } from "../changing.js";

export const MOST_SEED = 2 ** 31 - 1;

/** Events "change" say with `detail` what changed: "seed", "edits", "variety" or "model". */
export class Person extends Changing {
  model = "gan";
  seed = 27;
  variety = 0.8;
  edits = {}; // trait -> steps; only what was moved

  /** Move one trait; 0 is as the seed has it. */
  move(trait, steps) {
    const edits = { ...this.edits };
    if (steps) edits[trait] = steps;
    else delete edits[trait];
    this.set({ edits });
  }

  /** The request of POST /v1/faces. */
  request(seed = this.seed) {
    return { model: this.model, seed, variety: this.variety, edits: this.edits };
  }

  /** What makes this person, to come back to or to compare. */
  recipe() {
    return { model: this.model, seed: this.seed, variety: this.variety, edits: { ...this.edits } };
  }
}

export function drawSeed() {
  return Math.floor(Math.random() * 1_000_000);
}

/** The seed some places further; after the last comes the first. */
export function seedAfter(seed, places) {
  return (seed + places) % (MOST_SEED + 1);
}
