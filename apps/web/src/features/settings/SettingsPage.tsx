import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { useState } from "react";
import { Page } from "../../ui/page/Page.tsx";
import { useScrollToCurrent } from "../../ui/page/use-scroll-to-current.ts";
import { settingsGroups, settingsPlaces } from "./settings-places.tsx";
import { SettingsSearch } from "./SettingsSearch.tsx";

/** The settings pages with their navigation, which scrolls horizontally on phones. */
export function SettingsPage() {
  const { pathname } = useLocation();
  const [text, setText] = useState("");
  const here = settingsPlaces.find(({ to }) => pathname === to || pathname.startsWith(`${to}/`));
  const nav = useScrollToCurrent(here?.to);
  return (
    <Page title={here ? `${here.label} · Settings` : "Settings"} heading="Settings" width="settings">
      <div className="flex gap-10 narrow:flex-col narrow:gap-4 narrow:pt-2">
        <div className="w-48 flex-none narrow:w-auto print:hidden">
          <SettingsSearch text={text} onText={setText} />
          <nav
            ref={nav}
            aria-label="Settings"
            hidden={text.trim() !== ""}
            className="relative grid gap-4 narrow:-mx-4 narrow:flex narrow:fade-ends narrow:gap-px narrow:overflow-x-auto narrow:px-4 narrow:[scrollbar-width:none]"
          >
            {settingsGroups.map(({ title, places: ofGroup }) => (
              <div key={title} role="group" aria-label={title} className="grid gap-px narrow:contents">
                <p aria-hidden="true" className="px-2.5 pb-1 text-xs text-fg-2 narrow:hidden">
                  {title}
                </p>
                {ofGroup.map((place) => (
                  <Link
                    key={place.to}
                    to={place.to}
                    activeProps={{ "aria-current": "page" }}
                    className="flex h-7.5 flex-none items-center gap-2.25 rounded-2 px-2.5 text-fg-1 hover:bg-bg-2 aria-[current=page]:bg-bg-3 aria-[current=page]:font-medium aria-[current=page]:text-fg-0 narrow:h-11 [&_svg]:text-fg-2"
                  >
                    {place.icon}
                    {place.label}
                  </Link>
                ))}
              </div>
            ))}
          </nav>
        </div>
        <div className="min-w-0 max-w-160 flex-1 pt-1">
          <Outlet />
        </div>
      </div>
    </Page>
  );
}
