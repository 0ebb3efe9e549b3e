export { ConnectProvider } from "./ConnectProvider.tsx";
export { DeployButton } from "./DeployButton.tsx";
export { targetHistoryQuery, targetsQuery } from "./deployments.queries.ts";
export {
  timelineMarker,
  durationOf,
  isPreview,
  isUnderWay,
  isUnshipped,
  versionName,
  providerTitle,
  deployProviderNames,
  providers,
  safeUrl,
  seriesOf,
  shortUrl,
  stateOf,
} from "./deployments.ts";
export { frameworkNames } from "./framework-names.ts";
export { useDeploys } from "./deploys-context.ts";
export { DeploysProvider } from "./DeploysProvider.tsx";
export { VersionList } from "./VersionList.tsx";
