import { Literals, type Static } from "./schema.ts";

/** What the agent may do in a run: everything, everything after approval, or only read and plan. */
export const EditMode = Literals("allow", "ask", "plan");
export type EditMode = Static<typeof EditMode>;
