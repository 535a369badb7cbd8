// Runs before anything else on a page.
(() => {
  const page = document.documentElement;
  page.classList.add("scripted");
  // A browser may refuse to keep anything. Then a page remembers until it is left; who keeps answers asks `refused`.
  window.courseStorage = { refused: false };
  try {
    localStorage.setItem("course-asks", "");
    localStorage.removeItem("course-asks");
  } catch {
    const kept = new Map();
    window.courseStorage.refused = true;
    Object.defineProperty(window, "localStorage", {
      value: {
        getItem: (name) => kept.get(name) ?? null,
        setItem: (name, value) => kept.set(name, String(value)),
        removeItem: (name) => kept.delete(name),
      },
    });
  }
  // Paper is white.
  let theme;
  addEventListener("beforeprint", () => {
    theme = page.dataset.theme;
    page.dataset.theme = "light";
  });
  addEventListener("afterprint", () => (page.dataset.theme = theme));
})();
