import type { DotenvEntry } from "@tesslate/contract";
import { useState, type FormEvent } from "react";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";
import { Textarea } from "../../ui/Textarea.tsx";

/** One variable. `onSave` resolves with a sentence when it did not work. */
export function VariableForm({
  fixedKey,
  act,
  refuse,
  onSave,
  onCancel,
}: {
  /** The name cannot be changed: its value is replaced. */
  fixedKey?: string;
  act: string;
  refuse?: (key: string, value: string) => string | undefined;
  onSave: (key: string, value: string) => Promise<string | undefined>;
  onCancel: () => void;
}) {
  const [key, setKey] = useState(fixedKey ?? "");
  const [value, setValue] = useState("");
  const [failure, setFailure] = useState<string>();
  const [isSaving, setIsSaving] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (isSaving) return;
    const reason = value === "" ? "Write a value." : refuse?.(key.trim(), value);
    setFailure(reason);
    if (reason !== undefined) return;
    setIsSaving(true);
    const answer = await onSave(key.trim(), value);
    setIsSaving(false);
    setFailure(answer);
  };
  return (
    <form onSubmit={(event) => void submit(event)} className="grid gap-2.5">
      {fixedKey === undefined ? (
        <Field label="Name">
          <Input
            size="sm"
            autoFocus
            value={key}
            spellCheck={false}
            autoCapitalize="characters"
            autoComplete="off"
            placeholder="API_URL"
            className="font-mono"
            onChange={(event) => setKey(event.target.value)}
          />
        </Field>
      ) : null}
      <Field label={fixedKey === undefined ? "Value" : `New value of ${fixedKey}`} error={failure}>
        <PasswordInput
          size="sm"
          noun="value"
          autoComplete="off"
          autoFocus={fixedKey !== undefined}
          value={value}
          className="font-mono"
          onChange={(event) => setValue(event.target.value)}
        />
      </Field>
      <div className="flex gap-1.5">
        <Button size="sm" type="submit" isLoading={isSaving} loadingWord="Saving">
          {act}
        </Button>
        <Button size="sm" variant="ghost" onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

/** A whole `.env` block, looked at before it is taken. */
export function PasteForm({
  read,
  known,
  onSave,
  onCancel,
}: {
  read: (text: string) => { ready: readonly DotenvEntry[]; refused: readonly { key: string; line: number }[] };
  known: readonly string[];
  onSave: (variables: Record<string, string>) => Promise<string | undefined>;
  onCancel: () => void;
}) {
  const [text, setText] = useState("");
  const [failure, setFailure] = useState<string>();
  const [isSaving, setIsSaving] = useState(false);
  const { ready, refused } = read(text);
  const replaced = ready.filter(({ key }) => known.includes(key)).length;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (isSaving || ready.length === 0) return;
    setIsSaving(true);
    setFailure(await onSave(Object.fromEntries(ready.map(({ key, value }) => [key, value]))));
    setIsSaving(false);
  };
  return (
    <form onSubmit={(event) => void submit(event)} className="grid gap-2.5">
      <Field label="A .env block" error={failure} hint={text === "" ? "One NAME=value a line." : undefined}>
        <Textarea
          autoFocus
          rows={5}
          value={text}
          spellCheck={false}
          className="font-mono text-xs"
          onChange={(event) => setText(event.target.value)}
        />
      </Field>
      {text === "" ? null : (
        <p role="status" className="text-xs text-fg-2">
          {ready.length === 1 ? "1 variable" : `${ready.length} variables`}
          {replaced > 0 ? `, ${replaced} of them replaced` : ""}
          {refused.length > 0 ? (
            <span className="block text-warn">Left out: {refused.map(({ key, line }) => `${key} (line ${line})`).join(", ")}</span>
          ) : null}
        </p>
      )}
      <div className="flex gap-1.5">
        <Button size="sm" type="submit" disabled={ready.length === 0} isLoading={isSaving} loadingWord="Saving">
          Take them
        </Button>
        <Button size="sm" variant="ghost" onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
