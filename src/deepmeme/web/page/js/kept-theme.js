// Before anything is painted, and so no module: the theme that somebody chose.
try {
  const kept = localStorage.getItem("theme");
  if (kept) document.documentElement.dataset.theme = kept;
} catch {
  // storage is switched off
}
