/** Spread on a box that scrolls and holds nothing focusable: the keyboard must be able to reach and scroll it. Give it a name, too. */
export const scrollable = { tabIndex: 0 } as const;
