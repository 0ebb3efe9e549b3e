export { useSearchPaletteSources } from "./use-search-palette.tsx";
