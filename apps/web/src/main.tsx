import { RouterProvider } from "@tanstack/react-router";
import { startTransition, StrictMode, useLayoutEffect } from "react";
import { createRoot } from "react-dom/client";
import { AppProviders, leadToSignIn } from "./app.tsx";
import { rememberReferralCode } from "./features/referrals/index.ts";
import { onUserChange } from "./lib/identity.ts";
import { createQueryClient } from "./lib/query.ts";
import { removeSentPage, watchSentPage } from "./lib/sent-page.ts";
import { createAppRouter } from "./routes.tsx";
import "./styles.css";

watchSentPage();
rememberReferralCode();
onUserChange(() => location.reload());
const queryClient = createQueryClient();
const router = createAppRouter(queryClient);
leadToSignIn(router, queryClient);

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
/** Stands after the page, so that its effect runs when that is in the document. */
function SentPage() {
  useLayoutEffect(removeSentPage, []);
  return null;
}

// Load the first page, then render it in a transition: React does that in slices, while any other first render is one long task. Until then
// index.html shows "Loading…", or the text of the page. Load errors are shown by the rendered page.
const draw = () =>
  startTransition(() =>
    createRoot(root).render(
      <StrictMode>
        <AppProviders queryClient={queryClient}>
          <RouterProvider router={router} />
          <SentPage />
        </AppProviders>
      </StrictMode>,
    ),
  );
void router.load().then(draw, draw);
