import { secretRefusal } from "@tesslate/contract/dotenv";
import { useState, type FormEvent } from "react";
import { cx } from "../../lib/cx.ts";
import { sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";
import { refusalSentences } from "./env-preview.ts";

/** Adds a secret or variable, or replaces the value of `name`. The value is cleared once it is saved. */
export function SecretForm({
  name,
  initialName = "",
  known,
  noun = "secret",
  isStacked = false,
  onSave,
  onCancel,
}: {
  /** The secret whose value is replaced. */
  name?: string;
  initialName?: string;
  /** Names that already have a value. */
  known: ReadonlySet<string>;
  noun?: "secret" | "variable";
  /** One field below the other, for narrow panels. */
  isStacked?: boolean;
  /** If it rejects, the form keeps its input and shows the error. */
  onSave: (key: string, value: string) => Promise<unknown>;
  onCancel?: () => void;
}) {
  const [key, setKey] = useState(name ?? initialName);
  const [value, setValue] = useState("");
  const [errors, setErrors] = useState<{ key?: string; value?: string; "": string }>({ "": "" });
  const [isSaving, setIsSaving] = useState(false);
  const isReplacement = name === undefined && known.has(key);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const reason = secretRefusal(key, value);
    if (reason) {
      const isKey = reason === "invalid_key" || reason === "reserved_key";
      return setErrors({ "": "", [isKey ? "key" : "value"]: refusalSentences[reason] });
    }
    setErrors({ "": "" });
    setIsSaving(true);
    try {
      await onSave(key, value);
      setValue("");
      if (name === undefined) setKey("");
    } catch (error) {
      setErrors({ "": sentenceOf(error) });
    } finally {
      setIsSaving(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} noValidate autoComplete="off" className="grid gap-2">
      {errors[""] ? <Banner tone="err">{errors[""]}</Banner> : null}
      <div className={cx("flex gap-2 narrow:flex-col narrow:items-stretch", isStacked ? "flex-col items-stretch" : "items-start")}>
        {name === undefined ? (
          <Field
            label="Name"
            error={errors.key}
            className="min-w-0 flex-1"
            {...(isReplacement && { hint: `Replaces the value of ${key}.` })}
          >
            <Input
              className="font-mono text-xs narrow:text-lg"
              autoComplete="off"
              autoCapitalize="characters"
              spellCheck={false}
              placeholder="STRIPE_KEY"
              value={key}
              onChange={(event) => setKey(event.target.value.trim())}
            />
          </Field>
        ) : null}
        <Field label={name === undefined ? "Value" : `New value of ${name}`} error={errors.value} className="min-w-0 flex-1">
          <PasswordInput
            noun="value"
            className="font-mono text-xs narrow:text-lg"
            autoComplete="off"
            data-1p-ignore
            autoFocus={name !== undefined || initialName !== ""}
            value={value}
            onChange={(event) => setValue(event.target.value)}
          />
        </Field>
        <div className={cx("flex flex-none gap-1.5 narrow:pt-0", !isStacked && "pt-[23px]")}>
          <Button
            type="submit"
            className="h-8 narrow:h-11"
            isLoading={isSaving}
            loadingWord="Saving…"
            disabled={key === "" || value === ""}
          >
            {name !== undefined || isReplacement ? "Replace value" : noun === "secret" ? "Add secret" : "Add variable"}
          </Button>
          {onCancel ? (
            <Button variant="ghost" className="h-8 narrow:h-11" onClick={onCancel}>
              Cancel
            </Button>
          ) : null}
        </div>
      </div>
    </form>
  );
}
