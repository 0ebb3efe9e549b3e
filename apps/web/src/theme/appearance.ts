/** Density, motion and contrast of the user interface; tokens.css has what they change. */
export interface Appearance {
  density: "comfortable" | "compact";
  motion: "system" | "reduced" | "full";
  contrast: "system" | "more";
}

/** Read by public/theme.js before the first paint. */
const storageKey = "tesslate.appearance";

/** Shows it in this browser, now and before the first paint of later pages. */
export function applyAppearance({ density, motion, contrast }: Appearance): void {
  Object.assign(document.documentElement.dataset, { density, motion, contrast });
  try {
    localStorage.setItem(storageKey, JSON.stringify({ density, motion, contrast }));
  } catch {
    // Without storage it is applied when the account has loaded.
  }
}

/** Whether movements that a script makes should be left out. */
export const isMotionReduced = (): boolean => {
  const { motion } = document.documentElement.dataset;
  return motion === "reduced" || (motion !== "full" && matchMedia("(prefers-reduced-motion: reduce)").matches);
};
