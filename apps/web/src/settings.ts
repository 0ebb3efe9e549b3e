/** The pages that have settings. `project`: those of an open project, at `/p/{slug}/settings`. */
export type SettingsPath =
  | "/settings/profile"
  | "/settings/look"
  | "/settings/preferences"
  | "/settings/notifications"
  | "/settings/security"
  | "/settings/shortcuts"
  | "/settings/data"
  | "/settings/models"
  | "/settings/git"
  | "/settings/connectors"
  | "/settings/deployment"
  | "/settings/api-keys"
  | "/settings/billing"
  | "/settings/referrals"
  | "/settings/creator";

export interface Setting {
  /** As on its page. */
  label: string;
  page: SettingsPath | "project";
  /** Other words that find it. */
  words: string;
}

const define = <const T extends Record<string, Setting>>(table: T): Record<keyof T, Setting> => table;

/**
 * Every setting: its id is the fragment of its address (`/settings/look#theme`) and the `id` of its `SettingsSection` or `SettingAnchor`. The
 * palette and the search of the settings read this table; settings.test.tsx compares it with the pages.
 */
export const settings = define({
  picture: { label: "Picture", page: "/settings/profile", words: "avatar photo image" },
  profile: { label: "Profile", page: "/settings/profile", words: "display name username handle bio about website github twitter x public" },
  "sign-out": { label: "This session", page: "/settings/profile", words: "sign out log out logout leave" },

  theme: { label: "Theme", page: "/settings/look", words: "dark light mode night day system color scheme" },
  density: { label: "Density", page: "/settings/look", words: "compact comfortable spacing dense zoom size" },
  motion: { label: "Motion", page: "/settings/look", words: "animation animations reduced transitions accessibility" },
  contrast: { label: "Contrast", page: "/settings/look", words: "high contrast accessibility readable" },
  "theme-gallery": { label: "Theme gallery", page: "/settings/look", words: "themes colors custom palette preset customize" },

  "editor-font-size": { label: "Font size", page: "/settings/preferences", words: "editor text code bigger smaller zoom" },
  "editor-wrap": { label: "Wrap long lines", page: "/settings/preferences", words: "editor word wrap code" },
  "default-model": { label: "Default model", page: "/settings/preferences", words: "llm ai new chats" },

  "desktop-notifications": { label: "Desktop notifications", page: "/settings/notifications", words: "browser push alerts notify" },
  "email-waiting": { label: "When a run needs your input", page: "/settings/notifications", words: "email mail approval waiting alert" },
  "email-ended": { label: "When a long run ends", page: "/settings/notifications", words: "email mail finished done alert" },

  password: { label: "Password", page: "/settings/security", words: "change password passphrase sign in login" },
  email: { label: "Email", page: "/settings/security", words: "change address mail confirm verify" },
  authenticator: {
    label: "Authenticator app",
    page: "/settings/security",
    words: "two-factor 2fa mfa totp otp one-time code recovery codes",
  },
  "email-codes": { label: "Email codes", page: "/settings/security", words: "two-factor 2fa mfa verification" },
  passkeys: { label: "Passkeys", page: "/settings/security", words: "webauthn fingerprint face security key fido" },
  "linked-accounts": { label: "Connected accounts", page: "/settings/security", words: "google github oauth sso sign in with link" },
  sessions: { label: "Sessions", page: "/settings/security", words: "devices browsers signed in sign out everywhere" },
  "security-log": { label: "Recent activity", page: "/settings/security", words: "security log history events audit" },

  shortcuts: { label: "Keyboard shortcuts", page: "/settings/shortcuts", words: "keys hotkeys keybindings rebind" },

  "data-export": { label: "Data export", page: "/settings/data", words: "download backup gdpr archive" },
  "delete-account": { label: "Delete account", page: "/settings/data", words: "close remove erase gdpr leave" },

  "model-providers": { label: "Providers", page: "/settings/models", words: "connect model openai anthropic google ollama api key llm" },
  "own-keys": { label: "Your own keys", page: "/settings/models", words: "byok api key key custom endpoint provider limit" },
  fallbacks: { label: "Fallback models", page: "/settings/models", words: "backup retry" },
  models: { label: "Available models", page: "/settings/models", words: "enable disable test llm list" },

  "scripted-demo": { label: "Scripted demo", page: "/settings/models", words: "fake test without model replies" },

  "git-accounts": { label: "Git accounts", page: "/settings/git", words: "github gitlab bitbucket gitea token repository connect" },
  connectors: { label: "Connectors", page: "/settings/connectors", words: "mcp servers tools integrations" },
  "deployment-providers": { label: "Providers", page: "/settings/deployment", words: "vercel netlify cloudflare hosting token connect" },
  "project-accounts": { label: "Project accounts", page: "/settings/deployment", words: "vercel netlify cloudflare override" },
  "api-keys": { label: "API keys", page: "/settings/api-keys", words: "key token developer program rest access" },
  "mcp-clients": { label: "MCP clients", page: "/settings/api-keys", words: "claude cursor ide endpoint" },

  credits: { label: "Credits", page: "/settings/billing", words: "balance top up buy money" },
  plan: { label: "Plan", page: "/settings/billing", words: "subscription upgrade downgrade cancel pro ultra basic price tier" },
  usage: { label: "Usage", page: "/settings/billing", words: "costs spending tokens statistics" },
  "agent-subscriptions": { label: "Agent subscriptions", page: "/settings/billing", words: "paid agents cancel monthly" },
  payments: {
    label: "Payments",
    page: "/settings/billing",
    words: "invoice invoices receipt receipts bill bills transactions history card",
  },

  "referral-link": { label: "Your referral link", page: "/settings/referrals", words: "invite invitation friends share qr code" },
  "sign-ups": { label: "Sign-ups", page: "/settings/referrals", words: "invited people friends reward" },
  "referred-by": { label: "Referred by", page: "/settings/referrals", words: "invite code redeem apply" },

  "creator-studio": { label: "Creator studio", page: "/settings/creator", words: "sell seller earnings income revenue sales" },
  "creator-items": { label: "Your items", page: "/settings/creator", words: "published agents templates" },
  "payout-account": { label: "Payout account", page: "/settings/creator", words: "stripe connect bank" },
  payouts: { label: "Payouts", page: "/settings/creator", words: "withdraw earnings money" },

  "project-general": { label: "General", page: "project", words: "name description rename" },
  "project-secrets": { label: "Secrets", page: "project", words: "environment variables env keys passwords" },
  "project-connectors": { label: "Connectors", page: "project", words: "mcp servers tools integrations" },
  "project-containers": { label: "Containers", page: "project", words: "environment variables port start command" },
  "project-agent": {
    label: "Agent",
    page: "project",
    words: "model automatic checks commit runs fix errors parallel runs diagnostics save databases",
  },
  "project-branches": { label: "Branches", page: "project", words: "parallel runs copies" },
  "project-context": { label: "Agent context", page: "project", words: "rules memory instructions agents.md" },
  "project-skills": { label: "Skills", page: "project", words: "instructions" },
  "project-subagents": { label: "Sub-agents", page: "project", words: "delegate" },
  "project-delete": { label: "Danger zone", page: "project", words: "delete project remove" },
});
export type SettingId = keyof typeof settings;
