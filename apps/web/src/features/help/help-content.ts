/** The shape of the pages that the build makes of the documents of the repository (build/help-pages.ts). */
export interface HelpDocument {
  /** The address below `/help/`. */
  slug: string;
  title: string;
  about: string;
}
export interface HelpSection {
  id: "guides" | "operations" | "api" | "about";
  title: string;
  pages: readonly HelpDocument[];
}
export interface HelpHeading {
  anchor: string;
  text: string;
  depth: number;
}
export type HelpPart = { html: string } | { code: string; language: string };
export interface HelpContent {
  title: string;
  parts: readonly HelpPart[];
  headings: readonly HelpHeading[];
}
