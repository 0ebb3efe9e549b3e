import type { UseMutationResult } from "@tanstack/react-query";
import { useEffect, useState, type ReactNode } from "react";
import { sentenceOf } from "../../lib/errors.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { toast } from "../../ui/toast.tsx";

type Test = UseMutationResult<{ ok: boolean; message: string }, Error, string>;

const words = {
  key: { question: (name: string) => `Delete your key for ${name}?`, confirmLabel: "Delete key", deleted: "Key deleted." },
  endpoint: { question: (name: string) => `Delete the endpoint ${name}?`, confirmLabel: "Delete endpoint", deleted: "Endpoint deleted." },
};

/** A key or an endpoint of the person, with buttons to test, edit and delete it. */
export function OwnKeyRow({
  kind,
  id,
  name,
  facts,
  pill,
  test,
  isNew,
  onTried,
  onEdit,
  onRemove,
}: {
  kind: keyof typeof words;
  id: string;
  name: string;
  facts: string;
  pill: ReactNode;
  test: Test;
  /** Just saved: it is tested at once. */
  isNew: boolean;
  onTried: () => void;
  onEdit: () => void;
  onRemove: () => Promise<unknown>;
}) {
  const [isAsking, setIsAsking] = useState(false);
  const [outcome, setOutcome] = useState<{ ok: boolean; message: string }>();
  const tryIt = useHandler(() =>
    test.mutate(id, {
      onSuccess: setOutcome,
      onError: (error) => setOutcome({ ok: false, message: sentenceOf(error) }),
    }),
  );
  const tried = useHandler(onTried);
  useEffect(() => {
    if (!isNew) return;
    tried();
    tryIt();
  }, [isNew, tried, tryIt]);
  return (
    <li className="px-3 py-2">
      <div className="flex items-center gap-2">
        <span className="min-w-0 flex-1">
          <span className="block font-medium text-fg-0">{name}</span>
          <span className="block truncate text-xs text-fg-2">{facts}</span>
        </span>
        {pill}
        <Button
          size="sm"
          variant="ghost"
          onClick={tryIt}
          isLoading={test.isPending && test.variables === id}
          loadingWord="Testing…"
          aria-label={`Test ${name}`}
        >
          Test
        </Button>
        <Button size="sm" variant="ghost" onClick={onEdit} aria-label={`Edit ${name}`}>
          Edit
        </Button>
        <Button size="sm" variant="ghost" onClick={() => setIsAsking(true)} aria-label={`Delete ${name}`}>
          Delete
        </Button>
      </div>
      {outcome ? (
        <p role="status" className={outcome.ok ? "pt-1 text-xs text-ok" : "pt-1 text-xs text-err"}>
          {outcome.message}
        </p>
      ) : null}
      <ConfirmDialog
        isOpen={isAsking}
        onOpenChange={setIsAsking}
        title={words[kind].question(name)}
        confirmLabel={words[kind].confirmLabel}
        loadingWord="Deleting…"
        isDanger
        onConfirm={async () => {
          await onRemove();
          toast(words[kind].deleted);
        }}
      >
        Your next messages use the server's models, if it has any.
      </ConfirmDialog>
    </li>
  );
}
