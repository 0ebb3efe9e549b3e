import type { Bind } from "../host/process-isolation.ts";

/** A bind mount in the engine's format. */
export const bind = ({ from, to, isWritable }: Bind) => ({
  Type: "bind" as const,
  Source: from,
  Target: to,
  ReadOnly: !isWritable,
});
