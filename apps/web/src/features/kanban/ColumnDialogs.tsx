import { RadioGroup } from "radix-ui";
import type { BoardColumn, UpdateColumn } from "@tesslate/contract";
import { useState, type FormEvent } from "react";
import { counted } from "../../lib/counted.ts";
import { fieldErrorsOf, sentenceOf } from "../../lib/errors.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { Kbd } from "../../ui/Kbd.tsx";
import { Select } from "../../ui/Select.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { columnColors } from "./card-looks.tsx";

/** Edits a column: name, description, colour, limit. */
export function ColumnDialog({
  column,
  onClose,
  onSave,
}: {
  column: BoardColumn;
  onClose: () => void;
  onSave: (change: UpdateColumn) => Promise<unknown>;
}) {
  const [name, setName] = useState(column.name);
  const [description, setDescription] = useState(column.description ?? "");
  const [color, setColor] = useState(column.color !== null && column.color in columnColors ? column.color : "gray");
  const [limit, setLimit] = useState(column.task_limit === null ? "" : String(column.task_limit));
  const [isCompleted, setIsCompleted] = useState(column.is_completed);
  const [isBacklog, setIsBacklog] = useState(column.is_backlog);
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [isSaving, setIsSaving] = useState(false);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (isSaving) return;
    const taskLimit = limit.trim() === "" ? null : Number(limit);
    const found = {
      ...(name.trim() === "" && { name: "Enter a name." }),
      ...(taskLimit !== null && (!Number.isInteger(taskLimit) || taskLimit < 1) && { task_limit: "Must be a whole number from 1." }),
    };
    setErrors(found);
    if (Object.keys(found).length > 0) return;
    setIsSaving(true);
    try {
      await onSave({
        name: name.trim(),
        description: description.trim() === "" ? null : description.trim(),
        color,
        task_limit: taskLimit,
        is_completed: isCompleted,
        is_backlog: isBacklog,
      });
      onClose();
    } catch (error) {
      const fields = fieldErrorsOf(error, ["name", "task_limit", "description"]);
      setErrors(Object.keys(fields).length > 0 ? fields : { "": sentenceOf(error) });
    } finally {
      setIsSaving(false);
    }
  };
  const count = column.tasks.length;
  const isOver = limit.trim() !== "" && Number(limit) < count;
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
          <Button variant="primary" type="submit" form="column-form" isLoading={isSaving} loadingWord="Saving…">
            Save
          </Button>
        </>
      }
    >
      <form id="column-form" className="grid gap-4" onSubmit={(event) => void save(event)}>
        <Field label="Name" error={errors["name"]}>
          <Input value={name} maxLength={100} onChange={(event) => setName(event.target.value)} />
        </Field>
        <Field label="Description" error={errors["description"]}>
          <Input value={description} maxLength={500} placeholder="Optional" onChange={(event) => setDescription(event.target.value)} />
        </Field>
        <div>
          <div id="column-color" className="mb-[5px] text-sm font-medium text-fg-1">
            Color
          </div>
          <RadioGroup.Root value={color} onValueChange={setColor} aria-labelledby="column-color" className="flex flex-wrap gap-1">
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
          error={errors["task_limit"]}
          hint={
            isOver
              ? `This column already has ${counted(count, "card")}. You can't add cards until it has fewer than the limit.`
              : "The maximum number of cards. Leave empty for no limit."
          }
        >
          <Input inputMode="numeric" value={limit} placeholder="No limit" onChange={(event) => setLimit(event.target.value)} />
        </Field>
        <Switch isOn={isCompleted} onChange={setIsCompleted} label="Cards in this column are done" />
        <Switch isOn={isBacklog} onChange={setIsBacklog} label="Add new cards to this column by default" />
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
      act={count > 0 && target === deleteCards ? "Delete column and cards" : "Delete column"}
      actWord="Deleting column…"
      isDanger
      onConfirm={async () => {
        try {
          await onDelete(count === 0 || target === deleteCards ? undefined : target);
        } catch (error) {
          throw new Error(sentenceOf(error), { cause: error });
        }
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
