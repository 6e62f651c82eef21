// The rooms as tabs: arrow keys move between them, the address names the open one.

export function openTabs(list, onOpen) {
  const tabs = [...list.querySelectorAll('[role="tab"]')];
  const nameOf = (tab) => tab.id.replace("tab-", "");
  const show = (name, focus = false) => {
    const chosen = tabs.find((tab) => nameOf(tab) === name) ?? tabs[0];
    for (const tab of tabs) {
      const open = tab === chosen;
      tab.setAttribute("aria-selected", String(open));
      tab.tabIndex = open ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !open;
    }
    chosen.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (focus) chosen.focus();
    document.title = `${chosen.textContent} · deepmeme studio`;
    onOpen(nameOf(chosen));
  };
  const go = (name, focus) => {
    if (location.hash !== `#${name}`) {
      history.pushState(null, "", `#${name}`);
      scrollTo(0, 0);
    }
    show(name, focus);
  };
  for (const [place, tab] of tabs.entries()) {
    tab.addEventListener("click", () => go(nameOf(tab)));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) go(nameOf(tabs[(place + step + tabs.length) % tabs.length]), true);
      else if (event.key === "Home") go(nameOf(tabs[0]), true);
      else if (event.key === "End") go(nameOf(tabs.at(-1)), true);
      else return;
      event.preventDefault();
    });
  }
  addEventListener("popstate", () => {
    const name = location.hash.slice(1);
    if (!name || tabs.some((tab) => nameOf(tab) === name)) show(name); // "#main" skips to the content
  });
  show(location.hash.slice(1));
  return go;
}
