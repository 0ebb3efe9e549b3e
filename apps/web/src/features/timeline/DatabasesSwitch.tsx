import type { Snapshot } from "@tesslate/contract";
import { formatDateTime, formatRelativeTime } from "../../lib/time.ts";
import { Switch } from "../../ui/Switch.tsx";

/** Offers to restore the databases of a snapshot with the files of a checkpoint, and says which rows would be lost. */
export function DatabasesSwitch({ source, isOn, onChange }: { source: Snapshot; isOn: boolean; onChange: (isOn: boolean) => void }) {
  const at = `${formatDateTime(source.created_at)} (${formatRelativeTime(source.created_at)})`;
  const label = source.label ?? source.snapshot_name;
  return (
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
  );
}
