// A square over a picture: drag it, pull its corners, or use the arrow keys.
import { h, say } from "../dom.js";

const CORNERS = ["nw", "ne", "sw", "se"];
const LEAST = 0.08; // of the picture's shorter side

/** {element, show(thumb, size, faces, square)}; `onSquare` gets [x, y, side, side] in pixels. */
export function cropBox(onSquare) {
  const picture = h("img", { alt: "", draggable: "false" });
  const faces = h("div", { class: "crop-faces" });
  const box = h("div", {
    class: "crop-box", tabindex: "0", role: "group", "aria-roledescription": "square", "data-test": "crop-box",
    "aria-label": "The part that moves. Arrow keys move it, Shift and arrow keys change its size.",
  }, CORNERS.map((corner) => h("span", { class: `crop-handle ${corner}`, "data-corner": corner })));
  const element = h("div", { class: "crop-stage", "data-test": "crop-stage" }, picture, faces, box);
  let size = [1, 1];
  let square = [0, 0, 1];

  function draw() {
    const [x, y, side] = square;
    place(box, x, y, side, side, size);
    box.classList.toggle("whole", side >= Math.min(...size) && size[0] === size[1]);
  }

  function settle([x, y, side], told = true) {
    const most = Math.min(...size);
    const kept = Math.round(Math.min(most, Math.max(Math.ceil(most * LEAST), side)));
    square = [clamp(Math.round(x), size[0] - kept), clamp(Math.round(y), size[1] - kept), kept];
    draw();
    if (told) onSquare([...square, square[2]]);
  }

  dragging(box, element, () => ({ size, square }), settle);
  box.addEventListener("keydown", (event) => {
    const [right, down] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [];
    if (right === undefined) return;
    event.preventDefault();
    const step = Math.max(1, Math.round(Math.min(...size) / 50));
    const [x, y, side] = square;
    if (!event.shiftKey) settle([x + right * step, y + down * step, side]);
    else {
      const grow = (right - down) * step; // right and up are larger, round the same middle
      settle([x - grow / 2, y - grow / 2, side + grow]);
    }
  });
  box.addEventListener("keyup", (event) => {
    if (event.key.startsWith("Arrow")) say(`${square[2]} pixels wide, from ${square[0]}, ${square[1]}`);
  });

  function show(thumb, newSize, found, wanted) {
    if (picture.getAttribute("src") !== thumb) picture.src = thumb;
    size = newSize ?? [1, 1];
    element.style.setProperty("--ratio", String(size[0] / size[1]));
    faces.replaceChildren(...found.map((face) => place(h("span", { class: "crop-face" }), ...face, size)));
    box.hidden = !wanted;
    if (wanted) settle(wanted, false);
  }
  return { element, show };
}

function place(element, x, y, width, height, [whole, tall]) {
  const shares = { left: x / whole, top: y / tall, width: width / whole, height: height / tall };
  for (const [name, share] of Object.entries(shares)) element.style.setProperty(name, `${share * 100}%`);
  return element;
}

function clamp(value, most) {
  return Math.min(Math.max(0, most), Math.max(0, value));
}

function dragging(box, stage, now, settle) {
  let began = null;
  box.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    const { size, square } = now();
    began = { x: event.clientX, y: event.clientY, square, corner: event.target.dataset.corner, scale: size[0] / stage.clientWidth };
    box.setPointerCapture(event.pointerId);
    box.focus({ preventScroll: true });
    event.preventDefault();
  });
  box.addEventListener("pointermove", (event) => {
    if (!began) return;
    const across = (event.clientX - began.x) * began.scale;
    const down = (event.clientY - began.y) * began.scale;
    const [x, y, side] = began.square;
    if (began.corner) settle(pulled(began.corner, began.square, across, down, now().size));
    else settle([x + across, y + down, side]);
  });
  for (const name of ["pointerup", "pointercancel"]) box.addEventListener(name, () => { began = null; });
}

/** The square after one corner was pulled; the opposite corner stays where it is. */
function pulled(corner, [x, y, side], across, down, [whole, tall]) {
  const west = corner.includes("w");
  const north = corner.includes("n");
  const grow = Math.max(west ? -across : across, north ? -down : down);
  const room = Math.min(west ? x + side : whole - x, north ? y + side : tall - y);
  const least = Math.min(whole, tall) * LEAST;
  const wide = Math.min(room, Math.max(least, side + grow));
  return [west ? x + side - wide : x, north ? y + side - wide : y, wide];
}
