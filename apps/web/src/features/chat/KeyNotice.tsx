import type { MessageSecret } from "@tesslate/contract/message-secrets";
import { secretRefusal } from "@tesslate/contract/dotenv";
import { KeyRound } from "lucide-react";
import { useEffect, useId, useRef, useState } from "react";
import { useKeyListener } from "../../lib/use-key-listener.ts";
import { useProject, useProjectQuery } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { Input } from "../../ui/Input.tsx";
import { refusalSentences, secretsQuery, useSecretActions } from "../secrets/index.ts";

export interface KeyNoticeProps {
  found: readonly MessageSecret[];
  /** The message was not sent because of it: the focus moves here. */
  isAsked: boolean;
  /** The values are stored: their names, in the order of `found`. */
  onStored: (names: readonly string[]) => void;
  onSend: () => void;
  /** Back to the message, which stays as it is. */
  onClose: () => void;
}

/** Asks what to do with keys in a message: store them as secrets of the project, or send them. */
export function KeyNotice({ found, isAsked, onStored, onSend, onClose }: KeyNoticeProps) {
  const { api } = useServices();
  const project = useProject();
  const { set } = useSecretActions(project.id);
  const known = useProjectQuery(secretsQuery(api, project.id)).data ?? [];
  const [isNaming, setIsNaming] = useState(false);
  const fields = found.map((secret, index) => ({ ...secret, field: `name_${index}` }));
  const form = useForm<Record<string, string>>({
    start: Object.fromEntries(fields.map(({ field, name }) => [field, name ?? ""])),
    isGuarded: false,
    check: (values) => {
      const names = fields.map(({ field }) => values[field]?.trim() ?? "");
      return Object.fromEntries(
        fields.map(({ field, value }, index) => {
          const name = names[index] ?? "";
          const reason = secretRefusal(name, value);
          if (name === "") return [field, "Enter a name."];
          if (reason) return [field, refusalSentences[reason]];
          return [field, names.indexOf(name) === index ? undefined : "Enter a different name for each value."];
        }),
      );
    },
    submit: async (values) => {
      const names = fields.map(({ field }) => values[field]?.trim() ?? "");
      for (const [index, { value }] of fields.entries()) await set.mutateAsync({ key: names[index] ?? "", value });
      onStored(names);
    },
  });
  const titleId = useId();
  const frame = useRef<HTMLFormElement>(null);
  const isOne = found.length === 1;
  // The first field or button of what is asked now.
  useEffect(() => {
    if (isAsked || isNaming) frame.current?.querySelector<HTMLElement>("input, button")?.focus();
  }, [isAsked, isNaming]);

  useKeyListener(frame, (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    onClose();
  });

  return (
    <form
      ref={frame}
      role="group"
      aria-labelledby={titleId}
      noValidate
      autoComplete="off"
      className="on-sheet mb-1.5 rounded-3 border border-l-3 border-line-0 border-l-warn! bg-bg-1 px-3 py-2.5 text-sm shadow-1"
      onSubmit={(event) => {
        if (isNaming) {
          form.onSubmit(event);
          return;
        }
        event.preventDefault();
        setIsNaming(true);
      }}
    >
      <p className="flex gap-2 leading-[1.45]">
        <KeyRound size={15} className="mt-0.5 flex-none text-warn" aria-hidden="true" />
        <span className="min-w-0 break-words">
          <b id={titleId} className="font-semibold">
            {isOne ? `This looks like ${found[0]?.what ?? "a key"}.` : `This looks like ${found.length} keys or passwords.`}
          </b>{" "}
          {isOne
            ? "As a secret it is encrypted, and the model never sees it. In a message, the model provider gets it."
            : "As secrets they are encrypted, and the model never sees them. In a message, the model provider gets them."}
        </span>
      </p>
      {isNaming ? (
        <div className="grid gap-2 pt-2">
          {fields.map(({ field, value }) => {
            const name = form.values[field]?.trim() ?? "";
            return (
              <Field
                key={field}
                label={isOne ? "Name" : `Name of the value that ends in ${value.slice(-4)}`}
                error={form.errors[field]}
                {...(known.some(({ key }) => key === name) && { hint: `Replaces the value of ${name}.` })}
              >
                <Input
                  {...form.text(field)}
                  className="font-mono text-xs narrow:text-lg"
                  autoCapitalize="characters"
                  spellCheck={false}
                  placeholder="STRIPE_KEY"
                />
              </Field>
            );
          })}
        </div>
      ) : null}
      {form.errors[""] ? (
        <p role="alert" className="pt-2 text-xs text-err">
          {form.errors[""]}
        </p>
      ) : null}
      <div className="flex flex-wrap gap-1.5 pt-2 narrow:[&>button]:h-11 narrow:[&>button]:flex-1">
        {isNaming ? (
          <>
            <Button size="sm" type="submit" isLoading={form.isSubmitting} loadingWord="Saving…">
              {isOne ? "Save secret" : "Save secrets"}
            </Button>
            <Button size="sm" variant="ghost" onClick={onClose}>
              Cancel
            </Button>
          </>
        ) : (
          <>
            <Button size="sm" type="submit">
              {isOne ? "Store as secret…" : "Store as secrets…"}
            </Button>
            <Button size="sm" variant="ghost" onClick={onSend}>
              Send anyway
            </Button>
          </>
        )}
      </div>
    </form>
  );
}
