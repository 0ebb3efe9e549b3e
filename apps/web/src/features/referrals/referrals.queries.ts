import { queryOptions } from "@tanstack/react-query";
import { api } from "../../api.ts";

/** The person's referral code and how often it was used. */
export const referralQuery = queryOptions({
  queryKey: ["referrals", "code"],
  queryFn: ({ signal }) => api.referrals.code(undefined, { signal }),
});
