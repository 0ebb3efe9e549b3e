import { autocompletion, closeBrackets, closeBracketsKeymap, closeCompletion, completionKeymap, type Completion } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { MariaSQL, PostgreSQL, sql, SQLite, type SQLNamespace } from "@codemirror/lang-sql";
import { bracketMatching } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, Prec } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightSpecialChars, keymap, lineNumbers, placeholder } from "@codemirror/view";
import type { DatabaseKind, DataSchema } from "@tesslate/contract";
import { useEffect, useImperativeHandle, useRef, type Ref } from "react";
import { useHandler } from "../../lib/use-handler.ts";
import { editorTheme } from "../editor/index.ts";

/** A part of the text, and where it begins. */
export interface ChosenSql {
  sql: string;
  offset: number;
}
export interface SqlEditorHandle {
  /** The selection, or everything if nothing is selected. */
  chosen: () => ChosenSql;
  /** Position of the cursor. */
  cursor: () => number;
  replace: (text: string) => void;
}
export interface SqlFault {
  position: number;
  message: string;
}

const language = new Compartment();

/** Tables and columns for completion. */
function namespaceOf(schema: DataSchema | undefined): SQLNamespace {
  const namespace: Record<string, Record<string, Completion[]>> = {};
  for (const table of schema?.tables ?? [])
    (namespace[table.schema] ??= {})[table.name] = table.columns.map(
      (column): Completion => ({ label: column.name, type: "property", detail: column.type }),
    );
  return namespace;
}
const languageOf = (kind: DatabaseKind, schema: DataSchema | undefined) =>
  sql({
    dialect: kind === "sqlite" ? SQLite : kind === "mysql" ? MariaSQL : PostgreSQL,
    schema: namespaceOf(schema),
    defaultSchema: kind === "sqlite" ? "main" : kind === "mysql" ? (schema?.tables[0]?.schema ?? "app") : "public",
  });

/** The editor for SQL: completes tables and columns, marks where the database found an error. Mod+Enter runs. */
export function SqlEditor({
  ref,
  kind,
  schema,
  start,
  fault,
  onChange,
  onRun,
}: {
  ref: Ref<SqlEditorHandle>;
  kind: DatabaseKind;
  schema: DataSchema | undefined;
  /** The text it opens with. */
  start: string;
  fault: SqlFault | undefined;
  onChange: (text: string) => void;
  onRun: () => void;
}) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const changed = useHandler(onChange);
  const run = useHandler(onRun);
  const create = useHandler(
    (parent: HTMLElement) =>
      new EditorView({
        parent,
        state: EditorState.create({
          doc: start,
          extensions: [
            Prec.highest(
              keymap.of([
                {
                  key: "Mod-Enter",
                  run: (editor) => {
                    closeCompletion(editor);
                    run();
                    return true;
                  },
                },
              ]),
            ),
            lineNumbers(),
            lintGutter(),
            highlightSpecialChars(),
            history(),
            drawSelection(),
            highlightActiveLine(),
            bracketMatching(),
            closeBrackets(),
            autocompletion({ icons: false }),
            highlightSelectionMatches(),
            search({ top: true }),
            EditorView.lineWrapping,
            placeholder("SELECT …"),
            EditorState.tabSize.of(2),
            EditorView.contentAttributes.of({ "aria-label": "SQL", tabindex: "0" }),
            keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...completionKeymap]),
            editorTheme,
            language.of(languageOf(kind, schema)),
            EditorView.updateListener.of((update) => {
              if (update.docChanged) changed(update.state.doc.toString());
            }),
          ],
        }),
      }),
  );
  useEffect(() => {
    if (!host.current) return undefined;
    const editor = create(host.current);
    view.current = editor;
    editor.focus();
    return () => {
      editor.destroy();
      view.current = undefined;
    };
  }, [create]);
  useEffect(() => {
    view.current?.dispatch({ effects: language.reconfigure(languageOf(kind, schema)) });
  }, [kind, schema]);
  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const at = fault && Math.min(fault.position, editor.state.doc.length);
    const word = at === undefined ? undefined : editor.state.wordAt(at);
    editor.dispatch(
      setDiagnostics(
        editor.state,
        fault && at !== undefined
          ? [{ from: at, to: word?.to ?? Math.min(at + 1, editor.state.doc.length), severity: "error", message: fault.message }]
          : [],
      ),
    );
    if (at !== undefined) editor.dispatch({ effects: EditorView.scrollIntoView(at, { y: "nearest" }) });
  }, [fault]);
  useImperativeHandle(
    ref,
    () => ({
      chosen: () => {
        const { state } = view.current ?? {};
        if (!state) return { sql: "", offset: 0 };
        const { from, to, empty } = state.selection.main;
        return empty ? { sql: state.doc.toString(), offset: 0 } : { sql: state.sliceDoc(from, to), offset: from };
      },
      cursor: () => view.current?.state.selection.main.head ?? 0,
      replace: (text) => {
        const editor = view.current;
        if (!editor) return;
        editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text }, selection: { anchor: text.length } });
        editor.focus();
      },
    }),
    [],
  );
  return <div ref={host} className="min-h-0 flex-1 overflow-hidden" />;
}
