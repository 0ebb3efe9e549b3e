import { lazily, preload } from "../../lib/chunks.ts";

const loadCodePane = async () => (await import("./CodePane.tsx")).CodePane;
export const CodePane = lazily(loadCodePane);
export const QuickOpen = lazily(async () => (await import("./QuickOpen.tsx")).QuickOpen);

/** Loads the code view and its editor before they are opened. */
export const codePreloads = [() => preload(loadCodePane), () => preload(() => import("./EditorPane.tsx"))];
