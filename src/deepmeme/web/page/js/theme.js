// Dark or light: the system's choice until somebody makes one.
import { icon } from "./dom.js";

const SUN = "M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6l1.4 1.4M17 17l1.4 1.4M5.6 18.4L7 17M17 7l1.4-1.4M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z";
const MOON = "M20 14.5A8 8 0 0 1 9.5 4a8 8 0 1 0 10.5 10.5z";

export function themeSwitch(button) {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: light)");
  const kept = () => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null; // storage is switched off
    }
  };
  const isLight = () => (root.dataset.theme ?? (system.matches ? "light" : "dark")) === "light";
  const draw = () => {
    button.replaceChildren(icon(isLight() ? MOON : SUN));
    button.setAttribute("aria-label", isLight() ? "Switch to dark" : "Switch to light");
  };
  if (kept()) root.dataset.theme = kept();
  button.addEventListener("click", () => {
    root.dataset.theme = isLight() ? "dark" : "light";
    try {
      localStorage.setItem("theme", root.dataset.theme);
    } catch {
      // then it lasts as long as the page
    }
    draw();
  });
  system.addEventListener("change", draw);
  draw();
}
