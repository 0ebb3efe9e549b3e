import { readFileSync } from "node:fs";
import { createRecorder, fieldsOfForm, type Recorder } from "./recorder.ts";
import type { Specification } from "./specification.ts";

export type { Recorder } from "./recorder.ts";
export type { Specification } from "./specification.ts";
export { createRecorder, fieldsOfForm };

/** Providers whose specification is in `specifications/`. */
export const publishedProviders = ["anthropic", "cloudflare", "github", "google", "netlify", "openai", "stripe", "vercel"] as const;
export type PublishedProvider = (typeof publishedProviders)[number];
/** Providers without a published specification: their calls are checked by the fakes alone. */
export const unpublishedProviders = ["bitbucket", "gitea", "gitlab", "ollama"] as const;

const read = new Map<PublishedProvider, Specification>();
export function specificationOf(provider: PublishedProvider): Specification {
  let found = read.get(provider);
  if (!found) {
    found = JSON.parse(readFileSync(new URL(`../../specifications/${provider}.json`, import.meta.url), "utf8")) as Specification;
    read.set(provider, found);
  }
  return found;
}
export const recorderOf = (provider: PublishedProvider): Recorder => createRecorder(specificationOf(provider));
