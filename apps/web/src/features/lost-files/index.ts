export { LostFilesRow, LostFilesState } from "./LostFiles.tsx";
