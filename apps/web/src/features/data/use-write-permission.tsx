import type { DataSource } from "@tesslate/contract";
import { Lock, LockOpen } from "lucide-react";
import { useRef, useState, type ReactNode } from "react";
import { readStored, writeStored } from "../../lib/storage.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { changeWarnings, environmentNames } from "./environments.ts";

/** Whether this tab of the browser may change a database. It starts read-only. */
export interface WritePermission {
  isAllowed: boolean;
  /** Asks unless changes are allowed. Resolves with the answer. */
  request: () => Promise<boolean>;
  revoke: () => void;
  /** The question; render it once. */
  dialog: ReactNode;
}

const isTrue = (value: unknown): value is true => value === true;

export function useWritePermission(projectId: string, database: Pick<DataSource, "id" | "name" | "kind" | "environment">): WritePermission {
  const key = `studio:data-changes:${projectId}:${database.id}`;
  const [allowed, setAllowed] = useState(() => ({ key, isAllowed: readStored(sessionStorage, key, isTrue) ?? false }));
  if (allowed.key !== key) setAllowed({ key, isAllowed: readStored(sessionStorage, key, isTrue) ?? false });
  const [isAsking, setIsAsking] = useState(false);
  const answer = useRef<(isAllowed: boolean) => void>(undefined);
  const set = (isAllowed: boolean) => {
    writeStored(sessionStorage, key, isAllowed || undefined);
    setAllowed({ key, isAllowed });
  };
  const settle = (isAllowed: boolean) => {
    answer.current?.(isAllowed);
    answer.current = undefined;
  };
  const request = useHandler(async () => {
    if (allowed.isAllowed) return true;
    settle(false);
    setIsAsking(true);
    return new Promise<boolean>((resolve) => {
      answer.current = resolve;
    });
  });
  const revoke = useHandler(() => set(false));
  return {
    isAllowed: allowed.isAllowed,
    request,
    revoke,
    dialog: (
      <ConfirmDialog
        isOpen={isAsking}
        onOpenChange={(isOpen) => {
          setIsAsking(isOpen);
          if (!isOpen) settle(false);
        }}
        title={
          database.environment === "development"
            ? `Allow changes to ${database.name} in this session?`
            : `Allow changes to ${database.name} (${environmentNames[database.environment]}) in this session?`
        }
        confirmLabel="Allow changes"
        onConfirm={() => {
          set(true);
          settle(true);
        }}
      >
        {changeWarnings[database.environment] ? <b className="mb-2 block text-fg-0">{changeWarnings[database.environment]}</b> : null}
        {database.kind === "redis"
          ? "You can edit keys and run commands that write until you close this tab or turn changes off. Edits of keys can be undone; commands can't."
          : "You can edit rows, import data and run statements that write until you close this tab or turn changes off. Edits of rows can be undone; statements and imports can't."}
      </ConfirmDialog>
    ),
  };
}

/** Shows whether changes are allowed, and switches it. */
export function WriteToggle({ permission }: { permission: WritePermission }) {
  return permission.isAllowed ? (
    <Button
      size="sm"
      variant="ghost"
      icon={<LockOpen size={14} className="text-warn" />}
      title="Turn changes off"
      aria-label="Changes allowed. Turn changes off"
      onClick={permission.revoke}
    >
      <span className="text-warn narrow:hidden">Changes allowed</span>
    </Button>
  ) : (
    <Button
      size="sm"
      variant="ghost"
      icon={<Lock size={14} />}
      title="Allow changes"
      aria-label="Read-only. Allow changes"
      onClick={() => void permission.request()}
    >
      <span className="narrow:hidden">Read-only</span>
    </Button>
  );
}
