import { useQuery } from "@tanstack/react-query";
import { counted } from "../../lib/counted.ts";
import { api } from "../../api.ts";
import { Avatar } from "../../ui/Avatar.tsx";

/** Who invites by a referral code and what both get. Shows nothing for a code that no one has. */
export function Invitation({ code }: { code: string }) {
  const { data } = useQuery({
    queryKey: ["referrals", "invitation", code],
    queryFn: ({ signal }) => api.referrals.invitation({ params: { referral_code: code } }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (!data) return null;
  return (
    <div className="mt-2 flex items-center gap-2.5">
      <Avatar name={data.referrer_name} url={data.referrer_avatar_url} className="size-8!" />
      <p className="min-w-0 wrap-anywhere text-fg-1">
        <span className="as-written">{data.referrer_name}</span> invited you.
        {data.reward_credits > 0 ? ` You both get ${counted(data.reward_credits, "credit")} when you sign up.` : ""}
      </p>
    </div>
  );
}
