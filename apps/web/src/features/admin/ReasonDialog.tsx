import { useState, type FormEvent, type ReactNode } from "react";
import { fieldErrorsOf, sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Checkbox } from "../../ui/Checkbox.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Textarea } from "../../ui/Textarea.tsx";

export interface ReasonDialogProps {
  /** A question. */
  title: string;
  /** What happens, and what cannot be undone. */
  children: ReactNode;
  act: string;
  actWord: string;
  isDanger?: boolean;
  maxLength?: number;
  /** Further fields, above the reason. */
  fields?: ReactNode;
  /** Validation error of those fields. */
  problem?: string | undefined;
  /** Those fields contain input, so Esc and clicks outside do not close the dialog. */
  isTyped?: boolean;
  /** Offers to email the reason to the person. */
  canNotify?: boolean;
  /** If it rejects, the dialog stays open and shows the error. */
  onConfirm: (reason: string, notify: boolean) => Promise<void>;
  onClose: () => void;
}

/** Confirms an administrator action. Requires a reason for the audit log. */
export function ReasonDialog({
  title,
  children,
  act,
  actWord,
  isDanger = false,
  maxLength = 1000,
  fields,
  problem,
  isTyped = false,
  canNotify = false,
  onConfirm,
  onClose,
}: ReasonDialogProps) {
  const [reason, setReason] = useState("");
  const [notify, setNotify] = useState(false);
  const [isAsked, setIsAsked] = useState(false);
  const [isWorking, setIsWorking] = useState(false);
  const [failure, setFailure] = useState<unknown>();
  const missing = reason.trim() === "" ? "A reason is required for the audit log." : undefined;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsAsked(true);
    if (missing || problem || isWorking) return;
    setIsWorking(true);
    setFailure(undefined);
    try {
      await onConfirm(reason.trim(), notify);
      onClose();
    } catch (error) {
      setFailure(error);
      setIsWorking(false);
    }
  };
  const refused = failure === undefined ? undefined : fieldErrorsOf(failure, ["reason"])["reason"];
  return (
    <Dialog isOpen isHeld={isTyped || reason !== ""} onOpenChange={(isOpen) => !isOpen && !isWorking && onClose()} title={title}>
      <form onSubmit={(event) => void submit(event)} noValidate className="grid gap-4">
        <div className="leading-read">{children}</div>
        {failure !== undefined && !refused ? <Banner tone="err">{sentenceOf(failure)}</Banner> : null}
        {fields}
        {isAsked && problem ? (
          <p role="alert" className="text-xs text-err">
            {problem}
          </p>
        ) : null}
        <Field label="Reason" hint="Saved in the audit log." error={isAsked ? (missing ?? refused) : refused}>
          <Textarea name="reason" value={reason} maxLength={maxLength} onChange={(event) => setReason(event.target.value)} />
        </Field>
        {canNotify ? <Checkbox isChecked={notify} onChange={setNotify} label="Email the user this reason" /> : null}
        <div className="flex justify-end gap-2">
          <Button variant="ghost" onClick={onClose} disabled={isWorking}>
            Cancel
          </Button>
          <Button type="submit" variant={isDanger ? "danger" : "primary"} isLoading={isWorking} loadingWord={actWord}>
            {act}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
