import { useState, type FormEvent } from "react";
import { sentenceOf } from "../../lib/errors.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";

/** Asks for a label and saves the snapshot. Stays open with the reason if that fails. */
export function SaveSnapshotDialog({
  isOpen,
  onOpenChange,
  onSave,
  isFull,
}: {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  onSave: (label: string) => Promise<void>;
  /** The project has reached its limit of snapshots. */
  isFull: boolean;
}) {
  const [label, setLabel] = useState("");
  const [isWorking, setIsWorking] = useState(false);
  const [failure, setFailure] = useState<string>();
  const change = (next: boolean) => {
    setFailure(undefined);
    onOpenChange(next);
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (isWorking) return;
    setIsWorking(true);
    setFailure(undefined);
    try {
      await onSave(label);
      setLabel("");
      onOpenChange(false);
    } catch (error) {
      setFailure(sentenceOf(error));
    } finally {
      setIsWorking(false);
    }
  };
  return (
    <Dialog
      isOpen={isOpen}
      onOpenChange={change}
      title="Save snapshot"
      description="Saves the files and PostgreSQL databases of this project, without installed dependencies."
      footer={
        <>
          <Button variant="ghost" onClick={() => change(false)}>
            Cancel
          </Button>
          <Button type="submit" form="save-snapshot" variant="primary" isLoading={isWorking} loadingWord="Saving…">
            Save snapshot
          </Button>
        </>
      }
    >
      <form id="save-snapshot" onSubmit={(event) => void submit(event)}>
        <Field
          label="Label"
          hint={isFull ? "This project has reached its snapshot limit. Delete one first." : "Optional. Describes this version."}
          error={failure}
        >
          <Input
            value={label}
            maxLength={255}
            autoComplete="off"
            placeholder="Manual save"
            onChange={(event) => setLabel(event.target.value)}
          />
        </Field>
      </form>
    </Dialog>
  );
}
