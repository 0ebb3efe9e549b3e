import type { Queries } from "../../../platform/database.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";

/** How a container runs: its argv (null: not detected yet), the port it must listen on, and its framework. */
export interface ServiceShape {
  command: string[] | null;
  port: number;
  framework: string | null;
}

/** Where the files of a new project come from, stored in its task. Never contains a credential. */
export type SourceInput =
  | { kind: "template"; template_slug: string }
  | { kind: "archive"; file: string }
  | { kind: "git"; url: string; branch: string | null; tag?: string }
  | { kind: "fork"; project_id: string }
  | { kind: "branch"; project_id: string };

export interface FillContext<Input> {
  project: ProjectRow;
  input: Input;
  /** From 1. Above 1, an earlier attempt was interrupted and may have left a tree. */
  attempt: number;
  signal: AbortSignal;
  progress(percent: number, message: string): Promise<void>;
  note(line: string): Promise<void>;
}
export interface Filled {
  /** Writes rows in the transaction that ends the setup. Resolves with the first container, if any. */
  finish(tx: Queries): Promise<{ id: string } | undefined>;
  /** Called after that transaction. */
  committed?(): Promise<void>;
  git?: { remote_url: string };
}

/** One way to create the files of a new project. */
export interface ProjectSource<Input extends SourceInput = SourceInput> {
  /** Creates the sandbox and its files. Called again from the start when the server crashed during setup. */
  fill(context: FillContext<Input>): Promise<Filled>;
  /** Cleans up when the setup has ended for good, successfully or not. */
  release?(input: Input): Promise<void>;
}
export type ProjectSources = { [K in SourceInput["kind"]]: ProjectSource<Extract<SourceInput, { kind: K }>> };
