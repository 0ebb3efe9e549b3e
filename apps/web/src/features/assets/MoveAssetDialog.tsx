import type { Asset, AssetDirectory } from "@tesslate/contract";
import { hasCode } from "../../lib/errors.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { Input } from "../../ui/Input.tsx";
import { Kbd } from "../../ui/Kbd.tsx";
import { Select } from "../../ui/Select.tsx";

/** Renames or moves an asset and its file. */
export function MoveAssetDialog({
  asset,
  directories,
  onClose,
  onSave,
}: {
  asset: Asset;
  directories: readonly AssetDirectory[];
  onClose: () => void;
  onSave: (change: { filename: string; directory: string }) => Promise<unknown>;
}) {
  const form = useForm({
    start: { filename: asset.filename, directory: asset.directory },
    check: ({ filename }) => ({ ...(filename.trim() === "" && { filename: "Enter a name." }) }),
    submit: async ({ filename, directory }) => {
      await onSave({ filename: filename.trim(), directory });
      onClose();
    },
    faultsOf: (error) => (hasCode(error, "conflict") ? { filename: "A file with this name already exists." } : undefined),
    errorField: "filename",
  });
  const places = [...new Set([asset.directory, ...directories.map((known) => known.directory)])].sort();
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => {
        if (!isOpen) onClose();
      }}
      title={`Rename or move “${asset.filename}”`}
      footer={
        <>
          <Button variant="ghost" keys={<Kbd>Esc</Kbd>} onClick={onClose}>
            Cancel
          </Button>
          <Button variant="primary" type="submit" form="asset-place" isLoading={form.isSubmitting} loadingWord="Saving…">
            Save
          </Button>
        </>
      }
    >
      <form id="asset-place" className="grid gap-4" onSubmit={form.onSubmit} noValidate>
        <Field label="Name" error={form.errors.filename} hint="Code that uses the path isn't updated.">
          <Input {...form.text("filename")} autoComplete="off" maxLength={200} />
        </Field>
        <Field label="Folder" error={form.errors.directory}>
          <Select {...form.choice("directory")} options={places.map((value) => ({ value, label: value }))} />
        </Field>
      </form>
    </Dialog>
  );
}
