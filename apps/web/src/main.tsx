import { RouterProvider } from "@tanstack/react-router";
import { startTransition, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { AppProviders, leadToSignIn } from "./app.tsx";
import { noteArrival } from "./features/referrals/index.ts";
import { followIdentity } from "./lib/identity.ts";
import { createQueryClient } from "./lib/query.ts";
import { createAppRouter } from "./routes.tsx";
import "./styles.css";

noteArrival();
followIdentity(() => location.reload());
const queryClient = createQueryClient();
const router = createAppRouter(queryClient);
leadToSignIn(router, queryClient);

const root = document.getElementById("root");
if (!root) throw new Error("index.html lacks #root");
// The first page is loaded, then drawn as one transition: that React does in pieces, where any other first drawing is one long task. Until it
// stands, so does the word in index.html. What fails to load is told by the page that is drawn.
const draw = () =>
  startTransition(() =>
    createRoot(root).render(
      <StrictMode>
        <AppProviders queryClient={queryClient}>
          <RouterProvider router={router} />
        </AppProviders>
      </StrictMode>,
    ),
  );
void router.load().then(draw, draw);
