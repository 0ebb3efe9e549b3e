/** Classes of a page of the help. Its component and the HTML that the server sends (build/help-html.ts) share them, so that nothing moves when the app takes over. */
export const helpClasses = {
  home: "rounded-1 font-medium text-fg-0",
  /** The list of pages and the text. */
  columns: "flex items-start gap-10 narrow:flex-col narrow:gap-4",
  side: "sticky top-0 grid w-52 flex-none grid-cols-1 gap-4 narrow:static narrow:w-full",
  allPages: "rounded-2 border border-line-0",
  allPagesSummary:
    "flex min-h-11 cursor-default items-center justify-between px-3 text-fg-0 [&::-webkit-details-marker]:hidden [[open]>&>svg]:rotate-180",
  allPagesList: "border-t border-line-0 p-1.5",
  pages: "scroll-y max-h-[calc(100dvh-120px)] pb-8",
  sections: "grid gap-4",
  sectionTitle: "px-2.5 pb-1 text-xs text-fg-2",
  entry:
    "flex min-h-7.5 items-center gap-2 rounded-2 px-2.5 py-1 text-fg-1 hover:bg-bg-2 hover:text-fg-0 aria-[current=page]:bg-bg-3 aria-[current=page]:font-medium aria-[current=page]:text-fg-0 narrow:min-h-11",
  text: "min-w-0 flex-1 narrow:w-full",
  document: "flex items-start gap-10",
  article: "min-w-0 max-w-190 flex-1",
  title: "mb-4 font-display text-xl tracking-title",
  onThisPage: "scroll-y sticky top-0 max-h-[calc(100dvh-40px)] w-44 flex-none py-2 mid:hidden",
  onThisPageTitle: "pb-1.5 text-xs font-medium text-fg-1",
  onThisPageInline: "mb-4 hidden rounded-2 border border-line-0 mid:block",
  onThisPageSummary:
    "flex min-h-8 cursor-default items-center justify-between px-3 text-fg-1 [&::-webkit-details-marker]:hidden [[open]>&>svg]:rotate-180 narrow:min-h-11",
  onThisPageInlineList: "border-t border-line-0 px-3 py-1.5",
  headings: "grid gap-px",
  heading:
    "flex min-h-6 items-center py-0.5 text-xs text-fg-2 hover:text-fg-0 data-current:font-medium data-current:text-fg-0 narrow:min-h-11",
  subheading: "pl-3",
  startTitle: "font-display text-xl tracking-title narrow:-mt-10 narrow:mb-4",
  startAbout: "mt-1 mb-4 text-md leading-read text-fg-2",
  startSearch: "mb-6 max-w-120 narrow:max-w-none",
  startSections: "grid grid-cols-2 gap-x-10 gap-y-8 narrow:grid-cols-1",
  startSectionTitle: "mb-2 border-b border-line-0 pb-2 text-md",
  startRow: "block rounded-2 px-3 py-2 -mx-3 hover:bg-bg-2 narrow:py-2.5",
  startRowTitle: "font-medium text-fg-0",
  startRowAbout: "block text-xs leading-note text-fg-2 first-letter:uppercase",
  /** Places for the frame of the app in the HTML of the server: the rail and the bar of phones, or the bar of visitors (public/theme.js). */
  frame: "flex h-full narrow:flex-col in-data-visitor:flex-col",
  rail: "w-12 flex-none narrow:hidden in-data-visitor:hidden",
  visitorBar: "hidden h-14 flex-none in-data-visitor:block",
  page: "flex min-h-0 min-w-0 flex-1 flex-col",
  mainOfVisitor: "wide:in-data-visitor:mt-0 wide:in-data-visitor:ml-2",
  phoneBar: "hidden h-[calc(56px+env(safe-area-inset-bottom))] flex-none narrow:block narrow:in-data-visitor:hidden",
  menu: "wide:hidden",
  list: "narrow:hidden",
} as const;

export const helpStart = {
  about: "Guides for building apps, documents for running a server, and the API.",
  apiReference: "every operation, with “Try it out”",
} as const;

/** A page with hundreds of headings lists its chapters only. */
export const listedHeadings = <T extends { depth: number }>(headings: readonly T[]): T[] =>
  headings.length > 40 ? headings.filter(({ depth }) => depth === 2) : headings.filter(({ depth }) => depth > 1);
