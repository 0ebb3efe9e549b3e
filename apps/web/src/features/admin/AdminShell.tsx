import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { usePageTitle } from "../../lib/page-title.ts";
import { FindButton } from "../../ui/page/FindButton.tsx";
import { useFocusOnArrival } from "../../ui/page/Page.tsx";
import { ThemeButton } from "../../ui/page/ThemeButton.tsx";
import { useScrollToCurrent } from "../../ui/page/use-scroll-to-current.ts";
import { tabClass } from "../../ui/Tabs.tsx";
import { adminPlaces } from "./admin-places.tsx";
import { setupQuery } from "./administration.queries.ts";

/** The admin console: header, tabs and the open tab. Loaded for administrators only (see routes.tsx). */
export function AdminShell() {
  const main = useFocusOnArrival();
  const { pathname } = useLocation();
  const here = adminPlaces.find(({ to }) => pathname === to || pathname.startsWith(`${to}/`));
  usePageTitle(here ? `${here.label} · Administration` : "Administration");
  const { data: setup } = useQuery(setupQuery);
  const missing = setup?.steps.filter(({ is_done }) => !is_done).length ?? 0;
  // Setup is a tab while something is missing.
  const places = adminPlaces.filter(({ to }) => to !== "/admin/setup" || missing > 0 || here?.to === to);
  const nav = useScrollToCurrent(here?.to);
  return (
    <main
      ref={main}
      id="main"
      data-region="page"
      tabIndex={-1}
      className="on-sheet m-2 ml-0 flex min-h-0 min-w-0 flex-1 flex-col overflow-hidden rounded-4 border border-line-0 bg-bg-1 outline-none narrow:m-0 narrow:rounded-none narrow:border-0"
    >
      <div className="flex h-11 flex-none items-center gap-2 pr-3 pl-4 narrow:h-12 narrow:pr-1">
        <h1 className="min-w-0 truncate text-sm font-normal text-fg-2">
          Administration <span aria-hidden="true">/</span> <span className="font-medium text-fg-0">{here?.label}</span>
        </h1>
        <span className="flex-1" />
        <FindButton />
        <ThemeButton />
      </div>
      <nav
        ref={nav}
        aria-label="Administration"
        className="fade-ends relative flex h-9 flex-none items-stretch overflow-x-auto overflow-y-hidden border-b border-line-0 px-2 [scrollbar-width:none] narrow:h-11"
      >
        {places.map(({ to, label, icon }) => (
          <Link
            key={to}
            to={to}
            aria-current={here?.to === to ? "page" : undefined}
            data-state={here?.to === to ? "active" : "inactive"}
            className={tabClass}
          >
            {icon}
            {label}
            {to === "/admin/setup" && missing > 0 ? (
              <span className="num rounded-full bg-bg-3 px-1.5 text-2xs text-fg-1" aria-label={`${missing} steps to do`}>
                {missing}
              </span>
            ) : null}
          </Link>
        ))}
      </nav>
      <div className="flex min-h-0 min-w-0 flex-1">
        <Outlet />
      </div>
    </main>
  );
}
