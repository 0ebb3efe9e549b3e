import { useRef, useState, type SyntheticEvent } from "react";
import { withHelp } from "../HelpLink.tsx";
import { codeOfRequest, faultsOfRequest, hasFaults, type FaultOptions, type Faults, type ShownFaults } from "./faults.ts";
import { useLeaveGuard } from "./leave-guard.ts";

export interface SubmissionOptions<Name extends string> extends FaultOptions<Name> {
  /** Sentences for the values as they are now. Shown after the first attempt to send the form, which is not sent while there are any. */
  check?: Faults<Name>;
  /** Sends the values. If it rejects, the form shows why. */
  submit: () => Promise<unknown>;
  /** There are changes that leaving the page would lose: the browser asks before. */
  isDirty?: boolean;
  /** What is shown at first. */
  start?: Faults<Name>;
}

export interface Submission<Name extends string> {
  errors: ShownFaults<Name>;
  isSubmitting: boolean;
  /** For `<form onSubmit>`; called without an event, it sends the form as well. */
  onSubmit: (event?: SyntheticEvent) => void;
  show: (errors: Faults<Name>) => void;
}

/**
 * Errors and busy state, as `useForm` has them, of a form whose values live elsewhere: in what the first pages load, which has no room for the form
 * library (docs/decisions/0017-forms.md), in drafts of the browser's storage, in a theme that the page previews while it is edited.
 */
export function useSubmission<Name extends string>(
  names: readonly Name[],
  { check = {}, submit, isDirty = false, start = {}, ...options }: SubmissionOptions<Name>,
): Submission<Name> {
  const [refused, setRefused] = useState<ShownFaults<Name>>(start);
  const [isTried, setIsTried] = useState(false);
  const [isSubmitting, setIsSubmitting] = useState(false);
  const isSent = useRef(false);
  useLeaveGuard(isDirty && !isSubmitting);
  const send = async () => {
    isSent.current = true;
    setIsSubmitting(true);
    try {
      await submit();
      setIsTried(false);
    } catch (error) {
      const code = codeOfRequest(error);
      const faults = Object.entries(faultsOfRequest(error, names, options)).filter(([, sentence]) => sentence);
      setRefused(Object.fromEntries(faults.map(([name, sentence]) => [name, withHelp(code, sentence)])) as ShownFaults<Name>);
    } finally {
      isSent.current = false;
      setIsSubmitting(false);
    }
  };
  return {
    errors: isTried ? { ...refused, ...check } : refused,
    isSubmitting,
    show: setRefused,
    onSubmit: (event) => {
      event?.preventDefault();
      if (isSent.current) return;
      setRefused({});
      setIsTried(true);
      if (!hasFaults(check)) void send();
    },
  };
}
