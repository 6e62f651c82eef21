/* Films stand still for those who want that. The first page: choose a picture and a clip, see the result; both keep step. */
(() => {
  const copy = (button) => button.addEventListener("click", async () => {
    const words = button.textContent;
    try { await navigator.clipboard.writeText(button.dataset.copy); button.textContent = "Copied"; }
    catch { button.textContent = "Not allowed here"; }
    setTimeout(() => { button.textContent = words; }, 1600);
  });
  document.querySelectorAll("[data-copy]").forEach(copy);

  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  if (calm.matches) document.querySelectorAll("video[autoplay]").forEach((film) => { film.pause(); film.controls = true; });

  const stage = document.querySelector("[data-stage]");
  if (!stage) return;
  const [source, driving, result] = ["source", "driving", "result"].map((role) => stage.querySelector(`[data-stage-${role}]`));
  const { folder, demo } = result.dataset;
  const chosen = { source: "painting", driving: "driver" };
  const play = (film) => { const going = film.play(); if (going) going.catch(() => { film.controls = true; }); };

  function keepStep() {
    const apart = driving.currentTime - result.currentTime;
    if (!driving.seeking && Math.abs(apart) > 0.09 && Math.abs(apart) < 4) driving.currentTime = result.currentTime;
  }

  function show() {
    source.src = `${demo}${chosen.source}.jpg`;
    driving.src = `${demo}${chosen.driving}.mp4`;
    result.src = `${folder}${chosen.source}-${chosen.driving}.mp4`;
    if (!calm.matches) [driving, result].forEach(play);
  }

  for (const button of stage.querySelectorAll("[data-stage-pick]")) {
    button.addEventListener("click", () => {
      const role = button.dataset.stagePick;
      chosen[role] = button.dataset.name;
      for (const other of stage.querySelectorAll(`[data-stage-pick="${role}"]`)) {
        other.setAttribute("aria-pressed", String(other === button));
      }
      show();
    });
  }
  result.addEventListener("timeupdate", keepStep);
})();
