import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, foldGutter, foldKeymap, indentOnInput } from "@codemirror/language";
import { highlightSelectionMatches, openSearchPanel, search, searchKeymap } from "@codemirror/search";
import { Annotation, Compartment, EditorState, Transaction, type ChangeSpec, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  placeholder,
} from "@codemirror/view";
import { diffLines, diffWordsWithSpace } from "diff";
import { useEffect, useRef } from "react";
import { loadWithRetry } from "../../lib/chunks.ts";
import { isApple } from "../../lib/shortcut-keys.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { usePreferences } from "../users/index.ts";
import type { BufferView } from "./buffers.ts";
import { languageOf } from "./languages.ts";
import { editorTheme, proseLook } from "./theme.ts";

/** Marks a change that came from the server, so that it doesn't count as an edit. */
const fromServer = Annotation.define<boolean>();
const language = new Compartment();
const writable = new Compartment();
const wrapping = new Compartment();
const compared = new Compartment();
/** Comparing takes the square of it: what differs in more words is replaced by lines, and what differs in more lines as a whole. */
const mostChanges = { maxEditLength: 2_000 };

interface Kept {
  state: EditorState;
  /** The buffer's revision that this state shows. */
  revision: number;
  scrollTop: number;
}

export interface CodeEditorProps {
  buffer: BufferView;
  isReadOnly: boolean;
  onEdit: (path: string, read: () => string) => void;
  onLeave: (path: string) => void;
  /** Scrolls to a line; a new object scrolls again. */
  reveal?: { path: string; line: number } | undefined;
  /** Replaces a character of the shown file, as typing would; a new object replaces again. */
  change?: { at: number; insert: string } | undefined;
  /** Needed if another editor on the page shows a file of the same name. */
  label?: string;
  /** Shows what the text changes in this one; `isComparisonFolded` hides unchanged lines far from a change. */
  comparedWith?: string | undefined;
  isComparisonFolded?: boolean;
  /** Prose: no line numbers, lines wrap, `placeholder` if it is empty. */
  prose?: { label: string; placeholder: string };
}

/** One editor for all open files: each keeps its text, undo history and scroll position while another is shown. */
export function CodeEditor({
  buffer,
  isReadOnly,
  onEdit,
  onLeave,
  reveal,
  change,
  label,
  comparedWith,
  isComparisonFolded = false,
  prose,
}: CodeEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const kept = useRef(new Map<string, Kept>());
  const shown = useRef<string>(undefined);
  const wraps = usePreferences()?.editor_wraps_lines ?? false;
  const edited = useHandler(onEdit);
  const left = useHandler(onLeave);

  const extensions = useHandler((path: string): Extension[] => [
    ...(prose
      ? [EditorView.lineWrapping, placeholder(prose.placeholder), proseLook]
      : [lineNumbers(), highlightActiveLineGutter(), foldGutter(), highlightActiveLine()]),
    highlightSpecialChars(),
    history(),
    drawSelection(),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    autocompletion(),
    highlightSelectionMatches(),
    search({ top: true }),
    EditorState.tabSize.of(2),
    EditorState.allowMultipleSelections.of(true),
    EditorView.contentAttributes.of({ "aria-label": prose?.label ?? label ?? `Text of ${path}`, tabindex: "0" }),
    keymap.of([
      {
        key: "Mod-s",
        preventDefault: true,
        run: () => {
          left(path);
          return true;
        },
      },
      ...closeBracketsKeymap,
      ...defaultKeymap,
      // Mod-Shift-f searches all files. The editor's own binding would take it for Mod-f if the key is "f", as with Caps Lock.
      ...searchKeymap.filter(({ key }) => key !== "Mod-f"),
      { any: findInFile, scope: "editor search-panel" },
      ...historyKeymap,
      ...foldKeymap,
      ...completionKeymap,
      indentWithTab,
    ]),
    editorTheme,
    language.of([]),
    writable.of(EditorState.readOnly.of(isReadOnly)),
    wrapping.of(wraps ? EditorView.lineWrapping : []),
    compared.of([]),
    EditorView.updateListener.of((update) => {
      const entry = kept.current.get(path);
      if (entry) entry.state = update.state;
      if (!update.docChanged || update.transactions.every((change) => change.annotation(fromServer) || !change.docChanged)) return;
      edited(path, () => (kept.current.get(path)?.state ?? update.state).doc.toString());
    }),
    EditorView.domEventHandlers({ blur: () => void left(path) }),
  ]);

  useEffect(() => {
    if (!host.current) return undefined;
    const made = new EditorView({ parent: host.current });
    const states = kept.current;
    view.current = made;
    shown.current = undefined;
    return () => {
      const entry = shown.current === undefined ? undefined : states.get(shown.current);
      if (entry) entry.scrollTop = made.scrollDOM.scrollTop;
      made.destroy();
      view.current = undefined;
    };
  }, []);

  const { path, draft, revision } = buffer;
  const text = draft ?? buffer.text;
  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    let entry = kept.current.get(path);
    if (shown.current !== path) {
      const before = shown.current === undefined ? undefined : kept.current.get(shown.current);
      if (before) before.scrollTop = editor.scrollDOM.scrollTop;
      if (!entry) {
        entry = { state: EditorState.create({ doc: text, extensions: extensions(path) }), revision, scrollTop: 0 };
        kept.current.set(path, entry);
        void languageOf(path).then((grammar) => {
          const target = kept.current.get(path);
          if (!target || !grammar) return;
          const effects = language.reconfigure(grammar);
          if (shown.current === path && view.current) view.current.dispatch({ effects });
          else target.state = target.state.update({ effects }).state;
        });
      }
      shown.current = path;
      editor.setState(entry.state);
      const { scrollTop } = entry;
      editor.requestMeasure({ read: () => undefined, write: () => editor.scrollDOM.scrollTo({ top: scrollTop }) });
    }
    if (entry && entry.revision !== revision) {
      entry.revision = revision;
      const changes = changesBetween(editor.state.doc.toString(), text);
      if (changes.length > 0) editor.dispatch({ changes, annotations: [fromServer.of(true), Transaction.addToHistory.of(false)] });
    }
  }, [path, text, revision, extensions]);

  useEffect(() => {
    view.current?.dispatch({ effects: writable.reconfigure(EditorState.readOnly.of(isReadOnly)) });
  }, [isReadOnly, path]);

  useEffect(() => {
    if (comparedWith === undefined) return undefined;
    let isCurrent = true;
    void loadWithRetry(() => import("./comparison.ts")).then(({ comparison }) => {
      if (isCurrent) view.current?.dispatch({ effects: compared.reconfigure(comparison(comparedWith, isComparisonFolded)) });
    });
    return () => {
      isCurrent = false;
    };
  }, [comparedWith, isComparisonFolded, path]);

  useEffect(() => {
    if (change) view.current?.dispatch({ changes: { from: change.at, to: change.at + 1, insert: change.insert }, userEvent: "input" });
  }, [change]);

  useEffect(() => {
    const editor = view.current;
    if (!editor || !reveal || reveal.path !== path) return;
    const line = editor.state.doc.line(Math.min(Math.max(1, reveal.line), editor.state.doc.lines));
    editor.dispatch({ selection: { anchor: line.from }, effects: EditorView.scrollIntoView(line.from, { y: "center" }) });
    editor.focus();
  }, [reveal, path]);

  return <div ref={host} className="min-h-0 flex-1 overflow-hidden" />;
}

function findInFile(view: EditorView, event: KeyboardEvent): boolean {
  const isMod = isApple ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
  return isMod && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "f" && openSearchPanel(view);
}

/** Replaces only what differs, to keep cursor, scroll position, folded code and undo history. */
function changesBetween(before: string, after: string): ChangeSpec[] {
  if (before === after) return [];
  const parts = diffWordsWithSpace(before, after, mostChanges) ?? diffLines(before, after, mostChanges);
  if (!parts) return [{ from: 0, to: before.length, insert: after }];
  const changes: ChangeSpec[] = [];
  let at = 0;
  for (const { value, added, removed } of parts) {
    if (added) changes.push({ from: at, insert: value });
    else if (removed) changes.push({ from: at, to: at + value.length });
    if (!added) at += value.length;
  }
  return changes;
}
