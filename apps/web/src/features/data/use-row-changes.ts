import { useQueryClient } from "@tanstack/react-query";
import type { ChangedRows, DataChange } from "@tesslate/contract";
import { useRef } from "react";
import { useHandler } from "../../lib/use-handler.ts";
import { useServices } from "../../project/services.ts";
import { toast, toastWithUndo, toastError } from "../../ui/toast.tsx";
import { rowsKey } from "./data.queries.ts";

interface Step {
  /** What was done, as the toast says it: "Row deleted." */
  sentence: string;
  changes: DataChange[];
}

/** Changes of rows that can be undone, newest last. */
export interface RowChanges {
  /** Sends changes, all or none. Rejects with the server's error. */
  apply: (sentence: string, changes: DataChange[]) => Promise<ChangedRows>;
  undo: () => Promise<void>;
  redo: () => Promise<void>;
}

const keptSteps = 100;

export function useRowChanges(params: { id: string; database_id: string }, request: () => Promise<boolean>): RowChanges {
  const { api } = useServices();
  const queries = useQueryClient();
  const done = useRef<Step[]>([]);
  const undone = useRef<Step[]>([]);
  const send = async (changes: DataChange[]): Promise<ChangedRows> => {
    const changed = await api.databases.change({ params, body: { changes } });
    void queries.invalidateQueries({ queryKey: rowsKey(params.id, params.database_id) });
    return changed;
  };
  const keep = (list: Step[], step: Step) => {
    list.push(step);
    if (list.length > keptSteps) list.shift();
  };
  /** Sends a step, and puts what undoes it on the other list. */
  const move = async (step: Step, to: Step[]) => {
    const { inverse } = await send(step.changes);
    if (inverse) keep(to, { sentence: step.sentence, changes: inverse });
  };
  const take = async (step: Step, from: Step[], to: Step[]): Promise<void> => {
    const at = from.indexOf(step);
    // It was undone with the keyboard.
    if (at < 0) return;
    from.splice(at, 1);
    try {
      await move(step, to);
    } catch (error) {
      from.splice(at, 0, step);
      throw error;
    }
  };
  const apply = useHandler(async (sentence: string, changes: DataChange[]) => {
    const changed = await send(changes);
    undone.current = [];
    const { inverse } = changed;
    if (!inverse) {
      toast(`${sentence} This can't be undone.`);
      return changed;
    }
    const step = { sentence, changes: inverse };
    keep(done.current, step);
    toastWithUndo(sentence, async () => {
      if (await request()) await take(step, done.current, undone.current);
    });
    return changed;
  });
  const undo = useHandler(async () => {
    const step = done.current.at(-1);
    if (!step || !(await request())) return;
    try {
      await take(step, done.current, undone.current);
      toast(`Undone: ${step.sentence}`);
    } catch (error) {
      toastError(error, { before: "Couldn't undo." });
    }
  });
  const redo = useHandler(async () => {
    const step = undone.current.at(-1);
    if (!step || !(await request())) return;
    try {
      await take(step, undone.current, done.current);
      toast(`Redone: ${step.sentence}`);
    } catch (error) {
      toastError(error, { before: "Couldn't redo." });
    }
  });
  return { apply, undo, redo };
}
