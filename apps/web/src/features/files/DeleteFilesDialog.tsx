import { counted } from "../../lib/counted.ts";
import { fileNameOf } from "../../lib/file-tree.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import type { Removal } from "./trash.ts";

/** Confirms deletions that are too large to be undone. */
export function DeleteFilesDialog({
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
      title={paths.length === 1 ? `Delete ${fileNameOf(paths[0] ?? "")}?` : `Delete ${counted(paths.length, "item")}?`}
      confirmLabel="Delete"
      loadingWord="Deleting…"
      isDanger
      onConfirm={async () => {
        if (removal) await onConfirm(removal);
      }}
    >
      This deletes {counted(files.length, "file")}. Undo isn't available for deletions this large.
    </ConfirmDialog>
  );
}
