/** Runs in the page's head before the first paint, so that a dark page does not flash white. `theme-provider.tsx` takes over. */
export const themeScript = `(() => {
  let theme = null;
  try {
    theme = localStorage.getItem("theme");
  } catch {}
  const isDark = theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark", isDark);
  document.documentElement.style.colorScheme = isDark ? "dark" : "light";
})()`;
