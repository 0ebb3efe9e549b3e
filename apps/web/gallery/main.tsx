// First: it says the order of the layers, which the styles of components belong to.
import "./gallery.css";
import { createMemoryHistory, createRootRoute, createRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { AppProviders } from "../src/app.tsx";
import { createQueryClient } from "../src/lib/query.ts";
import { Toaster } from "../src/ui/toast.tsx";
import { Gallery } from "./Gallery.tsx";

// Links of components need a router; with a history in memory they lead nowhere.
const rootRoute = createRootRoute({
  component: () => (
    <>
      <Gallery />
      <Toaster />
    </>
  ),
});
const anywhere = createRoute({ getParentRoute: () => rootRoute, path: "$" });
const router = createRouter({
  routeTree: rootRoute.addChildren([anywhere]),
  history: createMemoryHistory({ initialEntries: ["/"] }),
});

const root = document.getElementById("root");
if (!root) throw new Error("gallery/index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <AppProviders queryClient={createQueryClient()}>
      <RouterProvider router={router as never} />
    </AppProviders>
  </StrictMode>,
);
