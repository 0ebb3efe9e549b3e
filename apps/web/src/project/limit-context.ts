import type { ApiError } from "@tesslate/client/core";
import { createContext, use } from "react";
import { hasCode } from "../lib/errors.ts";
import { useHandler } from "../lib/use-handler.ts";
import { toastError } from "../ui/toast.tsx";

/** A limit of the plan that stopped an action. */
export interface ReachedLimit {
  error: ApiError;
  /** The action, for when there is room again: "Start Bakery". */
  again?: { label: string; run: () => void };
}

/** Shows a limit with its ways out. The frame provides it. */
export const LimitContext = createContext<((reached: ReachedLimit) => void) | undefined>(undefined);

/** Shows why an action failed: a limit of the plan in a dialog with the ways out, anything else in a toast. */
export function useReportFailure() {
  const showLimit = use(LimitContext);
  return useHandler((error: unknown, { before, again }: { before?: string } & Pick<ReachedLimit, "again"> = {}): void => {
    if (showLimit && hasCode(error, "running_limit_reached", "deploy_limit_reached", "project_limit_reached"))
      showLimit({ error: error as ApiError, ...(again && { again }) });
    else toastError(error, before === undefined ? {} : { before });
  });
}
