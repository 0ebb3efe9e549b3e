import { object, type InferOutput } from "valibot";
import { oneOfParam, pageParam } from "../../lib/search-params.ts";

/** Period, kind and page of the administrators' revenue page. Twelve months unless `months` says otherwise. */
export const revenueSearch = object({
  months: oneOfParam(["24", "60"]),
  kind: oneOfParam(["subscription", "credits", "deploy_slot", "agent", "base"]),
  page: pageParam,
});
export type RevenueSearch = InferOutput<typeof revenueSearch>;
