import { useState } from "react";
import type { ReachedLimit } from "../../project/limit-context.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { LimitNotice } from "./LimitNotice.tsx";

const titles: Record<string, string> = {
  running_limit_reached: "Too many running projects",
  deploy_limit_reached: "No always-on project left",
  project_limit_reached: "Project limit reached",
};

/** A limit that stopped an action: how much of it is used, what makes room, and the action once more. */
export function LimitDialog({ error, again, onClose }: ReachedLimit & { onClose: () => void }) {
  const [isFreed, setIsFreed] = useState(false);
  const repeat = () => {
    onClose();
    again?.run();
  };
  return (
    <Dialog
      isOpen
      onOpenChange={onClose}
      title={titles[error.code] ?? "Limit reached"}
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Close
          </Button>
          {again && isFreed ? (
            <Button variant="primary" onClick={repeat}>
              {again.label}
            </Button>
          ) : null}
        </>
      }
    >
      <LimitNotice error={error} onFreed={() => setIsFreed(true)} />
    </Dialog>
  );
}
