import { lazyComponent, preload } from "../../lib/chunks.ts";

const loadCodePane = async () => (await import("./CodePane.tsx")).CodePane;
export const CodePane = lazyComponent(loadCodePane);
export const QuickOpen = lazyComponent(async () => (await import("./QuickOpen.tsx")).QuickOpen);

/** Loads the code view and its editor before they are opened. */
export const codePreloads = [() => preload(loadCodePane), () => preload(() => import("./EditorPane.tsx"))];
