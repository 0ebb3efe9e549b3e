import type { ReactNode } from "react";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Checkbox } from "../../ui/Checkbox.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { Input } from "../../ui/Input.tsx";
import { Textarea } from "../../ui/Textarea.tsx";

export interface ReasonDialogProps {
  /** A question. */
  title: string;
  /** What happens, and what cannot be undone. */
  children: ReactNode;
  confirmLabel: string;
  loadingWord: string;
  isDanger?: boolean;
  maxLength?: number;
  /** Further fields, above the reason. */
  fields?: ReactNode;
  /** Validation error of those fields. */
  problem?: string | undefined;
  /** Those fields contain input, so Esc and clicks outside do not close the dialog. */
  isTyped?: boolean;
  /** For what deletes many things: sent only after exactly this was typed. */
  typedConfirmation?: string;
  /** Offers to email the reason to the person. */
  canNotify?: boolean;
  /** If it rejects, the dialog stays open and shows the error. */
  onConfirm: (reason: string, notify: boolean) => Promise<void>;
  onClose: () => void;
}

interface Confirmation {
  typed: string;
  reason: string;
  notify: boolean;
  /** Stands for the further fields, which the caller validates. */
  fields?: undefined;
}

/** Confirms an administrator action. Requires a reason for the audit log. */
export function ReasonDialog({
  title,
  children,
  confirmLabel,
  loadingWord,
  isDanger = false,
  maxLength = 1000,
  fields,
  problem,
  isTyped = false,
  typedConfirmation,
  canNotify = false,
  onConfirm,
  onClose,
}: ReasonDialogProps) {
  const form = useForm<Confirmation>({
    start: { reason: "", notify: false, typed: "" },
    check: ({ reason, typed }) => ({
      ...(typedConfirmation !== undefined && typed.trim() !== typedConfirmation && { typed: `Type ${typedConfirmation} to confirm.` }),
      ...(reason.trim() === "" && { reason: "A reason is required for the audit log." }),
      ...(problem && { fields: problem }),
    }),
    submit: async ({ reason, notify }) => {
      await onConfirm(reason.trim(), notify);
      onClose();
    },
  });
  const { errors, isSubmitting } = form;
  return (
    <Dialog isOpen isHeld={isTyped || form.isDirty} onOpenChange={(isOpen) => !isOpen && !isSubmitting && onClose()} title={title}>
      <form onSubmit={form.onSubmit} noValidate className="grid gap-4">
        <div className="leading-read">{children}</div>
        {errors[""] ? <Banner tone="err">{errors[""]}</Banner> : null}
        {fields}
        {errors.fields && problem ? (
          <p role="alert" className="text-xs text-err">
            {problem}
          </p>
        ) : null}
        <Field label="Reason" hint="Saved in the audit log." error={errors.reason}>
          <Textarea {...form.text("reason")} maxLength={maxLength} />
        </Field>
        {typedConfirmation === undefined ? null : (
          <Field
            label={
              <>
                Type <b className="select-all">{typedConfirmation}</b> to confirm
              </>
            }
            error={errors.typed}
          >
            <Input {...form.text("typed")} autoComplete="off" />
          </Field>
        )}
        {canNotify ? (
          <Checkbox isChecked={form.values.notify} onChange={(isOn) => form.set("notify", isOn)} label="Email the user this reason" />
        ) : null}
        <div className="flex justify-end gap-2">
          <Button variant="ghost" onClick={onClose} disabled={isSubmitting}>
            Cancel
          </Button>
          <Button type="submit" variant={isDanger ? "danger" : "primary"} isLoading={isSubmitting} loadingWord={loadingWord}>
            {confirmLabel}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
