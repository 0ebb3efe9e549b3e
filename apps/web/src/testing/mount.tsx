import type { QueryClient } from "@tanstack/react-query";
import { createMemoryHistory, createRootRoute, createRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { createRoot, type Root } from "react-dom/client";
import { AppProviders, leadToSignIn } from "../app.tsx";
import { createQueryClient } from "../lib/query.ts";
import { createAppRouter } from "../routes.tsx";
import { Toaster } from "../ui/toast.tsx";

export interface Mounted {
  container: HTMLElement;
  queryClient: QueryClient;
  /** Where the app stands: path, search and fragment. */
  path: () => string;
  unmount: () => void;
}

function mount(element: ReactNode, queryClient: QueryClient, path: () => string): Mounted {
  const container = document.createElement("div");
  container.id = "root";
  document.body.append(container);
  const root: Root = createRoot(container);
  root.render(<AppProviders queryClient={queryClient}>{element}</AppProviders>);
  return {
    container,
    queryClient,
    path,
    unmount: () => {
      root.unmount();
      queryClient.clear();
      container.remove();
    },
  };
}

/** The whole app at an address, as a person opens it. */
export function mountApp(path: string): Mounted {
  const queryClient = createQueryClient();
  const router = createAppRouter(queryClient, createMemoryHistory({ initialEntries: [path] }));
  leadToSignIn(router, queryClient);
  return mount(<RouterProvider router={router} />, queryClient, () => router.state.location.href);
}

/** One part of a page, where links lead somewhere and notices are shown. */
export function mountPart(part: ReactNode): Mounted {
  const queryClient = createQueryClient();
  const rootRoute = createRootRoute({
    component: () => (
      <>
        {part}
        <Toaster />
      </>
    ),
  });
  const anywhere = createRoute({ getParentRoute: () => rootRoute, path: "$" });
  const router = createRouter({
    routeTree: rootRoute.addChildren([anywhere]),
    history: createMemoryHistory({ initialEntries: ["/"] }),
    defaultNotFoundComponent: () => null,
  });
  return mount(<RouterProvider router={router as never} />, queryClient, () => router.state.location.href);
}
