export { ThemeGallery } from "./ThemeGallery.tsx";
export { useAccountTheme, useThemesPaletteSource } from "./use-account-theme.tsx";
