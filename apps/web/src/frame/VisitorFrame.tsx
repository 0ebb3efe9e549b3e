import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { configQuery } from "../features/auth/index.ts";
import { cx } from "../lib/cx.ts";
import { buttonClass } from "../ui/Button.tsx";
import { ThemeButton } from "../ui/page/ThemeButton.tsx";
import { TooltipProvider } from "../ui/TooltipContent.tsx";
import { Mark } from "./Mark.tsx";

const link =
  "relative rounded-2 px-2.5 py-1 text-sm text-fg-1 hover:text-fg-0 narrow:before:absolute narrow:before:inset-x-0 narrow:before:-inset-y-2";

/** Around the public pages for people without a session: a bar with the store, the help, the API and the way in. */
export function VisitorFrame() {
  const next = useLocation({ select: ({ href }) => href });
  const search = next === "/" ? {} : { next };
  const config = useQuery(configQuery);
  return (
    <TooltipProvider>
      <div className="flex h-full flex-col">
        <a
          href="#main"
          className="sr-only focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:z-50 focus:rounded-2 focus:bg-fg-0 focus:px-3 focus:py-2 focus:text-bg-1"
        >
          Skip to content
        </a>
        <header className="mx-auto flex h-14 w-full max-w-295 flex-none items-center gap-1 px-10 narrow:px-4">
          <Link to="/" className="mr-4 flex items-center gap-2 font-semibold text-fg-0 narrow:mr-1">
            <Mark />
            <span className="narrow:sr-only">Tesslate Studio</span>
          </Link>
          <nav aria-label="Pages" className="flex">
            <Link to="/marketplace" className={link}>
              Store
            </Link>
            {config.data?.landing_page ? (
              <Link to="/help" className={link}>
                Help
              </Link>
            ) : null}
            <a href="/docs" className={cx(link, "narrow:hidden")}>
              API
            </a>
          </nav>
          <span className="flex-1" />
          <ThemeButton />
          <Link to="/login" search={search} className={buttonClass({ variant: "ghost" })}>
            Sign in
          </Link>
          {config.data?.sign_up === "closed" ? null : (
            <Link to="/register" search={search} className={buttonClass()}>
              Sign up
            </Link>
          )}
        </header>
        <Outlet />
      </div>
    </TooltipProvider>
  );
}
