import { useState, type FormEvent } from "react";
import { api } from "../../api.ts";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";

type Errors = Partial<Record<"password" | "confirm" | "", string>>;

function errorsOf(error: unknown): Errors {
  if (hasCode(error, "current_password_wrong")) return { password: "Incorrect password." };
  if (hasCode(error, "current_password_required")) return { password: "Enter your password." };
  return { "": sentenceOf(error) };
}

/** Confirms the deletion with the typed username and the password. Accounts without a password need the username only. */
export function DeleteAccountDialog({
  isOpen,
  onOpenChange,
  username,
  onDeleted,
}: {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  username: string;
  onDeleted: (undoToken: string) => Promise<void>;
}) {
  const [confirm, setConfirm] = useState("");
  const [password, setPassword] = useState("");
  const [errors, setErrors] = useState<Errors>({});
  const [isWorking, setIsWorking] = useState(false);
  const change = (next: boolean) => {
    if (isWorking) return;
    setConfirm("");
    setPassword("");
    setErrors({});
    onOpenChange(next);
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (isWorking) return;
    if (confirm.trim().toLowerCase() !== username) return setErrors({ confirm: "The username doesn't match." });
    setIsWorking(true);
    setErrors({});
    try {
      const { undo_token } = await api.account.remove({ body: { ...(password && { password }), confirm: confirm.trim() } });
      await onDeleted(undo_token);
    } catch (error) {
      setErrors(errorsOf(error));
    } finally {
      setIsWorking(false);
    }
  };
  return (
    <Dialog
      isOpen={isOpen}
      onOpenChange={change}
      title="Delete your account?"
      description="This signs you out and stops your apps and runs. For 30 days you can restore your account with the emailed link or your password. After that, all its data is permanently deleted."
      footer={
        <>
          <Button variant="ghost" onClick={() => change(false)}>
            Cancel
          </Button>
          <Button type="submit" form="delete-account" variant="danger" isLoading={isWorking} loadingWord="Deleting…">
            Delete account
          </Button>
        </>
      }
    >
      <form id="delete-account" onSubmit={submit} noValidate className="grid gap-3">
        {errors[""] ? <Banner tone="err">{errors[""]}</Banner> : null}
        <Field label={`Type ${username} to confirm`} error={errors.confirm}>
          <Input
            name="confirm"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            value={confirm}
            onChange={(event) => setConfirm(event.target.value)}
          />
        </Field>
        <Field label="Password" error={errors.password} hint="Leave empty if your account has no password.">
          <PasswordInput
            name="password"
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </Field>
      </form>
    </Dialog>
  );
}
