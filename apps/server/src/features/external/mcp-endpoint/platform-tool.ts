import type { Static, TObject } from "typebox";
import type { ApiKeyScope } from "@tesslate/contract";
import type { Principal } from "../../../http/context.ts";

/** Who calls a tool, and for how long they wait. */
export interface ToolCaller {
  user: Principal;
  signal: AbortSignal;
}

/** Something the platform does for an MCP client: a thin name over a service's verb. Refusals are the service's own. */
export interface PlatformTool<P extends TObject = TObject> {
  name: string;
  title: string;
  /** For the model on the other side. */
  description: string;
  scope: ApiKeyScope;
  /** Changes nothing. */
  isReadOnly: boolean;
  /** May take away what was there. */
  isDestructive?: boolean;
  parameters: P;
  /** An object of JSON. Throws `AppError`. */
  run(caller: ToolCaller, parameters: Static<P>): Promise<object>;
}

/** Checks a tool where it is written, and forgets its parameters' type where it is listed. */
export const platformTool = <P extends TObject>(tool: PlatformTool<P>): PlatformTool => tool as unknown as PlatformTool;
