/** Attributes of an element that can be edited as text. */
export const elementAttributes = ["alt", "aria-label", "href", "placeholder", "src", "title"] as const;
export type ElementAttribute = (typeof elementAttributes)[number];
