// Meme letters on a canvas, set as deepmeme.media.caption sets them, so that the preview is true.

const FONT = "Anton, Impact, 'Noto Sans', 'DejaVu Sans', sans-serif";
const LARGEST = 0.14; // letter size as a share of the height,
const LARGEST_UPRIGHT = 0.17; // and of the width where that is the shorter side
const TALLEST = 0.27; // a block as a share of the shorter side
const WIDEST = 0.94;
const LEADING = 1.18;
const CAPITAL = 0.86;
const MOST_LINES = 4;
const SMALLEST_PX = 7;

/** Draw both texts over the whole canvas, which is as large as the picture below it. */
export async function drawCaptions(canvas, top, bottom) {
  const words = `${top} ${bottom}`.toUpperCase();
  if (words.trim()) await document.fonts.load(`40px ${FONT}`, words);
  const pen = canvas.getContext("2d");
  const { width, height } = canvas;
  pen.clearRect(0, 0, width, height);
  const margin = Math.round(height * 0.035);
  for (const [text, atTop] of [[top, true], [bottom, false]]) {
    const split = text.toUpperCase().split(/\s+/).filter(Boolean);
    if (!split.length) continue;
    const { size, lines } = fitted(pen, split, width, height);
    const block = Math.round(size * (CAPITAL + LEADING * (lines.length - 1)));
    const accents = /^[\x00-\x7f]*$/.test(text) ? 0 : Math.round(size * 0.16);
    write(pen, lines, size, atTop ? margin + accents : height - margin - block, width);
  }
}

function write(pen, lines, size, first, width) {
  pen.font = `${size}px ${FONT}`;
  pen.textAlign = "center";
  pen.lineJoin = "round";
  pen.lineWidth = 2 * Math.max(1, Math.round(size / 13));
  pen.strokeStyle = "#000";
  pen.fillStyle = "#fff";
  for (const paint of ["strokeText", "fillText"]) {
    lines.forEach((line, row) => pen[paint](line, width / 2, first + size * (CAPITAL + LEADING * row)));
  }
}

/** The largest size, and the lines, that fit the width and are not too tall together. */
function fitted(pen, words, width, height) {
  const largest = Math.round(Math.min(height * LARGEST, width * LARGEST_UPRIGHT));
  const tallest = Math.min(width, height) * TALLEST;
  let lines = [words.join(" ")];
  for (let size = Math.max(SMALLEST_PX, largest); size >= SMALLEST_PX; size -= 1) {
    pen.font = `${size}px ${FONT}`;
    const room = width * WIDEST - 2 * Math.max(1, Math.round(size / 13));
    for (let count = 1; count <= Math.min(MOST_LINES, words.length); count += 1) {
      if (size * (CAPITAL + LEADING * (count - 1)) > tallest) break;
      lines = wrapped(pen, words, count);
      if (Math.max(...lines.map((line) => pen.measureText(line).width)) <= room) return { size, lines };
    }
  }
  return { size: SMALLEST_PX, lines };
}

/** The words in so many lines, the longest of them as short as can be. */
function wrapped(pen, words, count) {
  if (count === 1) return [words.join(" ")];
  const widths = words.map((word) => pen.measureText(word).width);
  const space = pen.measureText(" ").width;
  const span = (from, to) => widths.slice(from, to).reduce((sum, wide) => sum + wide + space, -space);
  // best[n]: how to set the first n words in the lines so far, the longest line and where each ends
  let best = words.map((_, n) => ({ longest: span(0, n + 1), ends: [n + 1] }));
  for (let line = 2; line <= count; line += 1) {
    best = words.map((_, n) => {
      let found = { longest: Infinity, ends: [] };
      for (let cut = line - 1; cut <= n; cut += 1) {
        const longest = Math.max(best[cut - 1].longest, span(cut, n + 1));
        if (longest < found.longest) found = { longest, ends: [...best[cut - 1].ends, n + 1] };
      }
      return found;
    });
  }
  const ends = best.at(-1).ends;
  return ends.map((end, row) => words.slice(row ? ends[row - 1] : 0, end).join(" "));
}
