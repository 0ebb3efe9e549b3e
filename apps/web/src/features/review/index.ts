export { HunkLines } from "./HunkLines.tsx";
export { spanOfHunk } from "./review.ts";
export { useHunkLines } from "./use-hunk-lines.ts";
