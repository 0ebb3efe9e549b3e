import { described, Literals, Type, type Static } from "./schema.ts";

/**
 * The `details` of errors about a limit: `insufficient_credits`, `storage_full` of a project, `queue_full`, and codes that end in `_limit_reached`.
 */
export const LimitDetails = described(
  "A limit and how much of it is used.",
  Type.Object({
    used: Type.Number(),
    limit: Type.Number(),
    unit: Literals("count", "credits", "cents", "bytes"),
  }),
);
export type LimitDetails = Static<typeof LimitDetails>;
