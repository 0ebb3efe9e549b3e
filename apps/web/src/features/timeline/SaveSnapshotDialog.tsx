import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
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
  const form = useForm({
    start: { label: "" },
    submit: async ({ label }) => {
      await onSave(label);
      form.reset({ label: "" });
      onOpenChange(false);
    },
    errorField: "label",
  });
  const change = (next: boolean) => {
    form.show({});
    onOpenChange(next);
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
          <Button type="submit" form="save-snapshot" variant="primary" isLoading={form.isSubmitting} loadingWord="Saving…">
            Save snapshot
          </Button>
        </>
      }
    >
      <form id="save-snapshot" onSubmit={form.onSubmit}>
        <Field
          label="Label"
          hint={isFull ? "This project has reached its snapshot limit. Delete one first." : "Optional. Describes this version."}
          error={form.errors.label}
        >
          <Input {...form.text("label")} maxLength={255} autoComplete="off" placeholder="Manual save" />
        </Field>
      </form>
    </Dialog>
  );
}
