import type { Queries } from "../../../platform/database.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";

/** How a container is run: its argv (null: nobody knows yet), the port it is told to listen on, and what it is made with. */
export interface ServiceShape {
  command: string[] | null;
  port: number;
  framework: string | null;
}

/** Where the files of a new project come from, as its task remembers it. Never holds a credential. */
export type SourceInput =
  | { kind: "template"; template_slug: string }
  | { kind: "archive"; file: string }
  | { kind: "git"; url: string; branch: string | null; tag?: string }
  | { kind: "fork"; project_id: string };

export interface FillContext<Input> {
  project: ProjectRow;
  input: Input;
  /** From 1; above it, an earlier attempt was cut short and may have left a tree. */
  attempt: number;
  signal: AbortSignal;
  progress(percent: number, message: string): Promise<void>;
  note(line: string): Promise<void>;
}
export interface Filled {
  /** Rows of the project, written in the transaction that ends the setup. Resolves with its first container, if there is one. */
  settle(tx: Queries): Promise<{ id: string } | undefined>;
  git?: { remote_url: string };
}

/** One way to get the files of a new project (accounts-projects 4.1, effects). */
export interface ProjectSource<Input extends SourceInput = SourceInput> {
  /** Makes the sandbox and fills its tree. Called again from the start when the server died meanwhile. */
  fill(context: FillContext<Input>): Promise<Filled>;
  /** The setup is over for good, well or not: what was kept for it can go. */
  release?(input: Input): Promise<void>;
}
export type ProjectSources = { [K in SourceInput["kind"]]: ProjectSource<Extract<SourceInput, { kind: K }>> };
