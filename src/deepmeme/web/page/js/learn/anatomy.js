// What the points of a face are called, which of them are the handles, and how far each takes others along.

// "right" is the person's own, as the model's names have it
const HANDLES = {
  crown: "top of the head",
  forehead: "forehead",
  brow_r_2: "right brow",
  brow_l_2: "left brow",
  eye_r_1: "right upper lid",
  eye_l_2: "left upper lid",
  iris_r: "right iris",
  iris_l: "left iris",
  nose_3: "tip of the nose, and the head with it",
  lip_outer_3: "middle of the upper lip",
  lip_outer_0: "right corner of the mouth",
  lip_outer_6: "left corner of the mouth",
  lip_outer_9: "middle of the lower lip",
  jaw_8: "chin",
  jaw_4: "right side of the jaw",
  jaw_12: "left side of the jaw",
  ear_r: "right ear",
  ear_l: "left ear",
};
// how far a pull reaches, in [-1, 1] coordinates
const REACH = { lip: 0.06, eye: 0.045, iris: 0.03, brow: 0.09, nose: 0.34, jaw: 0.2, ear: 0.15, neck: 0.2, crown: 0.3, forehead: 0.2 };
const PLAIN_REACH = 0.12;

/** Indices of the points that are handles; all, where the model's names say nothing. */
export function handlesAmong(names) {
  const known = names.flatMap((name, place) => (name in HANDLES ? [place] : []));
  return known.length ? known : names.map((_, place) => place);
}

export function inWords(name) {
  return HANDLES[name] ?? name.replaceAll("_", " ");
}

/** How much of a pull at point `held` each point takes part in, 0 to 1. */
export function shares(home, names, held) {
  const reach = REACH[names[held].split("_")[0]] ?? PLAIN_REACH;
  const [x, y] = home[held];
  return home.map(([u, v]) => Math.exp(-((u - x) ** 2 + (v - y) ** 2) / (2 * reach ** 2)));
}
