import type { Asset, AssetDirectory } from "@tesslate/contract";
import { useState, type FormEvent } from "react";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { Kbd } from "../../ui/Kbd.tsx";
import { Select } from "../../ui/Select.tsx";

/** Renames or moves an asset and its file. */
export function PlaceDialog({
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
  const [filename, setFilename] = useState(asset.filename);
  const [directory, setDirectory] = useState(asset.directory);
  const [failure, setFailure] = useState<string>();
  const [isSaving, setIsSaving] = useState(false);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (isSaving) return;
    if (filename.trim() === "") return setFailure("Enter a name.");
    setIsSaving(true);
    setFailure(undefined);
    try {
      await onSave({ filename: filename.trim(), directory });
      onClose();
    } catch (error) {
      setFailure(hasCode(error, "conflict") ? "A file with this name already exists." : sentenceOf(error));
    } finally {
      setIsSaving(false);
    }
  };
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
          <Button variant="primary" type="submit" form="asset-place" isLoading={isSaving} loadingWord="Saving…">
            Save
          </Button>
        </>
      }
    >
      <form id="asset-place" className="grid gap-4" onSubmit={(event) => void save(event)}>
        <Field label="Name" error={failure} hint="Code that uses the path isn't updated.">
          <Input value={filename} maxLength={200} onChange={(event) => setFilename(event.target.value)} />
        </Field>
        <Field label="Folder">
          <Select value={directory} onChange={setDirectory} options={places.map((value) => ({ value, label: value }))} />
        </Field>
      </form>
    </Dialog>
  );
}
