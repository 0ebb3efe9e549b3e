import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { inks } from "./inks.ts";

/** Uses tokens only, so that a theme change needs no new editor. */
const look = EditorView.theme({
  "&": { height: "100%", fontSize: "var(--editor-font-size, 13px)", color: "var(--syntax-variable)", backgroundColor: "var(--bg-1)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--font-mono)", lineHeight: "20px", fontVariantLigatures: "none", scrollbarWidth: "thin" },
  ".cm-content": { padding: "6px 0 40vh", caretColor: "var(--term-cursor)" },
  ".cm-line": { padding: "0 12px 0 4px" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--term-cursor)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground, .cm-content ::selection": {
    backgroundColor: "var(--term-selection)",
  },
  ".cm-gutters": { backgroundColor: "var(--bg-1)", color: "var(--fg-3)", border: "none", fontSize: "11px" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 6px 0 12px", minWidth: "40px" },
  ".cm-activeLine": { backgroundColor: "var(--bg-2)" },
  ".cm-activeLineGutter": { backgroundColor: "var(--bg-2)", color: "var(--fg-1)" },
  ".cm-foldGutter .cm-gutterElement": { color: "var(--fg-3)" },
  ".cm-foldPlaceholder": { backgroundColor: "var(--bg-3)", border: "none", color: "var(--fg-2)", padding: "0 4px" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--bg-3)", outline: "1px solid var(--line-1)" },
  ".cm-nonmatchingBracket, &.cm-focused .cm-nonmatchingBracket": { color: "var(--err)", backgroundColor: "transparent" },
  ".cm-searchMatch": { backgroundColor: "var(--warn-soft)", outline: "1px solid var(--line-1)" },
  ".cm-searchMatch.cm-searchMatch-selected": { backgroundColor: "var(--brand-soft)", outlineColor: "var(--brand-line)" },
  ".cm-selectionMatch": { backgroundColor: "var(--bg-3)" },
  ".cm-panels": { backgroundColor: "var(--bg-2)", color: "var(--fg-1)", fontFamily: "var(--font-sans)" },
  ".cm-panels.cm-panels-top": { borderBottom: "1px solid var(--line-0)" },
  ".cm-panels.cm-panels-bottom": { borderTop: "1px solid var(--line-0)" },
  ".cm-panel.cm-search": { padding: "6px 30px 6px 8px", fontSize: "12px" },
  ".cm-panel.cm-search label": { fontSize: "12px", marginRight: "8px" },
  ".cm-panel.cm-search [name=close]": { top: "6px", right: "8px", fontSize: "16px", color: "var(--fg-2)" },
  ".cm-textfield": {
    height: "24px",
    border: "1px solid var(--line-1)",
    borderRadius: "var(--radius-1)",
    backgroundColor: "var(--bg-1)",
    color: "var(--fg-0)",
    fontSize: "12px",
    padding: "0 6px",
  },
  ".cm-button": {
    height: "24px",
    border: "1px solid var(--line-0)",
    borderRadius: "var(--radius-2)",
    backgroundImage: "none",
    backgroundColor: "var(--bg-1)",
    color: "var(--fg-0)",
    fontSize: "12px",
    padding: "0 8px",
  },
  ".cm-tooltip": {
    backgroundColor: "var(--bg-1)",
    color: "var(--fg-0)",
    border: "1px solid var(--line-0)",
    borderRadius: "var(--radius-2)",
    boxShadow: "var(--shadow-2)",
    overflow: "hidden",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--font-mono)", fontSize: "12px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--bg-3)", color: "var(--fg-0)" },
  ".cm-completionDetail": { color: "var(--fg-2)", fontStyle: "normal" },
  "@media (width <= 640px)": { ".cm-content": { fontSize: "14px" } },
});

export const editorTheme: Extension = [look, syntaxHighlighting(HighlightStyle.define(inks))];

/** Added to `editorTheme` for prose. */
export const proseLook: Extension = EditorView.theme({
  "&": { fontSize: "14px" },
  ".cm-scroller": { fontFamily: "var(--font-sans)", lineHeight: "1.6" },
  ".cm-content": { padding: "16px 0 40vh", maxWidth: "760px" },
  ".cm-line": { padding: "0 20px" },
  ".cm-placeholder": { color: "var(--fg-3)" },
  "@media (width <= 640px)": { ".cm-content": { fontSize: "16px" } },
});
