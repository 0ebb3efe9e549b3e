import { mcpToolName } from "../mcp/index.ts";
import { pathOf } from "./run-events.ts";
import { currentToolName } from "./tools/tool-names.ts";

export interface Risk {
  /** Red for destructive calls, amber for the rest. */
  tone: "err" | "warn";
  /** For the pill: one to three words. */
  label: string;
}

/** What undoing files does not revert: a change of a database, or another one outside the project's files. */
export type CommandEffect = "database" | "outside";

interface CommandRule extends Risk {
  pattern: RegExp;
  effect?: CommandEffect;
}

const sqlWrites = /\b(?:drop|create|alter)\s+(?:table|database|schema|index|view|type|column)\b|\binsert\s+into\b|\bupdate\s+\S+\s+set\b/i;
const migrations =
  /\b(?:prisma\s+(?:migrate\s+(?:dev|deploy|resolve)|db\s+(?:push|seed|execute))|(?:drizzle-kit|supabase\s+db)\s+(?:push|migrate|reset)|(?:knex|sequelize|typeorm|mikro-orm|node-pg-migrate|dbmate|goose|sqlx|diesel|atlas|flyway|liquibase)\b[^\n]*\b(?:up|down|run|revert|rollback|latest|apply|migrate|migration:\w+|migrate:\w+|db:\w+)|(?:alembic|flask\s+db)\s+(?:upgrade|downgrade|stamp)|manage\.py\s+(?:migrate|flush|loaddata)|artisan\s+(?:migrate|db:)|ecto\.\w+)/;
/** Scripts by their names: `npm run db:migrate`, `tsx scripts/seed.ts`, `rails db:migrate`. */
const databaseScripts =
  /\b(?:npm|pnpm|yarn|bun|npx|deno|make|rake|rails|task|just|composer|poetry|uv)\b[^\n]*?(?:\bdb:\w|(?<![\w-])(?:migrate|migrations?:\w|seed)(?![\w-]))|\b(?:node|tsx|ts-node|bun|deno|python3?|ruby|php|sh|bash)\b[^\n]*\b(?:migrat\w*|seed\w*|(?:reset|setup|init)[-_]?db)\.\w+/i;
const databaseClients =
  /(?:^|\s|\/)(?:psql|mysql|mariadb|mongosh?|redis-cli|valkey-cli|pg_restore|createdb|dropdb)\b(?!.*\s(?:-c|-e|--command|--execute|--eval)[=\s]*["']?\s*(?:select|show|explain|\\[dl])\b)(?!.*--(?:version|help)\b)/i;
const deploys =
  /\b(?:vercel|netlify|wrangler|flyctl|fly|firebase|railway|heroku|surge|gh-pages|serverless|sst|amplify|eas)\s+(?:deploy|publish|release|promote|rollback|up|submit|--prod|-d\b|secret)|\bvercel\b(?=\s*$|\s+--)|\b(?:npm|pnpm|yarn|bun)\s+(?:run\s+)?(?:deploy|release)\b|\b(?:kubectl|helm|terraform|pulumi|ansible-playbook)\s+(?!get\b|describe\b|logs\b|plan\b|preview\b|version\b)\w|\b(?:aws|gcloud|az|doctl)\s+\w/;
const publishes =
  /\b(?:npm|pnpm|yarn|bun|cargo|poetry|uv|jsr)\s+(?:npm\s+)?(?:publish|unpublish|deprecate|dist-tag)\b|\b(?:docker|podman)\s+(?:image\s+)?push\b|\btwine\s+upload\b|\bgem\s+push\b|\bgh\s+(?:release|pr|issue|repo|gist|workflow)\s+(?:create|edit|delete|merge|close|comment|upload|run)\b/;
const sends =
  /\bcurl\b[^|;&\n]*\s(?:-[a-zA-Z]*X\s*["']?(?:POST|PUT|PATCH|DELETE)\b|--request[=\s]+["']?(?:POST|PUT|PATCH|DELETE)\b|-[a-zA-Z]*[dFT](?=[\s"'@{=\w])|--(?:data|form|json|upload-file)\b)|\bwget\b[^|;&\n]*--(?:post-\w+|body-\w+|method[=\s]+["']?(?:POST|PUT|PATCH|DELETE))|\b(?:http|https|xh|httpie)\s+(?:POST|PUT|PATCH|DELETE)\b|\b(?:scp|sftp)\b|\brsync\b[^\n]*\s[\w.@-]+:|\bssh\s+\S/;

/** The first that matches labels the approval; every one counts for the effects. */
const commandRules: readonly CommandRule[] = [
  {
    pattern:
      /\bdrop\s+(?:table|database|schema|column)\b|\btruncate\s+table\b|\bdelete\s+from\b|db\s+push\b.*--force|drizzle-kit\s+push|migrate\s+reset|\b(?:flushall|flushdb)\b|\bdropdb\b/i,
    tone: "err",
    label: "Deletes data",
    effect: "database",
  },
  {
    pattern: /\brm\s+(-\w*[rf]\w*|--recursive|--force)\b|\bfind\b.*-delete\b|\bshred\b|\btruncate\b/,
    tone: "err",
    label: "Deletes files",
  },
  { pattern: /\bgit\s+push\s+.*(--force|-f\b)/, tone: "err", label: "May discard work", effect: "outside" },
  {
    pattern: /\bgit\s+(reset\s+--hard|clean\s+-\w*f|checkout\s+(--\s|\.)|branch\s+-D)/,
    tone: "err",
    label: "May discard work",
  },
  { pattern: /\b(curl|wget)\b[^|;&]*\|\s*(sh|bash|node|python3?)\b/, tone: "err", label: "Runs downloaded code", effect: "outside" },
  { pattern: /\b(kill|pkill|killall)\b/, tone: "err", label: "Stops processes" },
  { pattern: /\bsudo\b|\bchmod\s+-R\b|\bchown\b/, tone: "err", label: "Changes permissions" },
  { pattern: deploys, tone: "warn", label: "Deploys", effect: "outside" },
  { pattern: publishes, tone: "warn", label: "Publishes", effect: "outside" },
  ...[migrations, databaseScripts, databaseClients, sqlWrites].map((pattern): CommandRule => ({
    pattern,
    tone: "warn",
    label: "Changes a database",
    effect: "database",
  })),
  {
    pattern: /\b(npm|pnpm|yarn|bun)\s+(i|install|add|ci|remove|uninstall)\b|\bpip3?\s+install\b|\bgo\s+get\b|\bcargo\s+add\b/,
    tone: "warn",
    label: "Installs packages",
  },
  { pattern: /\bgit\s+push\b/, tone: "warn", label: "Writes to git", effect: "outside" },
  { pattern: /\bgit\s+(commit|merge|rebase|tag)\b/, tone: "warn", label: "Writes to git" },
  { pattern: sends, tone: "warn", label: "Sends data", effect: "outside" },
  { pattern: /\b(curl|wget|ssh|scp)\b/, tone: "warn", label: "Network access" },
];

/** More of a command is not read: here-documents can be long. */
const maxCommandChars = 20_000;

/** Programs that only print what they are given or find. */
const readers =
  /^(?:[\w]+=\S*\s+)*(?:echo|printf|grep|egrep|fgrep|rg|ag|cat|head|tail|less|ls|tree|wc|which|pwd|cd|test|stat|diff|jq|sort|uniq|git\s+(?:status|diff|log|show|grep|blame|ls-files))\b/;

/** Splits a shell line at separators outside quotes. A here-document belongs to its command. */
function splitLine(line: string, separator: RegExp): string[] {
  const parts: string[] = [];
  let quote: string | undefined;
  let isHereDocument = false;
  let part = "";
  for (let at = 0; at < line.length; at += 1) {
    const character = line.charAt(at);
    const isEscaped = line[at - 1] === "\\";
    if (quote !== undefined) {
      if (character === quote && !isEscaped) quote = undefined;
    } else if (/["'`]/.test(character) && !isEscaped) quote = character;
    else if (!isEscaped && !isHereDocument) {
      const found = separator.exec(line.slice(at, at + 2))?.[0];
      isHereDocument = found !== undefined && /<<-?\s*["']?\w/.test(part);
      if (found !== undefined && !isHereDocument) {
        parts.push(part.trim());
        part = "";
        at += found.length - 1;
        continue;
      }
    }
    part += character;
  }
  return [...parts, part.trim()].filter((one) => one !== "");
}

const onlyReads = (pipeline: string): boolean =>
  !/\$\(|`/.test(pipeline) && splitLine(pipeline, /^\|(?!\|)/).every((command) => readers.test(command));

/** What a command can change besides the project's files, as far as its text says. */
export function effectsOf(command: string): ReadonlySet<CommandEffect> {
  const pipelines = splitLine(command.slice(0, maxCommandChars), /^(?:&&|\|\||;|\n|(?<!>)&(?!>))/).filter((one) => !onlyReads(one));
  return new Set(
    pipelines.flatMap((one) => commandRules.flatMap(({ pattern, effect }) => (effect !== undefined && pattern.test(one) ? [effect] : []))),
  );
}

/** The label of a call that needs approval. Only a hint; the sandbox is the protection. */
export function riskOf(toolName: string, parameters: Record<string, unknown>): Risk {
  // Only the MCP server knows what its parameters mean.
  if (mcpToolName(toolName)) return { tone: "warn", label: "External tool" };
  const command = parameters["command"];
  if (typeof command === "string") {
    const rule = commandRules.find(({ pattern }) => pattern.test(command));
    return rule ? { tone: rule.tone, label: rule.label } : { tone: "warn", label: "Runs a command" };
  }
  if (toolName === "apply_patch" && /^\*\*\* Delete File:/m.test(String(parameters["patch"] ?? "")))
    return { tone: "err", label: "Deletes files" };
  if (toolName === "web_fetch") return { tone: "warn", label: "Network access" };
  if (toolName === "write_file") return { tone: "warn", label: "Writes a file" };
  if (pathOf(parameters) !== undefined || toolName === "apply_patch") return { tone: "warn", label: "Edits files" };
  return { tone: "warn", label: "Needs approval" };
}

/** The title of an approval card. */
export function questionOf(toolName: string, parameters: Record<string, unknown>): string {
  const mcpTool = mcpToolName(toolName);
  if (mcpTool) return `Allow ${mcpTool.server} to run ${mcpTool.tool}?`;
  if (typeof parameters["command"] === "string") return "Allow this command?";
  if (toolName === "write_file") return "Write this file?";
  if (currentToolName(toolName) === "edit_file" || toolName === "apply_patch") return "Make this edit?";
  if (toolName === "web_fetch") return "Fetch this page?";
  return `Allow ${toolName}?`;
}
