import { literal, nonEmpty, object, pipe, string, type InferOutput } from "valibot";
import { optionalParam } from "../../lib/search-params.ts";

/** The search of the URL to which checkout returns. */
export const billingSearch = object({ session_id: optionalParam(pipe(string(), nonEmpty())), cancelled: optionalParam(literal(true)) });
export type BillingSearch = InferOutput<typeof billingSearch>;
