import { nameOf } from "../../lib/file-tree.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import type { Removal } from "./trash.ts";

/** Asked only for what is too much to be brought back. */
export function DeleteDialog({
  removal,
  onClose,
  onConfirm,
}: {
  removal: Removal | undefined;
  onClose: () => void;
  onConfirm: (removal: Removal) => Promise<void>;
}) {
  const { paths = [], files = [] } = removal ?? {};
  return (
    <ConfirmDialog
      isOpen={removal !== undefined}
      onOpenChange={(isOpen) => (isOpen ? undefined : onClose())}
      title={paths.length === 1 ? `Delete ${nameOf(paths[0] ?? "")}?` : `Delete ${paths.length} items?`}
      act="Delete"
      actWord="Deleting"
      isDanger
      onConfirm={async () => {
        if (removal) await onConfirm(removal);
      }}
    >
      {`${files.length === 1 ? "One file" : `${files.length.toLocaleString("en")} files`}, too much to be kept for an undo. This cannot be undone here.`}
    </ConfirmDialog>
  );
}
