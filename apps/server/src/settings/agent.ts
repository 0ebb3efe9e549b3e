import { Type } from "typebox";
import { flag, group, integer, number, oneOf, second, secret, text, url } from "./kinds.ts";

export const agent = group("Agent", {
  maxIterations: integer("AGENT_MAX_ITERATIONS_PER_RUN", {
    minimum: 0,
    default: "200",
    description: "Maximum model calls per run; 0 = unlimited",
  }),
  maxCostPerRunCents: number("AGENT_MAX_COST_PER_RUN", {
    unit: "US dollars",
    factor: 100,
    default: "5",
    description: "Maximum cost of model calls per run, in US dollars; 0 = unlimited",
  }),
  maxCostPerDayCents: number("AGENT_MAX_COST_PER_DAY", {
    unit: "US dollars",
    factor: 100,
    default: "20",
    description:
      "Maximum cost of model calls per user and day (UTC), in US dollars; 0 = unlimited. Calls with the user's own keys do not count",
  }),
  maxRunMs: integer("AGENT_MAX_RUN_SECONDS", {
    minimum: 1,
    unit: "seconds",
    factor: second,
    default: "600",
    description: "Maximum duration of a run in seconds, without waiting for approvals",
  }),
  namesChats: flag("AGENT_CHAT_TITLES", {
    default: "1",
    description: "Name a chat with a short model call after the first answer; 0 = use the first words of the message",
  }),
  writesCommitMessages: flag("AGENT_COMMIT_MESSAGES", {
    default: "1",
    description: "Ask the model for the message of a run's commit, with a short call; 0 = use the first words of the message",
  }),
  approvalTimeoutMs: integer("AGENT_APPROVAL_TIMEOUT_SECONDS", {
    minimum: 1,
    unit: "seconds",
    factor: second,
    default: "300",
    description: "Seconds a run waits for an approval or answer",
  }),
});

export const verify = group("Agent", {
  chromiumPath: Type.Optional(
    text("CHROMIUM_PATH", {
      example: "/usr/bin/chromium",
      description:
        "Browser in which the agent verifies apps. Default: an installed Chromium or Chrome, or the one that BROWSER_DOWNLOAD brings; without one verification is disabled",
    }),
  ),
  isDownloaded: flag("BROWSER_DOWNLOAD", {
    default: "true",
    example: "0",
    description:
      "Download Chromium (70 MB) with npm after the start if this machine has none (x64 only); 0 = never. Administrators can also remove it under System",
  }),
  maxOpen: integer("VERIFY_MAX_BROWSERS", {
    minimum: 1,
    maximum: 50,
    default: "2",
    description: "Maximum number of agent browsers at once",
  }),
});

export const recording = group("Agent", {
  recordsCassettes: flag("RECORD_CASSETTES", {
    default: "false",
    example: "true",
    description:
      "Record every run for replay (GET /api/chat/runs/{task_id}/cassette); the project setting record_cassettes does so for one project",
  }),
});

export const web = group("Agent", {
  isOn: flag("TESSLATE_FEATURE_WEB_SEARCH", {
    default: "true",
    example: "0",
    description: "Enable the agent's tools web_fetch and web_search",
  }),
  search: Type.Object({
    provider: Type.Optional(
      oneOf("WEB_SEARCH_PROVIDER", ["brave", "tavily", "searxng"], {
        example: "brave",
        description: "Search provider of the agent: brave, tavily or searxng; empty: web_search is disabled",
      }),
    ),
    key: secret("WEB_SEARCH_API_KEY", { example: "BSA…", description: "API key of the search provider; not needed for searxng" }),
    baseUrl: Type.Optional(
      url("WEB_SEARCH_BASE_URL", {
        example: "http://searxng.lan:8080",
        description: "Base URL of the search provider; required for searxng",
      }),
    ),
  }),
});

export const features = group("Agent", {
  streaming: flag("TESSLATE_FEATURE_STREAMING", {
    default: "1",
    example: "0",
    description: "Stream answers while the model writes them; 0 shows each turn when it is complete. Agents can override it",
  }),
  subagents: flag("TESSLATE_FEATURE_SUBAGENTS", { default: "1", example: "0", description: "Allow the agent to start sub-agents" }),
  applyPatch: flag("TESSLATE_FEATURE_APPLY_PATCH", { default: "1", example: "0", description: "Enable the agent's tool apply_patch" }),
  planMode: flag("TESSLATE_FEATURE_PLAN_MODE", {
    default: "1",
    example: "0",
    description: "Enable the agent's plan tools: plans that users edit and build from",
  }),
});
