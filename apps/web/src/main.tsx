import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { LucideProvider } from "lucide-react";
import { startTransition, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { onSignedOut } from "./api.ts";
import { noteArrival } from "./features/referrals/arrival.ts";
import { followIdentity } from "./lib/identity.ts";
import { createQueryClient } from "./lib/query.ts";
import { createAppRouter } from "./routes.tsx";
import "./styles.css";
import { TooltipProvider } from "./ui/Tooltip.tsx";

noteArrival();
followIdentity(() => location.reload());
const queryClient = createQueryClient();
const router = createAppRouter(queryClient);

onSignedOut(() => {
  const { pathname, href } = router.state.location;
  if (pathname === "/login" || pathname === "/register") return;
  queryClient.clear();
  void router.navigate({ to: "/login", search: { next: href } });
});

const root = document.getElementById("root");
if (!root) throw new Error("index.html lacks #root");
// The first page is loaded, then drawn as one transition: that React does in pieces, where any other first drawing is one long task. Until it
// stands, so does the word in index.html. What fails to load is told by the page that is drawn.
const draw = () =>
  startTransition(() =>
    createRoot(root).render(
      <StrictMode>
        <QueryClientProvider client={queryClient}>
          <LucideProvider size={16} strokeWidth={1.5} absoluteStrokeWidth>
            <TooltipProvider>
              <RouterProvider router={router} />
            </TooltipProvider>
          </LucideProvider>
        </QueryClientProvider>
      </StrictMode>,
    ),
  );
void router.load().then(draw, draw);
