/** Classes of the sheet of a page; also those of pages whose text the server sends (build/help-html.ts). */
export const pageClasses = {
  main: "on-sheet relative scroll-y min-h-0 flex-1 rounded-4 border border-line-0 bg-bg-1 outline-none narrow:m-0 narrow:rounded-none narrow:border-0",
  /** Beside the rail, and below the bar of visitors. */
  besideRail: "m-2 ml-0",
  belowBar: "m-2 mt-0",
  head: "flex h-11 items-center gap-2 pr-3 pl-5 narrow:h-12 narrow:pr-1 narrow:pl-4",
  body: "mx-auto w-full px-10 pb-12 narrow:px-4",
  widths: { wide: "max-w-page-wide", settings: "max-w-page-settings", reading: "max-w-page-reading" },
} as const;
