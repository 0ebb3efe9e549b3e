import type { Static, TObject } from "typebox";
import type { ApiKeyScope } from "@tesslate/contract";
import type { Principal } from "../../../http/context.ts";

/** The caller of a tool. */
export interface ToolCaller {
  user: Principal;
  signal: AbortSignal;
}

/** A tool of the MCP endpoint: a thin wrapper around a service method. */
export interface PlatformTool<P extends TObject = TObject> {
  name: string;
  title: string;
  /** For the calling model. */
  description: string;
  scope: ApiKeyScope;
  /** The tool makes no changes. */
  isReadOnly: boolean;
  /** The tool may delete or replace something. */
  isDestructive?: boolean;
  parameters: P;
  /** Returns a JSON object. Throws `AppError`. */
  run(caller: ToolCaller, parameters: Static<P>): Promise<object>;
}

/** Type-checks a tool at its definition and erases its parameter type for lists of tools. */
export const platformTool = <P extends TObject>(tool: PlatformTool<P>): PlatformTool => tool as unknown as PlatformTool;
