import { RadioGroup } from "radix-ui";
import type { BoardColumn, RunStage, UpdateColumn } from "@tesslate/contract";
import { useState } from "react";
import { counted } from "../../lib/counted.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { Input } from "../../ui/Input.tsx";
import { Kbd } from "../../ui/Kbd.tsx";
import { Select } from "../../ui/Select.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { columnColors } from "./card-looks.tsx";

const noStage = "none";

/** Edits a column: name, description, colour, limit, and what moves to it. */
export function ColumnDialog({
  column,
  onClose,
  onSave,
}: {
  column: BoardColumn;
  onClose: () => void;
  onSave: (change: UpdateColumn) => Promise<unknown>;
}) {
  const form = useForm({
    start: {
      name: column.name,
      description: column.description ?? "",
      color: column.color !== null && column.color in columnColors ? column.color : "gray",
      task_limit: column.task_limit === null ? "" : String(column.task_limit),
      is_completed: column.is_completed,
      is_backlog: column.is_backlog,
      run_stage: column.run_stage ?? noStage,
    },
    check: ({ name, task_limit }) => ({
      ...(name.trim() === "" && { name: "Enter a name." }),
      ...(task_limit.trim() !== "" && !/^0*[1-9]\d*$/.test(task_limit.trim()) && { task_limit: "Must be a whole number from 1." }),
    }),
    submit: async ({ name, description, task_limit, run_stage, ...rest }) => {
      await onSave({
        ...rest,
        run_stage: run_stage === noStage ? null : (run_stage as RunStage),
        name: name.trim(),
        description: description.trim() === "" ? null : description.trim(),
        task_limit: task_limit.trim() === "" ? null : Number(task_limit),
      });
      onClose();
    },
  });
  const { errors, values } = form;
  const count = column.tasks.length;
  const isOver = values.task_limit.trim() !== "" && Number(values.task_limit) < count;
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => {
        if (!isOpen) onClose();
      }}
      title={`Edit column “${column.name}”`}
      footer={
        <>
          <Button variant="ghost" keys={<Kbd>Esc</Kbd>} onClick={onClose}>
            Cancel
          </Button>
          <Button variant="primary" type="submit" form="column-form" isLoading={form.isSubmitting} loadingWord="Saving…">
            Save
          </Button>
        </>
      }
    >
      <form id="column-form" className="grid gap-4" onSubmit={form.onSubmit}>
        <Field label="Name" error={errors.name}>
          <Input {...form.text("name")} autoComplete="off" maxLength={100} />
        </Field>
        <Field label="Description" error={errors.description}>
          <Input {...form.text("description")} maxLength={500} placeholder="Optional" />
        </Field>
        <div>
          <div id="column-color" className="mb-1.25 text-sm font-medium text-fg-1">
            Color
          </div>
          <RadioGroup.Root
            value={values.color}
            onValueChange={(color) => form.set("color", color)}
            aria-labelledby="column-color"
            className="flex flex-wrap gap-1"
          >
            {Object.entries(columnColors).map(([value, ink]) => (
              <RadioGroup.Item
                key={value}
                value={value}
                aria-label={value}
                title={value}
                className="grid size-7 place-items-center rounded-2 border border-transparent hover:bg-bg-3 aria-checked:border-fg-0 narrow:size-11"
              >
                <span aria-hidden="true" className="size-3.5 rounded-[3px]" style={{ background: ink }} />
              </RadioGroup.Item>
            ))}
          </RadioGroup.Root>
        </div>
        <Field
          label="Card limit"
          error={errors.task_limit}
          hint={
            isOver
              ? `This column already has ${counted(count, "card")}. You can't add cards until it has fewer than the limit.`
              : "The maximum number of cards. Leave empty for no limit."
          }
        >
          <Input {...form.text("task_limit")} inputMode="numeric" placeholder="No limit" />
        </Field>
        <Field label="Runs of the agent" hint="Each board has one column for starting and one for ended runs.">
          <Select
            value={values.run_stage}
            onChange={(stage) => form.set("run_stage", stage)}
            options={[
              { value: noStage, label: "Don't move cards here" },
              { value: "in_progress", label: "Move cards here when a run starts" },
              { value: "review", label: "Move cards here when a run has ended" },
            ]}
          />
        </Field>
        <Switch isOn={values.is_completed} onChange={(isOn) => form.set("is_completed", isOn)} label="Cards in this column are done" />
        <Switch
          isOn={values.is_backlog}
          onChange={(isOn) => form.set("is_backlog", isOn)}
          label="Add new cards to this column by default"
        />
        {errors[""] ? (
          <p role="alert" className="text-err">
            {errors[""]}
          </p>
        ) : null}
      </form>
    </Dialog>
  );
}

const deleteCards = "delete";

/** Asks whether to move or delete the cards of the column. */
export function DeleteColumnDialog({
  column,
  others,
  onClose,
  onDelete,
}: {
  column: BoardColumn;
  others: readonly BoardColumn[];
  onClose: () => void;
  onDelete: (moveTo: string | undefined) => Promise<void>;
}) {
  const count = column.tasks.length;
  const cards = counted(count, "card");
  const roomy = others.filter((other) => other.task_limit === null || other.tasks.length + count <= other.task_limit);
  const [target, setTarget] = useState(roomy[0]?.id ?? deleteCards);
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => {
        if (!isOpen) onClose();
      }}
      title={`Delete column “${column.name}”?`}
      confirmLabel={count > 0 && target === deleteCards ? "Delete column and cards" : "Delete column"}
      loadingWord="Deleting column…"
      isDanger
      onConfirm={async () => {
        await onDelete(count === 0 || target === deleteCards ? undefined : target);
      }}
    >
      {count === 0 ? (
        <p>This column has no cards.</p>
      ) : (
        <Field
          label="Cards in this column"
          hint={
            target === deleteCards
              ? `This deletes ${cards} with all comments. This can't be undone.`
              : `This moves ${cards} to the end of that column.`
          }
        >
          <Select
            value={target}
            onChange={setTarget}
            options={[
              ...others.map((other) => ({
                value: other.id,
                label: `Move to ${other.name}`,
                ...(!roomy.includes(other) && { isDisabled: true, hint: `Not enough room (limit: ${other.task_limit})` }),
              })),
              { value: deleteCards, label: "Delete cards" },
            ]}
          />
        </Field>
      )}
    </ConfirmDialog>
  );
}
