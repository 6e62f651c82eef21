// Animals move like animals, people like people: who changes one of the two gets a fitting other.
import { isToon } from "./chosen.js";

/** After the picture changed: {clip, words}, or null where the pair fits. Own clips stay. */
export function clipFor(pictures, clip, shelf) {
  if (!clip?.model || !pictures.length || !pictures.every((picture) => picture.ref.startsWith("shelf:"))) return null;
  const wanted = isToon(pictures[0]) ? "toon" : "portrait";
  if (clip.model === wanted) return null;
  const fitting = shelf.driving.find((other) => other.model === wanted);
  if (!fitting) return null;
  const words = wanted === "toon"
    ? `Animals move best like an animal, so the clip is now “${fitting.title}”.`
    : `People move best like people, so the clip is now “${fitting.title}”.`;
  return { clip: fitting, words };
}

/** After the clip changed: {picture, words}, or null. Own pictures stay. */
export function pictureFor(clip, pictures, shelf) {
  if (!clip.model || pictures.length !== 1 || !pictures[0].ref.startsWith("shelf:")) return null;
  const toon = clip.model === "toon";
  if (isToon(pictures[0]) === toon) return null;
  const fitting = shelf.pictures.find((other) => isToon(other) === toon);
  if (!fitting) return null;
  const words = toon
    ? `This clip is for animals, so the picture is now “${fitting.title}”.`
    : `This clip is for faces, so the picture is now “${fitting.title}”.`;
  return { picture: fitting, words };
}
