import type { Snapshot } from "@tesslate/contract";
import { formatDateTime, formatRelativeTime } from "../../lib/time.ts";
import { Switch } from "../../ui/Switch.tsx";
import { TableDifferences } from "./TableDifferences.tsx";

/** Offers to restore the databases of a snapshot with the files of a checkpoint, and says which rows would be lost. */
export function DatabasesSwitch({
  projectId,
  source,
  isOn,
  onChange,
}: {
  projectId: string;
  source: Snapshot;
  isOn: boolean;
  onChange: (isOn: boolean) => void;
}) {
  const at = `${formatDateTime(source.created_at)} (${formatRelativeTime(source.created_at)})`;
  const label = source.label ?? source.snapshot_name;
  return (
    <div className="grid gap-2">
      <Switch
        isOn={isOn}
        onChange={onChange}
        label={`Restore databases: ${source.databases.join(", ")}`}
        hint={
          isOn
            ? `This removes what was written or changed since ${at}, also by visitors. The present rows are saved first, so you can redo this.`
            : source.snapshot_type === "run"
              ? `Saved before this run changed anything: ${at}.`
              : `From the snapshot “${label}”, ${at}: the last one before this checkpoint.`
        }
      />
      {isOn ? (
        <div className="pl-9.5">
          <TableDifferences projectId={projectId} snapshotId={source.id} />
        </div>
      ) : null}
    </div>
  );
}
