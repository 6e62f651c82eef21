// What is in a file: brought and looked at once.
import { bring, post } from "../api.js";

const seen = new Map();

/** The answer of POST /v1/looks; asked once for each ref. */
export function lookAt(ref) {
  if (!seen.has(ref)) {
    const look = post("/v1/looks", { ref });
    look.catch(() => seen.delete(ref));
    seen.set(ref, look);
  }
  return seen.get(ref);
}

/** Bring a File and look at it: {ref, kind, look, url}; the url shows it from memory. */
export async function broughtAndSeen(file) {
  const { ref, kind } = await bring(file);
  const look = await lookAt(ref);
  return { ref, kind, look, url: URL.createObjectURL(file) };
}

/** The square that deepmeme takes by itself: the face, or the middle for models of other things. */
export function ownSquare(look, model) {
  if (model !== "toon") return look.crop;
  const side = Math.min(look.width, look.height);
  return [Math.round((look.width - side) / 2), Math.round((look.height - side) / 2), side, side];
}
