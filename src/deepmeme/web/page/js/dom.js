// Elements without a framework: h("button", {class: "button", onclick}, "Go").

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Say something to whoever uses a screen reader. */
export function say(text) {
  document.getElementById("said").textContent = text;
}

/** Show an error where it happened; null takes it away. */
export function showProblem(place, error) {
  place.querySelector(":scope > .problem")?.remove();
  if (!error) return;
  const text = error.message || String(error);
  place.append(h("div", { class: "problem", role: "alert" }, text));
}

let drawn = 0;
/** An id that no other element has. */
export function freshId(word = "id") {
  drawn += 1;
  return `${word}-${drawn}`;
}

/** A line icon drawn on a 24 x 24 grid from path data. */
export function icon(path, label = "") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("width", "20");
  svg.setAttribute("height", "20");
  svg.setAttribute("fill", "none");
  svg.setAttribute("stroke", "currentColor");
  svg.setAttribute("stroke-width", "2");
  svg.setAttribute("stroke-linecap", "round");
  svg.setAttribute("stroke-linejoin", "round");
  if (label) svg.setAttribute("aria-label", label);
  else svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

/** Run only the newest of many calls: one is under way, the newest waits, others are dropped. */
export function newestWins(work) {
  let running = false;
  let waiting = null;
  async function go(args) {
    running = true;
    try {
      await work(...args);
    } finally {
      running = false;
      if (waiting) {
        const next = waiting;
        waiting = null;
        go(next);
      }
    }
  }
  return (...args) => {
    if (running) waiting = args;
    else go(args);
  };
}

/** 1:05 for 65 seconds. */
export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
