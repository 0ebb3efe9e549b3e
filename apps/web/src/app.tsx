import { QueryClientProvider, type QueryClient } from "@tanstack/react-query";
import { LucideProvider } from "lucide-react";
import type { ReactNode } from "react";
import { onSignedOut } from "./api.ts";
import { meQuery } from "./features/users/index.ts";
import type { createAppRouter } from "./routes.tsx";

/** What stands around every page. */
export const AppProviders = ({ queryClient, children }: { queryClient: QueryClient; children: ReactNode }) => (
  <QueryClientProvider client={queryClient}>
    <LucideProvider size={16} strokeWidth={1.5} absoluteStrokeWidth>
      {children}
    </LucideProvider>
  </QueryClientProvider>
);

/** A session that is over leads to the sign-in page, and from there back to where it was. */
export function leadToSignIn(router: ReturnType<typeof createAppRouter>, queryClient: QueryClient): void {
  onSignedOut(() => {
    const { pathname, href } = router.state.location;
    // Without a session before, the guards of the routes decide.
    if (pathname === "/login" || pathname === "/register" || !queryClient.getQueryData(meQuery.queryKey)) return;
    queryClient.clear();
    void router.navigate({ to: "/login", search: { next: href } });
  });
}
