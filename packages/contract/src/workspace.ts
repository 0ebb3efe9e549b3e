import { Literals, type Static } from "./schema.ts";

/** Where the run of a message works: in the project's files, in a branch, or in the project's files once no other run changes them. `ask` decides nothing: where a choice is needed, the message is refused. */
export const Workspace = Literals("ask", "project", "branch", "wait");
export type Workspace = Static<typeof Workspace>;
