import { AlertDialog as Radix } from "radix-ui";
import { useId, useState, type ReactNode } from "react";
import { cx } from "../lib/cx.ts";
import { Button } from "./Button.tsx";
import { dialogBox, scrim } from "./Dialog.tsx";
import { useSubmission } from "./form/use-submission.ts";
import { Kbd } from "./Kbd.tsx";
import { useFocusReturn } from "./use-focus-return.ts";

export interface ConfirmDialogProps {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  title: ReactNode;
  /** What is lost and what is kept. */
  children: ReactNode;
  confirmLabel: string;
  /** Default "Cancel"; another one where the question is whether to cancel something. */
  dismissLabel?: string;
  loadingWord?: string;
  isDanger?: boolean;
  /** Only for what can't be undone: the button is disabled until exactly this text is typed. */
  typedConfirmation?: string;
  /** May reject; the dialog then stays and shows the reason. */
  onConfirm: () => Promise<void> | void;
}

export function ConfirmDialog({
  isOpen,
  onOpenChange,
  title,
  children,
  confirmLabel,
  dismissLabel = "Cancel",
  loadingWord,
  isDanger = false,
  typedConfirmation,
  onConfirm,
}: ConfirmDialogProps) {
  const inputId = useId();
  const focusReturn = useFocusReturn();
  const [typed, setTyped] = useState("");
  const { errors, isSubmitting, onSubmit, show } = useSubmission([], {
    submit: async () => {
      if (!isReady) return;
      await onConfirm();
      setTyped("");
      onOpenChange(false);
    },
  });
  const failure = errors[""];
  const isReady = typedConfirmation === undefined || typed.trim() === typedConfirmation;
  const change = (next: boolean) => {
    if (isSubmitting) return;
    setTyped("");
    show({});
    onOpenChange(next);
  };
  return (
    <Radix.Root open={isOpen} onOpenChange={change}>
      <Radix.Portal>
        <Radix.Overlay className={scrim} />
        <Radix.Content {...focusReturn} className={cx(dialogBox, "w-120")}>
          <form onSubmit={onSubmit} className="contents">
            <Radix.Title className="px-5 pt-4.5 text-lg leading-tight">{title}</Radix.Title>
            <div className="scroll-y min-h-0 flex-1 px-5 pt-2 pb-4">
              <Radix.Description asChild>
                <div className="leading-read">{children}</div>
              </Radix.Description>
              {typedConfirmation === undefined ? null : (
                <div className="pt-3">
                  <label htmlFor={inputId}>
                    Type <b className="select-all">{typedConfirmation}</b> to confirm
                  </label>
                  <input
                    id={inputId}
                    value={typed}
                    autoComplete="off"
                    onChange={(event) => setTyped(event.target.value)}
                    className="mt-1.5 h-8 w-full rounded-2 border border-line-1 bg-bg-1 px-2.5 text-fg-0 focus-visible:-outline-offset-1 narrow:h-11 narrow:text-lg"
                  />
                </div>
              )}
              {failure ? (
                <p role="alert" className="pt-3 text-err">
                  {failure}
                </p>
              ) : null}
            </div>
            <div className="flex flex-wrap justify-end gap-2 border-t border-line-0 px-5 py-3">
              <Radix.Cancel asChild>
                <Button variant="ghost" keys={<Kbd>Esc</Kbd>}>
                  {dismissLabel}
                </Button>
              </Radix.Cancel>
              <Button
                type="submit"
                variant={isDanger ? "danger" : "primary"}
                disabled={!isReady}
                isLoading={isSubmitting}
                loadingWord={loadingWord ?? confirmLabel}
              >
                {confirmLabel}
              </Button>
            </div>
          </form>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
