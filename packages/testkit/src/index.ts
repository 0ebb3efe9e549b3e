export * from "./script.ts";
export { parseScript } from "./script-text.ts";
export { readPersonOfAgent, type Place, type ReadPerson } from "./conversation.ts";
export { appCode } from "./authenticator-app.ts";
export { createAuthenticator, type Authenticator, type Deviations } from "./authenticator.ts";
export { startModelServer, type ModelServer, type ModelServerOptions, type Outcome, type RecordedRequest } from "./model-server.ts";
export { startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from "./otlp-receiver.ts";
export { startMailServer, type MailServer, type MailServerOptions, type ReceivedMail } from "./smtp.ts";
export { startCloudflare, type CloudflareFake } from "./deploy/cloudflare.ts";
export { startNetlify, type NetlifyFake } from "./deploy/netlify.ts";
export { startVercel, type VercelFake } from "./deploy/vercel.ts";
export { startIdentityProvider, type IdentityProvider, type Misbehaviour, type Person } from "./identity-provider.ts";
export { gif, pdf, png, svg } from "./pictures.ts";
export { startPackageRegistry, type PackageRegistry, type RegistryAdvisory } from "./package-registry.ts";
export { startSearchServices, type FoundPage, type SearchServices } from "./search-services.ts";
export { startMcpServer, stdioMcpServer, type McpFake, type McpFakeOptions } from "./mcp-server.ts";
export { startStripe, stripeEnv, type DeliverOptions, type StripeFake, type StripeTrouble } from "./stripe.ts";
export type { FormValue, StripeEvent } from "./stripe/objects.ts";
// Hosts of repositories: `startGitProviders` of "@tesslate/testkit/git-providers", a plain one: `startGitHost` of "@tesslate/testkit/git-host".
