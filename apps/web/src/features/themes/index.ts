export { PublishThemeDialog } from "./on-demand.ts";
export { ThemeGallery } from "./ThemeGallery.tsx";
export { ThemePreview } from "./ThemePreview.tsx";
export { useThemeActions } from "./themes.queries.ts";
export { useAccountTheme, useThemesPaletteSource } from "./use-account-theme.tsx";
export { useApplyTheme } from "./use-apply-theme.ts";
