import type { Board, Card, CardPriority, CardType, UpdateCard, UserRef } from "@tesslate/contract";
import { cardPriorities, cardTypes } from "@tesslate/contract";
import { useState } from "react";
import { sentenceOf } from "../../lib/errors.ts";
import { Button } from "../../ui/Button.tsx";
import { Chip } from "../../ui/Chip.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { Markdown } from "../../ui/markdown/Markdown.tsx";
import { Select } from "../../ui/Select.tsx";
import { Textarea } from "../../ui/Textarea.tsx";
import { cardsOf, dayOf, isFull, timestampOf } from "./board.ts";
import { priorityLooks, cardTypeLooks } from "./card-looks.tsx";
import { useFieldDraft } from "./use-field-draft.ts";

export interface CardFieldsProps {
  card: Card;
  board: Board;
  me: UserRef;
  onChange: (change: UpdateCard) => Promise<unknown>;
  onMove: (columnId: string) => void;
}

const none = "none";

/** The fields of a card; each is saved separately. */
export function CardFields({ card, board, me, onChange, onMove }: CardFieldsProps) {
  const [failures, setFailures] = useState<Record<string, string>>({});
  const set = async (field: keyof UpdateCard, change: UpdateCard) => {
    const failure = await onChange(change).then(
      () => undefined,
      (error: unknown) => sentenceOf(error),
    );
    setFailures(({ [field]: _old, ...rest }) => (failure === undefined ? rest : { ...rest, [field]: failure }));
  };
  const people = [me, ...(card.assignee && card.assignee.id !== me.id ? [card.assignee] : [])];
  return (
    <div className="grid grid-cols-2 gap-x-3 gap-y-3.5">
      <Title value={card.title} save={(title) => onChange({ title })} />
      <Field label="Column">
        <Select
          size="sm"
          value={card.column_id}
          options={board.columns.map((column) => ({
            value: column.id,
            label: column.name,
            ...(isFull(column, card.id) && { hint: `Full (limit: ${column.task_limit})`, isDisabled: true }),
          }))}
          onChange={onMove}
        />
      </Field>
      <Field label="Assignee" error={failures["assignee_id"]}>
        <Select
          size="sm"
          value={card.assignee?.id ?? none}
          options={[
            { value: none, label: "Unassigned" },
            ...people.map((person) => ({ value: person.id, label: person.id === me.id ? `${person.name} (you)` : person.name })),
          ]}
          onChange={(id) => void set("assignee_id", { assignee_id: id === none ? null : id })}
        />
      </Field>
      <Field label="Priority" error={failures["priority"]}>
        <Select
          size="sm"
          value={card.priority ?? none}
          options={[{ value: none, label: "None" }, ...cardPriorities.map((value) => ({ value, label: priorityLooks[value].label }))]}
          onChange={(value) => void set("priority", { priority: value === none ? null : (value as CardPriority) })}
        />
      </Field>
      <Field label="Type" error={failures["task_type"]}>
        <Select
          size="sm"
          value={card.task_type ?? none}
          options={[{ value: none, label: "None" }, ...cardTypes.map((value) => ({ value, label: cardTypeLooks[value].label }))]}
          onChange={(value) => void set("task_type", { task_type: value === none ? null : (value as CardType) })}
        />
      </Field>
      <Hours label="Estimate" value={card.estimate_hours} save={(estimate_hours) => onChange({ estimate_hours })} />
      <Hours label="Spent" value={card.spent_hours} save={(spent_hours) => onChange({ spent_hours })} />
      <Field label="Due date" error={failures["due_date"]}>
        <DueInput key={dayOf(card.due_date)} day={dayOf(card.due_date)} save={(day) => set("due_date", { due_date: timestampOf(day) })} />
      </Field>
      <Field label="Tags" error={failures["tags"]} hint="Press Enter or type a comma to add a tag." className="col-span-2">
        <Tags
          tags={card.tags ?? []}
          known={[...new Set(cardsOf(board).flatMap((other) => other.tags ?? []))].sort()}
          onChange={(tags) => void set("tags", { tags: tags.length === 0 ? null : tags })}
        />
      </Field>
      <Description value={card.description ?? ""} save={(text) => onChange({ description: text.trim() === "" ? null : text })} />
    </div>
  );
}

function Title({ value, save }: { value: string; save: (title: string) => Promise<unknown> }) {
  const field = useFieldDraft(value, async (next) => {
    if (next.trim() === "") throw new Error("Enter a title.");
    await save(next.trim());
  });
  return (
    <Field label="Title" error={field.failure} className="col-span-2">
      <Textarea
        rows={1}
        maxLength={500}
        value={field.shown}
        onChange={(event) => field.change(event.target.value.replaceAll("\n", " "))}
        onBlur={() => void field.commit()}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.nativeEvent.isComposing) {
            event.preventDefault();
            void field.commit();
          }
        }}
        className="font-medium"
      />
    </Field>
  );
}

function Hours({ label, value, save }: { label: string; value: number | null; save: (hours: number | null) => Promise<unknown> }) {
  const field = useFieldDraft(value === null ? "" : String(value), async (next) => {
    const hours = next.trim() === "" ? null : Number(next);
    if (hours !== null && (!Number.isInteger(hours) || hours < 0 || hours > 2_147_483_647)) throw new Error("Enter a whole number.");
    await save(hours);
  });
  return (
    <Field label={label} error={field.failure}>
      <Input
        size="sm"
        inputMode="numeric"
        value={field.shown}
        placeholder="–"
        onChange={(event) => field.change(event.target.value)}
        onBlur={() => void field.commit()}
        onKeyDown={(event) => event.key === "Enter" && void field.commit()}
        trailing={<span className="text-xs text-fg-2">h</span>}
      />
    </Field>
  );
}

/** The browser's date picker. A date that is being typed can be incomplete: only valid dates are saved. */
function DueInput({ day, save }: { day: string; save: (day: string) => Promise<void> }) {
  const [shown, setShown] = useState(day);
  return (
    <Input
      size="sm"
      type="date"
      value={shown}
      max="9999-12-31"
      onChange={(event) => setShown(event.target.value)}
      onBlur={(event) => {
        if (event.target.value !== day && event.target.validity.valid) void save(event.target.value);
      }}
    />
  );
}

function Tags({ tags, known, onChange }: { tags: readonly string[]; known: readonly string[]; onChange: (tags: string[]) => void }) {
  const [text, setText] = useState("");
  const add = (given: string) => {
    const fresh = given
      .split(",")
      .map((tag) => tag.trim().slice(0, 50))
      .filter((tag) => tag !== "" && !tags.includes(tag));
    setText("");
    if (fresh.length > 0) onChange([...new Set([...tags, ...fresh])].slice(0, 50));
  };
  const suggested = known.filter((tag) => !tags.includes(tag) && tag.toLowerCase().includes(text.trim().toLowerCase())).slice(0, 6);
  return (
    <div className="grid gap-1.5">
      {tags.length > 0 ? (
        <div className="flex flex-wrap gap-1">
          {tags.map((tag) => (
            <Chip key={tag} removeLabel={`Remove tag ${tag}`} onRemove={() => onChange(tags.filter((other) => other !== tag))}>
              {tag}
            </Chip>
          ))}
        </div>
      ) : null}
      <Input
        size="sm"
        value={text}
        placeholder="Add tag"
        onChange={(event) => (event.target.value.includes(",") ? add(event.target.value) : setText(event.target.value))}
        onBlur={() => add(text)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.nativeEvent.isComposing) {
            event.preventDefault();
            add(text);
          } else if (event.key === "Backspace" && text === "" && tags.length > 0) onChange(tags.slice(0, -1));
        }}
      />
      {text.trim() !== "" && suggested.length > 0 ? (
        <div className="flex flex-wrap gap-1">
          {suggested.map((tag) => (
            <Button key={tag} size="sm" onMouseDown={(event) => event.preventDefault()} onClick={() => add(tag)}>
              {tag}
            </Button>
          ))}
        </div>
      ) : null}
    </div>
  );
}

function Description({ value, save }: { value: string; save: (text: string) => Promise<unknown> }) {
  const field = useFieldDraft(value, save);
  const [isEditing, setIsEditing] = useState(false);
  const isShown = !isEditing && field.shown.trim() !== "";
  const finish = async () => {
    if (await field.commit()) setIsEditing(false);
  };
  return (
    <Field
      label="Description"
      error={field.failure}
      className="col-span-2"
      aside={
        isShown ? (
          <Button size="sm" variant="ghost" onClick={() => setIsEditing(true)}>
            Edit
          </Button>
        ) : (
          <span className="text-xs text-fg-2">Markdown</span>
        )
      }
    >
      {isShown ? (
        <div className="rounded-2 border border-line-0 bg-bg-2 px-3 py-2 text-md text-fg-1">
          <Markdown text={field.shown} />
        </div>
      ) : (
        <Textarea
          autoFocus={isEditing}
          maxLength={50_000}
          maxHeightPx={420}
          value={field.shown}
          placeholder="What to do, why, and how to tell it's done"
          onChange={(event) => {
            setIsEditing(true);
            field.change(event.target.value);
          }}
          onBlur={() => void finish()}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) {
              event.preventDefault();
              void finish();
            } else if (event.key === "Escape" && field.isDraft) {
              // Esc discards the edit; a second Esc closes the sheet.
              event.preventDefault();
              event.stopPropagation();
              field.drop();
              setIsEditing(false);
            }
          }}
        />
      )}
    </Field>
  );
}
