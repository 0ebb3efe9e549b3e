// Runs before the first paint: the stored choice (see src/theme/theme-choice.ts) becomes data-theme and token overrides.
(() => {
  const root = document.documentElement;
  let choice = {};
  try {
    choice = JSON.parse(localStorage.getItem("tesslate.theme") ?? "{}") ?? {};
  } catch {
    // A blocked or broken storage means the defaults.
  }
  const isDark = choice.mode === "dark" || (choice.mode !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = isDark ? "dark" : "light";
  const tokens = (isDark ? choice.dark : choice.light)?.tokens ?? {};
  for (const name in tokens) root.style.setProperty("--" + name, tokens[name]);
  document.querySelector('meta[name="theme-color"]')?.setAttribute("content", tokens["bg-0"] ?? (isDark ? "#0E0C0B" : "#F2EFEB"));
})();
