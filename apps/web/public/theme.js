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
  try {
    // See src/theme/appearance.ts.
    const { density, motion, contrast } = JSON.parse(localStorage.getItem("tesslate.appearance") ?? "{}") ?? {};
    Object.assign(root.dataset, { density, motion, contrast });
    // See src/lib/session-hint.ts. A page whose text the server sends stands in the frame that the app will draw.
    root.toggleAttribute("data-visitor", localStorage.getItem("tesslate.had-session") !== "true");
  } catch {
    // As above.
  }
})();

// The page's own script that did not come, because the network changed under the browser, is fetched by loading the page again, at most once in
// ten seconds (see src/lib/chunks.ts for what is loaded later).
addEventListener(
  "error",
  ({ target }) => {
    if (!(target instanceof HTMLScriptElement) || !target.src) return;
    const key = "tesslate.chunk-reload";
    try {
      if (Date.now() - Number(sessionStorage.getItem(key) ?? 0) < 10_000) return;
      sessionStorage.setItem(key, String(Date.now()));
    } catch {
      return;
    }
    location.reload();
  },
  true,
);
