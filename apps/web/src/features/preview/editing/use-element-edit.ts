import { useQuery } from "@tanstack/react-query";
import type { ElementChange, ElementEditReason, InspectedElement, PageElement } from "@tesslate/contract";
import { useEffect, useRef, useState } from "react";
import { sentenceOf } from "../../../lib/errors.ts";
import { useHandler } from "../../../lib/use-handler.ts";
import { partKey } from "../../../project/cache-keys.ts";
import { useProject } from "../../../project/project-context.ts";
import { useServices } from "../../../project/services.ts";
import { toast, toastWithUndo, toastError } from "../../../ui/toast.tsx";
import type { Attempt } from "../bridge.ts";
import { useOpenPreview } from "../open-preview.ts";
import { inlineStylesOf } from "./tailwind-styles.ts";

/** Typing is written after this long without a key. */
const typingMs = 600;
const toastId = "element-edit";

export interface ElementEditing {
  /** The element as the source has it. */
  element: PageElement;
  inspected: { data: InspectedElement | undefined; error: unknown; refetch: () => unknown; isFetching: boolean };
  /** Shows a change at once and writes it; `isTyping`: after a pause. */
  change: (change: ElementChange, options?: { isTyping?: boolean }) => void;
  /** Writes what waits for a pause. */
  flush: () => void;
  /** A change is being written, or waits for a pause. */
  isSaving: boolean;
  /** Why the last change was not written. */
  error: string | undefined;
  /** Undoes the last edit, if there is one. */
  undo: () => void;
  redo: () => void;
  canUndo: boolean;
  canRedo: boolean;
  /** Increases whenever the element changed by anything but typing, so that fields show its values again. */
  version: number;
}

interface Done {
  editId: string;
  /** The element before the edit, or after it where the edit is to be repeated. */
  element: PageElement;
}

/** Edits of the selected element, one after another: each is shown in the frame first, then written, and can be undone. */
export function useElementEdit(start: PageElement): ElementEditing {
  const { api } = useServices();
  const project = useProject();
  const { preview } = useOpenPreview();
  const [element, setElement] = useState(start);
  const [counts, setCounts] = useState({ done: 0, undone: 0 });
  // Not state: the undo of a notification must work after the panel was closed.
  const history = useRef<{ done: readonly Done[]; undone: readonly Done[] }>({ done: [], undone: [] });
  const [error, setError] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);
  const [waiting, setWaiting] = useState<ElementChange>();
  const [version, setVersion] = useState(0);
  const current = useRef(start);
  const work = useRef<Promise<unknown>>(Promise.resolve());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const isClosed = useRef(false);
  const params = { id: project.id };

  const inspected = useQuery({
    queryKey: [...partKey(project.id, "element"), element],
    queryFn: ({ signal }) => api.elementEdits.inspect({ params, body: { element } }, { signal }),
    staleTime: 0,
    placeholderData: (before) => before,
  });
  const become = (next: PageElement) => {
    current.current = next;
    setElement(next);
  };
  const remember = (next: typeof history.current) => {
    history.current = next;
    setCounts({ done: next.done.length, undone: next.undone.length });
  };
  /** One request at a time: each edit needs the element that the one before it left. */
  const inTurn = (task: () => Promise<void>) => {
    setIsBusy(true);
    const turn = work.current.then(task).catch((failure: unknown) => {
      if (isClosed.current) toastError(failure, { id: toastId });
      setError(sentenceOf(failure));
      preview.command({ type: "attempt" });
      setVersion((last) => last + 1);
    });
    work.current = turn;
    void turn.then(() => {
      if (work.current === turn) setIsBusy(false);
    });
  };
  const write = (change: ElementChange) =>
    inTurn(async () => {
      const before = current.current;
      if (isSameAs(before, change)) return;
      const { edit, element: after } = await api.elementEdits.create({ params, body: { element: before, change } });
      const { done } = history.current;
      remember({ done: done.at(-1)?.editId === edit.id ? done : [...done, { editId: edit.id, element: before }], undone: [] });
      become(after);
      setError(undefined);
      preview.command({ type: "attempt", isKept: true });
      // The other fields are typed into, and have the value already.
      if (change.type === "attribute" && change.name === "src") setVersion((last) => last + 1);
      toastWithUndo(`${edit.summary}.`, () => undoWritten(), { id: toastId });
    });
  const flush = useHandler(() => {
    clearTimeout(timer.current);
    if (!waiting) return;
    setWaiting(undefined);
    write(waiting);
  });
  useEffect(() => {
    isClosed.current = false;
    return () => {
      isClosed.current = true;
      // What was typed last is written when the panel closes.
      flush();
    };
  }, [flush]);
  const change = useHandler((next: ElementChange, { isTyping = false }: { isTyping?: boolean } = {}) => {
    if (waiting && !isSamePart(waiting, next)) flush();
    setError(undefined);
    preview.command({ type: "attempt", ...attemptOf(current.current, next) });
    clearTimeout(timer.current);
    if (isTyping) {
      setWaiting(next);
      timer.current = setTimeout(flush, typingMs);
      return;
    }
    setWaiting(undefined);
    write(next);
  });

  /** Undoes the last entry of one list; what undoes that goes to the other one. */
  const takeBack = (from: "done" | "undone", to: "done" | "undone") =>
    inTurn(async () => {
      const last = history.current[from].at(-1);
      if (!last) return;
      const after = current.current;
      const { edit } = await api.elementEdits.undo({ params: { ...params, edit_id: last.editId } });
      const { [from]: taken, [to]: given } = history.current;
      remember({ ...history.current, [from]: taken.slice(0, -1), [to]: [...given, { editId: edit.id, element: after }] });
      become(last.element);
      setError(undefined);
      preview.command({ type: "attempt", isKept: true });
      setVersion((count) => count + 1);
      toast(from === "done" ? "Edit undone." : "Edit repeated.", { id: toastId });
    });
  const dropWaiting = () => {
    clearTimeout(timer.current);
    setWaiting(undefined);
  };
  const undoWritten = useHandler(() => {
    dropWaiting();
    takeBack("done", "undone");
  });
  const undoLast = useHandler(() => {
    if (!waiting) return takeBack("done", "undone");
    // What is not written yet goes first.
    dropWaiting();
    preview.command({ type: "attempt" });
    return setVersion((count) => count + 1);
  });
  const redoLast = useHandler(() => takeBack("undone", "done"));
  return {
    element,
    inspected,
    change,
    flush,
    isSaving: isBusy || waiting !== undefined,
    error,
    undo: undoLast,
    redo: redoLast,
    canUndo: waiting !== undefined || counts.done > 0,
    canRedo: counts.undone > 0,
    version,
  };
}

const isSamePart = (a: ElementChange, b: ElementChange): boolean =>
  a.type === b.type &&
  (a.type !== "text" || b.type !== "text" || a.index === b.index) &&
  (a.type !== "attribute" || b.type !== "attribute" || a.name === b.name);

const collapsed = (text: string) => text.replace(/\s+/g, " ").trim();
function isSameAs(element: PageElement, change: ElementChange): boolean {
  if (change.type === "text") return collapsed(element.texts[change.index] ?? "") === collapsed(change.value);
  return change.type === "attribute" && element.attributes[change.name] === change.value;
}

/** What the page shows until the change is in the source. */
function attemptOf(element: PageElement, change: ElementChange): Attempt {
  if (change.type === "text") return { text: { index: change.index, value: change.value } };
  if (change.type === "attribute") return { attribute: { name: change.name, value: change.value } };
  const kept = element.class_name.split(/\s+/).filter((name) => name && !change.remove.includes(name));
  return {
    class_name: [...kept, ...change.add].join(" "),
    styles: Object.assign({}, ...change.add.map(inlineStylesOf)) as Record<string, string>,
  };
}

/** Why a part is left to the agent, for the person. */
export const reasonTexts: Record<ElementEditReason, string> = {
  no_source: "The preview doesn't know where this element comes from.",
  not_found: "The source doesn't contain this value.",
  expression: "Code computes this value.",
  imported: "This value is imported from another module.",
  shared: "This value is used in several places.",
  ambiguous: "Several places in the source could have produced this value.",
  component: "This value is passed through more than one component.",
  unsupported: "Visual editing supports JSX, TSX and HTML.",
  changed: "The file has changed since the preview loaded it. Select the element again.",
};
