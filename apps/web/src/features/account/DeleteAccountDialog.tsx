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
  if (hasCode(error, "current_password_wrong")) return { password: "That is not your password." };
  if (hasCode(error, "current_password_required")) return { password: "Enter your password." };
  return { "": sentenceOf(error) };
}

/** The last question: by typed name and password. An account without a password is confirmed by its name alone. */
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
    if (confirm.trim().toLowerCase() !== username) return setErrors({ confirm: `Type ${username} to go on.` });
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
      description="Everything that runs is stopped and you are signed out. After 30 days all of it is gone; until then a link and your password bring it back."
      footer={
        <>
          <Button variant="ghost" onClick={() => change(false)}>
            Cancel
          </Button>
          <Button type="submit" form="delete-account" variant="danger" isLoading={isWorking} loadingWord="Deleting">
            Delete account
          </Button>
        </>
      }
    >
      <form id="delete-account" onSubmit={submit} noValidate className="grid gap-3">
        {errors[""] ? <Banner tone="err">{errors[""]}</Banner> : null}
        <Field label={`Your username, ${username}`} error={errors.confirm}>
          <Input
            name="confirm"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            value={confirm}
            onChange={(event) => setConfirm(event.target.value)}
          />
        </Field>
        <Field label="Password" error={errors.password} hint="Leave it empty if you sign in with Google or GitHub alone.">
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
