// What a verdict rests on, as definition lists: credentials, watermark, the line in the metadata.
import { h } from "../dom.js";

const HOLDS = {
  trusted: "They hold, and the signer is known here",
  valid: "They hold; this computer does not know the signer",
  invalid: "They do not hold",
};
const SOURCES = {
  trainedAlgorithmicMedia: "Made by AI",
  compositeWithTrainedAlgorithmicMedia: "Parts made by AI",
  digitalCapture: "Taken by a camera",
  computationalCapture: "Taken by a camera",
};
const PART = { parentOf: "what it was made of", componentOf: "a part of it", inputTo: "what it was made from" };

/** All that was found, folded; null where there is nothing. */
export function evidence(verdict) {
  const parts = [
    verdict.credentials && part("Content credentials", ofCredentials(verdict.credentials)),
    verdict.watermark && part("Invisible watermark", ofWatermark(verdict.watermark)),
    verdict.statement && part("Line in the metadata", [["It says", verdict.statement]]),
  ].filter(Boolean);
  if (!parts.length) return null;
  return h("details", { class: "evidence" }, h("summary", {}, "What this rests on"), h("div", { class: "stack" }, parts));
}

function part(title, rows) {
  const list = rows.filter(([, value]) => value !== null && value !== undefined && value !== "" && value.length !== 0);
  return h("section", {}, h("h4", {}, title), h("dl", {}, list.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))));
}

function ofCredentials(found) {
  return [
    ["Do they hold?", HOLDS[found.state]],
    ["What is wrong", lines(found.problems)],
    ["Signed by", signer(found)],
    ["When", when(found)],
    ["Made with", found.generator],
    ["What it is", SOURCES[found.digital_source_type.split("/").at(-1)]],
    ["What was done", found.task],
    ["Model", found.model && h("span", {}, found.model, found.model_sha256 ? h("code", { class: "print", title: found.model_sha256 }, found.model_sha256.slice(0, 12)) : null)],
    ["Options", optionsOf(found.options)],
    ["Work", found.work_id && h("code", {}, found.work_id)],
    ["Made from", lines(found.ingredients.map(ingredient))],
  ];
}

function ofWatermark(mark) {
  return [
    ["Work", h("code", {}, mark.work_id)],
    ["By chance", `fewer than one picture in 10^${Math.min(300, Math.floor(-Math.log10(Math.max(mark.chance, 1e-300))))}`],
    ["Mirrored", mark.mirrored ? "Yes, since it was marked" : ""],
  ];
}

function signer(found) {
  const by = found.signer || "Nobody that it names";
  return found.issuer && found.issuer !== found.signer ? `${by} (${found.issuer})` : by;
}

function when(found) {
  const moment = found.signed_at ?? found.claimed_at;
  if (!moment) return "It does not say";
  const read = new Date(moment);
  const shown = Number.isNaN(read.getTime()) ? moment : read.toLocaleString();
  if (!found.signed_at) return `${shown}, as the signer says`;
  return found.time_vouched ? shown : `${shown}, as a clock says that nobody here knows`;
}

function optionsOf(options) {
  return Object.entries(options).map(([name, value]) => `${name.replaceAll("_", " ")}: ${value}`).join(", ");
}

function ingredient(it) {
  const past = it.credentials ? `, with credentials of ${it.credentials.generator || "an unnamed program"}` : "";
  return `${it.title} (${PART[it.relationship] ?? it.relationship}${past})`;
}

function lines(texts) {
  if (texts.length < 2) return texts[0] ?? "";
  return h("ul", {}, texts.map((text) => h("li", {}, text)));
}
