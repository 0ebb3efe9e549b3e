import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { api, bodyOf } from "@/lib/client";
import { auth } from "@/lib/auth";

/** The signed-in user; `null` for visitors, `undefined` while it loads. */
export function useUser() {
  const { data, error } = useQuery({ queryKey: ["me"], queryFn: async () => (await bodyOf(await api.me.$get())).user });
  if (error) throw error;
  return data;
}

/** Ends the session and forgets everything that was loaded in it. */
export function useSignOut() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return async () => {
    await auth.signOut();
    queries.clear();
    await navigate("/sign-in");
  };
}
