import { useCanGoBack } from "@tanstack/react-router";
import { useContext, useEffect, useRef, type ReactNode } from "react";
import { cx } from "../../lib/cx.ts";
import { usePageTitle } from "../../lib/page-title.ts";
import { FindButton } from "./FindButton.tsx";
import { pageClasses } from "./page-classes.ts";
import { PaletteContext } from "./palette.ts";
import { ThemeButton } from "./ThemeButton.tsx";

/** After an in-app navigation focus goes to the new page, unless something in it took focus already (a composer, a search). */
export function useFocusOnArrival() {
  const main = useRef<HTMLElement>(null);
  const isInApp = useCanGoBack();
  const wasInApp = useRef(isInApp);
  useEffect(() => {
    if (wasInApp.current && !main.current?.contains(document.activeElement)) main.current?.focus({ preventScroll: true });
  }, []);
  return main;
}

/**
 * A page on one sheet: scrolls inside, head bar with palette and theme. `heading` is its h1; on phones it moves into the bar where that has no
 * `head`.
 * The workbench builds its own.
 */
export function Page({
  title,
  head,
  heading,
  action,
  width = "wide",
  children,
}: {
  title: string;
  head?: ReactNode;
  heading?: ReactNode;
  /** Beside the heading: the one action of the page. */
  action?: ReactNode;
  width?: keyof typeof pageClasses.widths;
  children: ReactNode;
}) {
  usePageTitle(title);
  const main = useFocusOnArrival();
  // Visitors have no palette, and the theme button in the frame's bar.
  const hasPalette = useContext(PaletteContext) !== undefined;
  return (
    <main
      ref={main}
      id="main"
      data-region="page"
      tabIndex={-1}
      className={cx(hasPalette ? pageClasses.besideRail : pageClasses.belowBar, pageClasses.main)}
    >
      <div className={pageClasses.head}>
        {head}
        <span className="flex-1" />
        {hasPalette ? (
          <>
            <FindButton />
            <ThemeButton />
          </>
        ) : null}
      </div>
      <div className={cx(pageClasses.body, pageClasses.widths[width])}>
        {heading ? (
          <div
            className={cx(
              "flex items-center gap-2 pb-5",
              !head && "narrow:-mt-12 narrow:mr-22 narrow:h-12 narrow:pb-0 narrow:[&>a]:h-9 narrow:[&>button]:h-9",
            )}
          >
            <h1 className="min-w-0 flex-1 truncate font-display text-xl tracking-title">{heading}</h1>
            {action}
          </div>
        ) : null}
        {children}
      </div>
    </main>
  );
}
