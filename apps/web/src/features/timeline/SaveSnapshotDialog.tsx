import { useState, type FormEvent } from "react";
import { sentenceOf } from "../../lib/errors.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";

/** Asks for a name and takes the snapshot; stays open with the reason when it is refused. */
export function SaveSnapshotDialog({
  isOpen,
  onOpenChange,
  onSave,
  isFull,
}: {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  onSave: (label: string) => Promise<void>;
  /** The next one takes the place of an older one. */
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
      title="Save a snapshot"
      description="Keeps the files and the rows of this project's own PostgreSQL databases as they are now. What an install brings back is left out."
      footer={
        <>
          <Button variant="ghost" onClick={() => change(false)}>
            Cancel
          </Button>
          <Button type="submit" form="save-snapshot" variant="primary" isLoading={isWorking} loadingWord="Saving">
            Save
          </Button>
        </>
      }
    >
      <form id="save-snapshot" onSubmit={(event) => void submit(event)}>
        <Field
          label="Label"
          hint={isFull ? "This project has as many snapshots as it may keep. Delete one first." : "What you will look for later."}
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
