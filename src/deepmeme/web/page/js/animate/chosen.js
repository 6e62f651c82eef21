// What has been chosen so far. The steps change it and hear when another one did.
import { Changing } from "../changing.js";

export const MOST_PICTURES = 9;

/** Events "change" carry the names of what changed. */
export class Chosen extends Changing {
  pictures = []; // {ref, title, thumb, look, asks}
  several = false;
  crop = null; // [x, y, side, side] in pixels; null: deepmeme's own choice
  consent = false;
  clip = null; // {ref, title, url, poster, kind, model}; model is null for somebody's own
  options = {}; // only those that differ from their defaults
  format = "mp4";
  inside = false;

  #coming = new Set();

  /** Whoever animates waits for this promise first: a file that is being brought or looked at. */
  coming(promise) {
    this.#coming.add(promise);
    const gone = () => this.#coming.delete(promise);
    promise.then(gone, gone);
    return promise;
  }

  /** Once all that was coming is there; false if any of it failed (which was told at its place). */
  async settled() {
    let well = true;
    while (this.#coming.size) {
      const ends = await Promise.allSettled([...this.#coming]);
      well &&= ends.every((end) => end.status === "fulfilled");
    }
    return well;
  }

  get asks() {
    return this.pictures.some((picture) => picture.asks);
  }

  /** The model that is named in the form, or else the one that fits picture and clip. */
  get model() {
    if (this.options.model) return this.options.model;
    const toon = this.clip?.model === "toon" || (!this.clip?.model && this.pictures.some(isToon));
    return toon ? "toon" : "portrait";
  }

  /** The request of POST /v1/animations. */
  request(captions = {}) {
    const options = { ...this.options, ...captions };
    delete options.model;
    if (this.model !== "portrait") options.model = this.model;
    if (this.crop && this.pictures.length === 1) options.crop = this.crop.join(",");
    return {
      sources: this.pictures.map((picture) => picture.ref),
      driving: this.clip.ref,
      options,
      format: this.format,
      consent: this.consent && this.asks,
      inside: this.inside,
    };
  }
}

/** Whether a picture of the shelf is an animal's. */
export function isToon(picture) {
  return picture.ref.startsWith("shelf:toon_");
}

/** Whether things may move by themselves. */
export function motionAllowed() {
  return !matchMedia("(prefers-reduced-motion: reduce)").matches;
}
