import { unifiedMergeView } from "@codemirror/merge";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";

const look = EditorView.theme({
  "&.cm-merge-b .cm-changedLine, .cm-insertedLine": { backgroundColor: "var(--diff-add)" },
  "&.cm-merge-b .cm-changedText": { background: "var(--diff-add-strong)" },
  ".cm-deletedChunk": { padding: "0 12px 0 4px", backgroundColor: "var(--diff-del)" },
  "& .cm-deletedChunk .cm-deletedText": { background: "var(--diff-del-strong)" },
  "& .cm-changeGutter": { width: "3px", padding: "0" },
  "&.cm-merge-b .cm-changedLineGutter": { background: "var(--diff-add-ink)" },
  "& .cm-deletedLineGutter": { background: "var(--diff-del-ink)" },
  ".cm-collapsedLines": { padding: "2px 12px", background: "var(--bg-2)", color: "var(--fg-2)", fontSize: "11px" },
});

/** Shows what the editor's text changes in `original`. `isFolded`: unchanged lines are hidden, except those around a change. */
export const comparison = (original: string, isFolded: boolean): Extension => [
  unifiedMergeView({ original, mergeControls: false, ...(isFolded && { collapseUnchanged: { margin: 3, minSize: 4 } }) }),
  look,
];
