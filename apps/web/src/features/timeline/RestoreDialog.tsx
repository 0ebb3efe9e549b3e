import { useState } from "react";
import { sentenceOf } from "../../lib/errors.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { momentOf } from "../../lib/time.ts";
import type { Entry } from "./timeline.ts";

/** Says what comes back and what stays, and asks whether the state of now is to be kept. */
export function RestoreDialog({
  entry,
  onClose,
  onRestore,
}: {
  entry: Entry | undefined;
  onClose: () => void;
  onRestore: (entry: Entry, options: { keepsNow: boolean }) => Promise<void>;
}) {
  const [keepsNow, setKeepsNow] = useState(true);
  const [isWorking, setIsWorking] = useState(false);
  const [failure, setFailure] = useState<string>();
  const close = () => {
    setFailure(undefined);
    setKeepsNow(true);
    onClose();
  };
  const restore = async () => {
    if (!entry) return;
    setIsWorking(true);
    setFailure(undefined);
    try {
      await onRestore(entry, { keepsNow });
      close();
    } catch (error) {
      setFailure(sentenceOf(error));
    } finally {
      setIsWorking(false);
    }
  };
  const databases = entry?.snapshot?.databases ?? [];
  return (
    <Dialog
      isOpen={entry !== undefined}
      onOpenChange={(isOpen) => !isOpen && close()}
      title={`Go back to ${entry?.title ?? ""}?`}
      description={entry ? momentOf(entry.at) : undefined}
      footer={
        <>
          <Button variant="ghost" onClick={close}>
            Cancel
          </Button>
          <Button variant="primary" isLoading={isWorking} loadingWord="Asking" onClick={() => void restore()}>
            Go back
          </Button>
        </>
      }
    >
      <div className="grid gap-4 leading-read">
        <ul className="grid list-disc gap-1 pl-4">
          <li>
            Files{databases.length > 0 ? ` and the rows of ${databases.join(", ")}` : ""} become what they were. What came later is taken
            away.
          </li>
          <li>What runs is stopped, and started again afterwards.</li>
          <li>Conversations, board, notes and secrets stay as they are.</li>
        </ul>
        <Switch
          isOn={keepsNow}
          onChange={setKeepsNow}
          label="Keep the state of now"
          hint={keepsNow ? "Saved as “Before restore”, so that you can come back." : "What was made since cannot be brought back."}
        />
        {failure ? (
          <p role="alert" className="text-err">
            {failure}
          </p>
        ) : null}
      </div>
    </Dialog>
  );
}
