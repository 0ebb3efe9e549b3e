import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import type { Proof } from "@tesslate/contract";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { CodeInput } from "../../ui/CodeInput.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { PasswordInput } from "../../ui/PasswordInput.tsx";
import { securityQuery } from "../auth/index.ts";

const codeLength = 6;

/** Confirms a change of the sign-in methods with the password or a code of the authenticator app. */
export function ProofDialog({
  title,
  confirmLabel,
  loadingWord,
  isDanger = false,
  faultOf = () => undefined,
  onProve,
  onClose,
  children,
}: {
  title: string;
  confirmLabel: string;
  loadingWord: string;
  isDanger?: boolean;
  /** The sentence for an error that only this change can have. */
  faultOf?: (error: unknown) => string | undefined;
  /** If it rejects, the dialog stays open and shows the error. */
  onProve: (proof: Proof) => Promise<unknown>;
  onClose: () => void;
  children?: ReactNode;
}) {
  const { data: security } = useQuery(securityQuery);
  const [wantsCode, setWantsCode] = useState(false);
  const hasPassword = security?.has_password !== false;
  const hasApp = Boolean(security?.totp);
  const asksCode = hasApp && (wantsCode || !hasPassword);
  const asksPassword = hasPassword && !asksCode;

  const form = useForm({
    start: { current_password: "", code: "" },
    check: ({ current_password, code }) => ({
      ...(asksPassword && !current_password && { current_password: "Enter your current password." }),
      ...(asksCode && code.length !== codeLength && { code: "Enter the 6-digit code." }),
    }),
    submit: async ({ current_password, code }) => {
      try {
        await onProve(asksCode ? { code } : asksPassword ? { current_password } : {});
      } catch (error) {
        form.set("code", "");
        throw error;
      }
      onClose();
    },
    faultsOf: (error) => {
      if (hasCode(error, "current_password_wrong")) return { current_password: "Incorrect password." };
      if (hasCode(error, "code_invalid")) return { code: sentenceOf(error) };
      const sentence = faultOf(error);
      return sentence === undefined ? undefined : { "": sentence };
    },
  });
  return (
    <Dialog isOpen isHeld={form.isDirty} onOpenChange={(isOpen) => !isOpen && !form.isSubmitting && onClose()} title={title}>
      <form onSubmit={form.onSubmit} noValidate className="grid gap-3">
        {form.errors[""] ? <Banner tone="err">{form.errors[""]}</Banner> : null}
        {children}
        {asksCode ? (
          <Field label="Code from your authenticator app" error={form.errors.code}>
            <CodeInput {...form.choice("code")} />
          </Field>
        ) : null}
        {asksPassword ? (
          <Field label="Current password" error={form.errors.current_password}>
            <PasswordInput {...form.text("current_password")} autoComplete="current-password" />
          </Field>
        ) : null}
        <div className="flex flex-wrap items-center justify-end gap-2 pt-1">
          {hasPassword && hasApp ? (
            <Button type="button" variant="ghost" className="mr-auto" onClick={() => setWantsCode(!asksCode)}>
              {asksCode ? "Use password" : "Use authenticator code"}
            </Button>
          ) : null}
          <Button type="button" variant="ghost" onClick={onClose} disabled={form.isSubmitting}>
            Cancel
          </Button>
          <Button type="submit" variant={isDanger ? "danger" : "primary"} isLoading={form.isSubmitting} loadingWord={loadingWord}>
            {confirmLabel}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
