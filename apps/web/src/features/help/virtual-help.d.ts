/** Made by build/help-pages.ts. */
declare module "virtual:help" {
  import type { HelpContent, HelpSection } from "./help-content.ts";
  export const helpSections: readonly HelpSection[];
  export const helpLoads: Readonly<Record<string, () => Promise<{ default: HelpContent }>>>;
}
declare module "virtual:help-search" {
  const index: string;
  export default index;
}
