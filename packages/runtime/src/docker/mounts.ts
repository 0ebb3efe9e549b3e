import type { Bind } from "../host/process-isolation.ts";

/** A folder or file of the engine's machine, as the engine wants it said. */
export const bind = ({ from, to, isWritable }: Bind) => ({
  Type: "bind" as const,
  Source: from,
  Target: to,
  ReadOnly: !isWritable,
});
