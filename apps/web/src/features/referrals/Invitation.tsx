import { useQuery } from "@tanstack/react-query";
import { counted } from "../../lib/counted.ts";
import { api } from "../../api.ts";

/** Who invites by a referral code and what both get. Shows nothing for a code that no one has. */
export function Invitation({ code }: { code: string }) {
  const { data } = useQuery({
    queryKey: ["referrals", "invitation", code],
    queryFn: ({ signal }) => api.referrals.invitation({ params: { referral_code: code } }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (!data) return null;
  return (
    <p className="mt-1 text-fg-1">
      <span className="as-written">{data.referrer_name}</span> invited you.
      {data.reward_credits > 0 ? ` You both get ${counted(data.reward_credits, "credit")} when you sign up.` : ""}
    </p>
  );
}
