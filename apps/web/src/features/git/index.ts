export { GitFacts } from "./GitFacts.tsx";
export { useGitRefresh, useGitStatus } from "./use-git.ts";
