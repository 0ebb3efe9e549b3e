import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent, type ReactNode } from "react";
import type { Proof } from "@tesslate/contract";
import { fieldErrorsOf, hasCode, sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { CodeInput } from "../../ui/CodeInput.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";
import { securityQuery } from "../auth/index.ts";

const codeLength = 6;

/** Confirms a change of the sign-in methods with the password or a code of the authenticator app. */
export function ProofDialog({
  title,
  act,
  actWord,
  isDanger = false,
  faultOf = () => undefined,
  onProve,
  onClose,
  children,
}: {
  title: string;
  act: string;
  actWord: string;
  isDanger?: boolean;
  /** The sentence for an error that only this change can have. */
  faultOf?: (error: unknown) => string | undefined;
  /** If it rejects, the dialog stays open and shows the error. */
  onProve: (proof: Proof) => Promise<unknown>;
  onClose: () => void;
  children?: ReactNode;
}) {
  const { data: security } = useQuery(securityQuery);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [wantsCode, setWantsCode] = useState(false);
  const [errors, setErrors] = useState<{ proof?: string; "": string | undefined }>({ "": undefined });
  const [isWorking, setIsWorking] = useState(false);
  const hasPassword = security?.has_password !== false;
  const hasApp = Boolean(security?.totp);
  const asksCode = hasApp && (wantsCode || !hasPassword);
  const asksPassword = hasPassword && !asksCode;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (asksPassword && !password) return setErrors({ proof: "Enter your current password.", "": undefined });
    if (asksCode && code.length !== codeLength) return setErrors({ proof: "Enter the 6-digit code.", "": undefined });
    setIsWorking(true);
    setErrors({ "": undefined });
    try {
      await onProve(asksCode ? { code } : asksPassword ? { current_password: password } : {});
      onClose();
    } catch (error) {
      setCode("");
      if (hasCode(error, "current_password_wrong")) setErrors({ proof: "Incorrect password.", "": undefined });
      else if (hasCode(error, "code_invalid")) setErrors({ proof: sentenceOf(error), "": undefined });
      else {
        const found = Object.values(fieldErrorsOf(error, []))[0];
        setErrors({ "": found ?? faultOf(error) ?? sentenceOf(error) });
      }
    } finally {
      setIsWorking(false);
    }
  };
  return (
    <Dialog isOpen isHeld={password !== "" || code !== ""} onOpenChange={(isOpen) => !isOpen && !isWorking && onClose()} title={title}>
      <form onSubmit={(event) => void submit(event)} noValidate className="grid gap-3">
        {errors[""] ? <Banner tone="err">{errors[""]}</Banner> : null}
        {children}
        {asksCode ? (
          <Field label="Code from your authenticator app" error={errors.proof}>
            <CodeInput value={code} onChange={setCode} />
          </Field>
        ) : null}
        {asksPassword ? (
          <Field label="Current password" error={errors.proof}>
            <PasswordInput
              name="current_password"
              autoComplete="current-password"
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          </Field>
        ) : null}
        <div className="flex flex-wrap items-center justify-end gap-2 pt-1">
          {hasPassword && hasApp ? (
            <Button type="button" variant="ghost" className="mr-auto" onClick={() => setWantsCode(!asksCode)}>
              {asksCode ? "Use password" : "Use authenticator code"}
            </Button>
          ) : null}
          <Button type="button" variant="ghost" onClick={onClose} disabled={isWorking}>
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
