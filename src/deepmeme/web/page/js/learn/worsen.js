// Make a picture worse on a canvas, as messengers and people do.

export const AS_IT_IS = { size: 100, crop: 0, light: 0, quality: 100 };

/** Draw `picture` on `canvas` as `wear` says; a JPEG Blob of it. Untouched, it is the blob itself. */
export async function worsened(picture, blob, wear, canvas) {
  const side = picture.naturalWidth;
  const kept = side * (1 - wear.crop / 100);
  const drawn = Math.max(24, Math.round(kept * wear.size / 100));
  canvas.width = drawn;
  canvas.height = drawn;
  const brush = canvas.getContext("2d", { willReadFrequently: true });
  const from = (side - kept) / 2;
  brush.imageSmoothingQuality = "high";
  brush.drawImage(picture, from, from, kept, kept, 0, 0, drawn, drawn);
  if (wear.light) brighten(brush, drawn, wear.light);
  if (isUntouched(wear)) return blob;
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", wear.quality / 100));
}

export function isUntouched(wear) {
  return Object.entries(AS_IT_IS).every(([name, value]) => wear[name] === value);
}

/** "quality 30, 50 % of its size" */
export function inWords(wear) {
  const parts = [];
  if (wear.quality !== 100) parts.push(`JPEG quality ${wear.quality}`);
  if (wear.size !== 100) parts.push(`${wear.size} % of its size`);
  if (wear.light) parts.push(`${wear.light > 0 ? "brighter" : "darker"} by ${Math.abs(wear.light)} %`);
  if (wear.crop) parts.push(`${wear.crop} % cut off`);
  return parts.join(", ") || "as it came";
}

// not a canvas filter: Safari has none
function brighten(brush, side, light) {
  const pixels = brush.getImageData(0, 0, side, side);
  const more = 255 * light / 100;
  const { data: values } = pixels;
  for (let i = 0; i < values.length; i += 4) {
    values[i] += more;
    values[i + 1] += more;
    values[i + 2] += more;
  }
  brush.putImageData(pixels, 0, 0);
}
