import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { useDatabase } from "./data-context.ts";
import { rowsKey } from "./data.queries.ts";
import { DataError } from "./DataError.tsx";
import { filtersOfKey, updateOf } from "./table.ts";
import type { Cell } from "./cells.tsx";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

/** A value that was not saved because the row was changed since it was loaded. */
export interface Conflict {
  key: Record<string, string>;
  column: string;
  mine: Cell;
}

/** Shows both values; one of them stays. */
export function ConflictDialog({
  table,
  conflict: { key, column, mine },
  onClose,
}: {
  table: { schema: string; name: string };
  conflict: Conflict;
  onClose: () => void;
}) {
  const { api } = useServices();
  const queries = useQueryClient();
  const { params, changes } = useDatabase();
  const [failure, setFailure] = useState<ReactNode>();
  const [isSaving, setIsSaving] = useState(false);
  const current = useQuery({
    queryKey: [...rowsKey(params.id, params.database_id), "conflict", table, key],
    queryFn: ({ signal }) =>
      api.databases.rows({ params, body: { schema: table.schema, table: table.name, filters: filtersOfKey(key), limit: 1 } }, { signal }),
    staleTime: 0,
    gcTime: 0,
  });
  const row = current.data?.rows[0];
  const at = current.data?.columns.findIndex(({ name }) => name === column) ?? -1;
  const theirs = row?.cells[at] ?? null;
  const close = () => {
    void queries.invalidateQueries({ queryKey: rowsKey(params.id, params.database_id) });
    onClose();
  };
  const save = async () => {
    setIsSaving(true);
    try {
      const expected = row?.truncated.includes(at) ? undefined : { value: theirs };
      await changes.apply(`“${column}” updated.`, [updateOf(table, key, column, mine, expected)]);
      onClose();
    } catch (error) {
      setFailure(<ErrorSentence of={error} />);
      void current.refetch();
    } finally {
      setIsSaving(false);
    }
  };
  const isDeleted = current.data !== undefined && !row;
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && close()}
      title={isDeleted ? "This row was deleted" : "This row was changed"}
      description={
        isDeleted
          ? "Your value wasn't saved. Someone, your app or the agent deleted the row."
          : `Your value wasn't saved. Someone, your app or the agent changed “${column}” after you loaded the row.`
      }
      footer={
        <>
          <Button variant="ghost" onClick={close}>
            {isDeleted ? "Close" : "Keep current value"}
          </Button>
          {isDeleted || !row ? null : (
            <Button variant="primary" isLoading={isSaving} loadingWord="Saving…" onClick={() => void save()}>
              Save your value
            </Button>
          )}
        </>
      }
    >
      {current.isPending ? (
        <SkeletonRows count={3} label="Loading row…" />
      ) : !current.data ? (
        <DataError title="Couldn't load the row" of={current} className="p-0!" />
      ) : (
        <dl className="grid grid-cols-1 gap-3">
          <Value name="Your value" value={mine} />
          {isDeleted ? null : <Value name="Current value" value={theirs} />}
        </dl>
      )}
      {failure === undefined ? null : (
        <p role="alert" className="pt-3 text-err">
          {failure}
        </p>
      )}
    </Dialog>
  );
}

const Value = ({ name, value }: { name: string; value: Cell }) => (
  <div>
    <dt className="pb-1 text-xs text-fg-2">{name}</dt>
    <dd className="max-h-40 scroll-y rounded-2 border border-line-0 bg-bg-2 px-2.5 py-1.5 font-mono text-xs wrap-anywhere whitespace-pre-wrap text-fg-0">
      {value === null ? <span className="text-fg-2 italic">NULL</span> : value === "" ? <span className="text-fg-2 italic">empty</span> : value}
    </dd>
  </div>
);
