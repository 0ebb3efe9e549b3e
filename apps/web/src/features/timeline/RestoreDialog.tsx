import { useState, type ReactNode } from "react";
import { counted } from "../../lib/counted.ts";
import { useProject } from "../../project/project-context.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { formatDateTime } from "../../lib/time.ts";
import { DatabasesSwitch } from "./DatabasesSwitch.tsx";
import { TableDifferences } from "./TableDifferences.tsx";
import { databasesBefore, runsSince, type Entry } from "./timeline.ts";
import { useHistory } from "./use-history.ts";
import type { Restore } from "./use-restores.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

/** Explains what a restore replaces, and offers to save the current state first. */
export function RestoreDialog({ entry, onClose, onRestore }: { entry: Entry | undefined; onClose: () => void; onRestore: Restore }) {
  const { id: projectId } = useProject();
  const { entries, points } = useHistory();
  const [keepsNow, setKeepsNow] = useState(true);
  const [hidesMessages, setHidesMessages] = useState(true);
  const [withDatabases, setWithDatabases] = useState(false);
  const source = entry?.kind === "checkpoint" ? databasesBefore(entry, points.data?.snapshots ?? []) : undefined;
  const runs = entry ? runsSince(entry, entries) : [];
  const [isWorking, setIsWorking] = useState(false);
  const [failure, setFailure] = useState<ReactNode>();
  const close = () => {
    setFailure(undefined);
    setKeepsNow(true);
    setHidesMessages(true);
    setWithDatabases(false);
    onClose();
  };
  const restoresDatabases = source !== undefined && keepsNow && withDatabases;
  const restore = async () => {
    if (!entry) return;
    setIsWorking(true);
    setFailure(undefined);
    try {
      await onRestore(entry, {
        keepsNow,
        hidesMessages: hidesMessages && runs.length > 0,
        ...(restoresDatabases && source && { databasesFrom: source.id }),
      });
      close();
    } catch (error) {
      setFailure(<ErrorSentence of={error} />);
    } finally {
      setIsWorking(false);
    }
  };
  const databases = entry?.snapshot?.databases ?? [];
  const isCheckpoint = entry?.kind === "checkpoint";
  const hidesAny = runs.length > 0 && keepsNow && hidesMessages;
  const unaffected =
    isCheckpoint && !restoresDatabases
      ? hidesAny
        ? "Databases, deployments, board, notes and secrets aren't affected."
        : "Chats, databases, deployments, board, notes and secrets aren't affected."
      : hidesAny
        ? "Deployments, board, notes and secrets aren't affected."
        : "Chats, deployments, board, notes and secrets aren't affected.";
  return (
    <Dialog
      isOpen={entry !== undefined}
      onOpenChange={(isOpen) => !isOpen && close()}
      title={isCheckpoint ? "Restore this checkpoint?" : "Restore this snapshot?"}
      description={entry ? `${entry.pointTitle}, ${formatDateTime(entry.at)}` : undefined}
      footer={
        <>
          <Button variant="ghost" onClick={close}>
            Cancel
          </Button>
          <Button variant="primary" isLoading={isWorking} loadingWord="Restoring…" onClick={() => void restore()}>
            {isCheckpoint ? "Restore checkpoint" : "Restore snapshot"}
          </Button>
        </>
      }
    >
      <div className="grid gap-4 leading-read">
        <ul className="grid list-disc gap-1 pl-4">
          <li>
            {restoresDatabases
              ? `This restores all files, and the data of ${source.databases.join(", ")} as of ${formatDateTime(source.created_at)}. Later changes are removed.`
              : databases.length > 0
                ? `This restores all files and the data of ${databases.join(", ")}. Later changes are removed.`
                : "This restores all files. Later changes are removed."}
          </li>
          <li>Running apps restart.</li>
          <li>{unaffected}</li>
        </ul>
        {!isCheckpoint && entry?.snapshot && databases.length > 0 ? (
          <TableDifferences projectId={projectId} snapshotId={entry.snapshot.id} />
        ) : null}
        {source && keepsNow ? (
          <DatabasesSwitch projectId={projectId} source={source} isOn={withDatabases} onChange={setWithDatabases} />
        ) : null}
        {runs.length > 0 && keepsNow ? (
          <Switch
            isOn={hidesMessages}
            onChange={setHidesMessages}
            label={`Hide messages of ${counted(runs.length, "later run")}`}
            hint={hidesMessages ? "You can redo this until you send a new message." : "Chats aren't affected."}
          />
        ) : null}
        <Switch
          isOn={keepsNow}
          onChange={setKeepsNow}
          label="Save current state first"
          hint={keepsNow ? "Saved as “Before restore”, so you can undo this restore." : "You can't undo this restore."}
        />
        {failure ? (
          <p role="alert" className="text-err">
            {failure}
          </p>
        ) : null}
      </div>
    </Dialog>
  );
}
