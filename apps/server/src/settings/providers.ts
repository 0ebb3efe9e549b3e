import { Type } from "typebox";
import { baseUrl, group, secret, text, url } from "./kinds.ts";

export const deployProviderSettings = group("Deployment providers", {
  vercel: Type.Object({
    apiUrl: baseUrl("VERCEL_API_URL", { default: "https://api.vercel.com", description: "Vercel API, for deployments" }),
    authorizeUrl: url("VERCEL_AUTHORIZE_URL", {
      default: "https://vercel.com/oauth/authorize",
      description: "Vercel OAuth authorization page",
    }),
    clientId: text("VERCEL_CLIENT_ID", {
      example: "cl_0123456789abcdef",
      description:
        "Sign in with Vercel app, to connect Vercel accounts in the browser; empty: access tokens only. Vercel must have granted the app permission to deploy",
    }),
    clientSecret: secret("VERCEL_CLIENT_SECRET", { example: "…", description: "Secret of the Vercel app" }),
    redirectUri: Type.Optional(
      url("VERCEL_OAUTH_REDIRECT_URI", {
        example: "https://studio.example.com/api/deployment-oauth/vercel/callback",
        description: "Redirect URI of the Vercel app. Default: APP_BASE_URL/api/deployment-oauth/vercel/callback",
      }),
    ),
  }),
  netlify: Type.Object({
    apiUrl: baseUrl("NETLIFY_API_URL", { default: "https://api.netlify.com/api/v1", description: "Netlify API, for deployments" }),
    authorizeUrl: url("NETLIFY_AUTHORIZE_URL", {
      default: "https://app.netlify.com/authorize",
      description: "Netlify OAuth authorization page",
    }),
    clientId: text("NETLIFY_CLIENT_ID", {
      example: "0123456789abcdef",
      description: "Netlify OAuth client, to connect Netlify accounts in the browser; empty: access tokens only",
    }),
    clientSecret: secret("NETLIFY_CLIENT_SECRET", { example: "…", description: "Secret of the Netlify OAuth client" }),
    redirectUri: Type.Optional(
      url("NETLIFY_OAUTH_REDIRECT_URI", {
        example: "https://studio.example.com/api/deployment-oauth/netlify/callback",
        description: "Redirect URI of the Netlify OAuth client. Default: APP_BASE_URL/api/deployment-oauth/netlify/callback",
      }),
    ),
  }),
  cloudflare: Type.Object({
    apiUrl: baseUrl("CLOUDFLARE_API_URL", {
      default: "https://api.cloudflare.com/client/v4",
      description: "Cloudflare API, for deployments",
    }),
  }),
});

export const gitProviders = group("Git hosts", {
  gitlab: Type.Object({
    clientId: text("GITLAB_CLIENT_ID", {
      example: "0123456789abcdef",
      description:
        "OAuth client for GitLab repositories; empty: disabled. The redirect URI of every git provider is APP_BASE_URL/api/git-providers/<name>/callback",
    }),
    clientSecret: secret("GITLAB_CLIENT_SECRET", { example: "…", description: "Secret of the GitLab OAuth client" }),
    baseUrl: baseUrl("GITLAB_BASE_URL", {
      default: "https://gitlab.com",
      example: "https://gitlab.example.com",
      description: "URL of GitLab or a self-managed instance",
    }),
  }),
  bitbucket: Type.Object({
    clientId: text("BITBUCKET_CLIENT_ID", {
      example: "0123456789abcdef",
      description: "OAuth client for Bitbucket repositories; empty: disabled",
    }),
    clientSecret: secret("BITBUCKET_CLIENT_SECRET", { example: "…", description: "Secret of the Bitbucket OAuth client" }),
    baseUrl: baseUrl("BITBUCKET_BASE_URL", {
      default: "https://bitbucket.org",
      example: "https://bitbucket.example.com",
      description: "URL of Bitbucket Cloud",
    }),
    apiUrl: baseUrl("BITBUCKET_API_URL", {
      default: "https://api.bitbucket.org/2.0",
      example: "https://api.bitbucket.example.com/2.0",
      description: "API URL of Bitbucket Cloud",
    }),
  }),
  gitea: Type.Object({
    clientId: text("GITEA_CLIENT_ID", {
      example: "0123456789abcdef",
      description: "OAuth client for Gitea or Forgejo repositories; empty: disabled",
    }),
    clientSecret: secret("GITEA_CLIENT_SECRET", { example: "…", description: "Secret of the Gitea or Forgejo OAuth client" }),
    baseUrl: baseUrl("GITEA_BASE_URL", {
      example: "https://git.example.com",
      description: "URL of the Gitea or Forgejo instance; users can connect other instances with an access token",
    }),
  }),
});
