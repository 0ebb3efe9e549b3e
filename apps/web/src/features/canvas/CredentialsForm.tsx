import { ArrowLeft } from "lucide-react";
import type { Service } from "@tesslate/contract";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import { Input } from "../../ui/Input.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";

export interface Credentials {
  credentials: Record<string, string>;
  external_endpoint?: string;
}

/** Credentials of an external service. They are sent to the server and never returned. */
export function CredentialsForm({
  service,
  submitLabel,
  onSave,
  onBack,
}: {
  service: Service;
  submitLabel: string;
  /** Resolves with the reason if it failed. */
  onSave: (values: Credentials) => Promise<string | undefined>;
  onBack: () => void;
}) {
  const fields = service.credential_fields;
  const form = useForm<Record<string, string>>({
    start: Object.fromEntries(fields.map(({ key }) => [key, ""])),
    check: (values) =>
      Object.fromEntries(
        fields
          .filter(({ key, is_required }) => is_required && values[key]?.trim() === "")
          .map(({ key }) => [key, "This field is required."]),
      ),
    submit: async (values) => {
      const filled = fields.map((field) => ({ ...field, text: values[field.key]?.trim() ?? "" })).filter(({ text }) => text !== "");
      const endpoint = filled.find((field) => field.is_endpoint);
      const reason = await onSave({
        credentials: Object.fromEntries(filled.filter((field) => field !== endpoint).map(({ key, text }) => [key, text])),
        // The endpoint is no secret: the node may show it.
        ...(endpoint && { external_endpoint: endpoint.text }),
      });
      if (reason !== undefined) throw new Error(reason);
    },
  });
  const failure = form.errors[""];
  return (
    <form onSubmit={form.onSubmit} noValidate aria-label={`Credentials of ${service.name}`} className="grid gap-3 p-3">
      <div className="flex items-center gap-1.5">
        <IconButton size="sm" label="Back" tooltipSide="none" onClick={onBack}>
          <ArrowLeft size={14} />
        </IconButton>
        <h3 className="text-sm">{service.name}</h3>
      </div>
      <p className="text-xs text-fg-2">{service.description} Credentials are encrypted on this server and never shown again.</p>
      {fields.map((field, index) => {
        const control = {
          ...form.text(field.key),
          autoFocus: index === 0,
          autoComplete: "off",
          spellCheck: false,
          required: field.is_required,
          className: "font-mono",
        };
        return (
          <Field
            key={field.key}
            label={field.label}
            aside={field.is_required ? undefined : <span className="text-xs text-fg-2">Optional</span>}
            hint={<span className="font-mono text-2xs">{field.key}</span>}
            error={form.errors[field.key]}
          >
            {field.is_secret ? (
              <PasswordInput noun={field.label} {...control} />
            ) : (
              <Input {...(field.is_endpoint && { inputMode: "url" as const, placeholder: "https://" })} {...control} />
            )}
          </Field>
        );
      })}
      {failure ? (
        <p role="alert" className="text-xs text-err">
          {failure}
        </p>
      ) : null}
      <div className="flex gap-1.5">
        <Button type="submit" isLoading={form.isSubmitting} loadingWord="Saving…">
          {submitLabel}
        </Button>
        <Button variant="ghost" onClick={onBack}>
          Back
        </Button>
      </div>
    </form>
  );
}
