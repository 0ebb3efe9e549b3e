import { ApiError } from "@tesslate/client/core";
import { Square } from "lucide-react";
import { useState } from "react";
import { useServices } from "../../../project/services.ts";
import { IconButton } from "../../../ui/IconButton.tsx";
import { toastError } from "../../../ui/toast.tsx";
import type { CommandView } from "../chat.types.ts";

/** Stops one command; the run continues. Its end arrives as an event. */
export function StopCommandButton({ command: { id, taskId, command } }: { command: CommandView }) {
  const { api } = useServices();
  const [isStopping, setIsStopping] = useState(false);
  const stop = async () => {
    setIsStopping(true);
    try {
      await api.chat.stopCommand({ body: { task_id: taskId, command_id: id } });
    } catch (error) {
      setIsStopping(false);
      // It has already ended.
      if (error instanceof ApiError && error.code === "not_found") return;
      toastError(error, { before: "Couldn't stop the command." });
    }
  };
  return (
    <IconButton
      size="sm"
      tooltipSide="top"
      label={isStopping ? `Stopping ${command}…` : `Stop ${command}`}
      disabled={isStopping}
      onClick={() => void stop()}
    >
      <Square size={12} />
    </IconButton>
  );
}
