import { secretRefusal } from "@tesslate/contract/dotenv";
import { cx } from "../../lib/cx.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
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
  const form = useForm({
    start: { key: name ?? initialName, value: "" },
    check: ({ key, value }) => {
      const reason = secretRefusal(key.trim(), value);
      if (!reason) return {};
      return { [reason === "invalid_key" || reason === "reserved_key" ? "key" : "value"]: refusalSentences[reason] };
    },
    submit: async ({ key, value }) => {
      await onSave(key.trim(), value);
      form.reset({ key: name ?? "", value: "" });
    },
  });
  const { errors } = form;
  const key = form.values.key.trim();
  const isReplacement = name === undefined && known.has(key);
  return (
    <form onSubmit={form.onSubmit} noValidate autoComplete="off" className="grid gap-2">
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
              {...form.text("key")}
              className="font-mono text-xs narrow:text-lg"
              autoComplete="off"
              autoCapitalize="characters"
              spellCheck={false}
              placeholder="STRIPE_KEY"
            />
          </Field>
        ) : null}
        <Field label={name === undefined ? "Value" : `New value of ${name}`} error={errors.value} className="min-w-0 flex-1">
          <PasswordInput
            {...form.text("value")}
            noun="value"
            className="font-mono text-xs narrow:text-lg"
            autoComplete="off"
            data-1p-ignore
            autoFocus={name !== undefined || initialName !== ""}
          />
        </Field>
        <div className={cx("flex flex-none gap-1.5 narrow:pt-0", !isStacked && "pt-5.75")}>
          <Button
            type="submit"
            className="h-8 narrow:h-11"
            isLoading={form.isSubmitting}
            loadingWord="Saving…"
            disabled={key === "" || form.values.value === ""}
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
