// What can change, and who hears of it: events "change" carry the names of what did.

export class Changing extends EventTarget {
  set(changes) {
    Object.assign(this, changes);
    this.dispatchEvent(new CustomEvent("change", { detail: Object.keys(changes) }));
  }

  on(names, act) {
    this.addEventListener("change", (event) => {
      if (event.detail.some((name) => names.includes(name))) act(this);
    });
  }
}
