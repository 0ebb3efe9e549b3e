import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api } from "../../api.ts";

const restMs = 350;

/** Why the username is not available, once typing pauses; null if it is available, undefined while that is unknown. */
export function useUsernameCheck(username: string, current: string): string | null | undefined {
  const typed = username.trim().toLowerCase();
  const [rested, setRested] = useState(typed);
  useEffect(() => {
    const timer = setTimeout(() => setRested(typed), restMs);
    return () => clearTimeout(timer);
  }, [typed]);
  const isAsked = rested !== "" && rested !== current && rested === typed;
  const { data } = useQuery({
    queryKey: ["creators", "check", rested],
    queryFn: ({ signal }) => api.creators.checkUsername({ query: { username: rested } }, { signal }),
    enabled: isAsked,
    staleTime: 10_000,
    // Saving reports the same problem.
    retry: false,
  });
  return isAsked && data ? data.reason : undefined;
}
