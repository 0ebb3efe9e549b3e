import type { FrameworkId } from "@tesslate/contract";

export const frameworkNames: Partial<Record<FrameworkId, string>> = {
  nextjs: "Next.js",
  vite: "Vite",
  react: "Create React App",
  vue: "Vue",
  svelte: "Svelte",
  sveltekit: "SvelteKit",
  angular: "Angular",
  astro: "Astro",
  nuxt: "Nuxt",
  gatsby: "Gatsby",
  remix: "Remix",
  solid: "Solid",
  go: "Go",
  python: "Python",
  node: "Node.js",
  static: "Static files",
  unknown: "Unknown",
};
