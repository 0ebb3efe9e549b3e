import { useEffect, useState } from "react";
import { sentenceOf } from "../../lib/errors.ts";
import { useHandler } from "../../lib/use-handler.ts";

/**
 * A field that saves itself: it follows the server's value until somebody types, and is written when they leave it, or the view.
 * When that is refused the draft stays, with the reason.
 */
export function useFieldDraft(value: string, save: (next: string) => Promise<unknown>) {
  const [draft, setDraft] = useState<string>();
  const [failure, setFailure] = useState<string>();
  const commit = useHandler(async (): Promise<boolean> => {
    if (draft === undefined) return true;
    if (draft === value) {
      setDraft(undefined);
      setFailure(undefined);
      return true;
    }
    try {
      await save(draft);
      // What was typed while it was on its way stays a draft.
      setDraft((last) => (last === draft ? undefined : last));
      setFailure(undefined);
      return true;
    } catch (error) {
      setFailure(sentenceOf(error));
      return false;
    }
  });
  useEffect(() => () => void commit(), [commit]);
  return {
    shown: draft ?? value,
    isDraft: draft !== undefined,
    failure,
    change: setDraft,
    commit,
    drop: () => {
      setDraft(undefined);
      setFailure(undefined);
    },
  };
}
