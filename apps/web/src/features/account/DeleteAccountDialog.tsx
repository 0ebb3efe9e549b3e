import { api } from "../../api.ts";
import { hasCode } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import type { Faults } from "../../ui/form/faults.ts";
import { useForm } from "../../ui/form/use-form.ts";
import { Input } from "../../ui/Input.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";

function faultsOf(error: unknown): Faults<"password"> | undefined {
  if (hasCode(error, "current_password_wrong")) return { password: "Incorrect password." };
  if (hasCode(error, "current_password_required")) return { password: "Enter your password." };
  return undefined;
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
  const form = useForm({
    start: { confirm: "", password: "" },
    check: ({ confirm }) => ({ ...(confirm.trim().toLowerCase() !== username && { confirm: "The username doesn't match." }) }),
    submit: async ({ confirm, password }) => {
      const { undo_token } = await api.account.remove({ body: { ...(password && { password }), confirm: confirm.trim() } });
      await onDeleted(undo_token);
    },
    faultsOf,
    isGuarded: false,
  });
  const { errors } = form;
  const change = (next: boolean) => {
    if (form.isSubmitting) return;
    form.reset();
    onOpenChange(next);
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
          <Button type="submit" form="delete-account-form" variant="danger" isLoading={form.isSubmitting} loadingWord="Deleting…">
            Delete account
          </Button>
        </>
      }
    >
      <form id="delete-account-form" onSubmit={form.onSubmit} noValidate className="grid gap-3">
        {errors[""] ? <Banner tone="err">{errors[""]}</Banner> : null}
        <Field label={`Type ${username} to confirm`} error={errors.confirm}>
          <Input {...form.text("confirm")} autoComplete="off" autoCapitalize="none" spellCheck={false} />
        </Field>
        <Field label="Password" error={errors.password} hint="Leave empty if your account has no password.">
          <PasswordInput {...form.text("password")} autoComplete="current-password" />
        </Field>
      </form>
    </Dialog>
  );
}
